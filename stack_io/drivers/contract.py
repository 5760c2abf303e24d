"""What a driver of a make of stacks must do: turn bytes into what was heard, and intentions into bytes. No I/O.

A driver is made anew for every connection and thrown away with it: nothing that must survive may live in one. It never
waits, sleeps, or looks at a clock, so that it can be tested by calling it. docs/stack.md tells how to write one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from server.domain.stack import Heard, StackCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a make of devices can do, by which the bridge decides how to keep its promises with it. Seconds."""

    honours_ids: bool  # a command that comes again under its id is not done twice
    counts: bool  # events carry an epoch and a sequence: gaps show, and ``replay`` fills them
    answers: bool  # can be asked what became of a command
    lists: bool  # can list what it holds, in the order of barcodes
    lines: int = 1  # connections that make up one link, all dialled by us
    beat_seconds: float = 10.0  # when nothing was said for so long, ``beat`` is
    stale_seconds: float = 15.0  # not heard for so long, it counts as stale
    offline_seconds: float = 30.0  # … as gone: the link is made anew
    resend_seconds: float = (
        5.0  # when a command that nobody confirmed is sent again first, then ever more rarely
    )
    answer_seconds: float = 5.0  # how long an answer to a question may take


class Driver(ABC):
    """One connection's worth of a device's dialect.

    Everything said in one call goes to one line (``line_of``); a make with one line need not care.
    """

    traits: ClassVar[Traits]

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self.options = options or {}

    @abstractmethod
    def feed(self, data: bytes, line: int = 0) -> list[Heard]:
        """What these bytes, together with those kept from before, say.

        However the network has split or merged them, the result is the same. What begins and does not end is kept,
        within bounds; what can not be read is cut out as Garbage so that the next frame can be. Never raises.
        """

    @abstractmethod
    def command(self, command: StackCommand) -> bytes:
        """Do this. The same command gives the same id each time, so that a device can know it again."""

    @abstractmethod
    def acknowledge(self, heard: Heard) -> bytes:
        """We have kept it for good: forget it. Empty where the make has no such word."""

    @abstractmethod
    def ask(self, command_id: str) -> bytes:
        """What became of this command? Answered by Answered. Empty unless the traits say ``answers``."""

    @abstractmethod
    def replay(self, epoch: str, after: int) -> bytes:
        """Say again what came after this number of that run; a Sign that names the run ends it.

        Empty unless the traits say ``counts``.
        """

    @abstractmethod
    def list_items(self, after: str) -> bytes:
        """What do you hold, beyond this barcode? Answered by Listed, a page at a time, in the order of barcodes.

        Empty unless the traits say ``lists``.
        """

    def hello(self, line: int = 0) -> bytes:
        """The first word on a new line."""
        return b""

    def beat(self, line: int = 0) -> bytes:
        """A sign of our life on a line that was silent for ``beat_seconds``."""
        return b""

    def line_of(self, said: bytes) -> int:
        """To which of the lines these bytes go."""
        return 0
