"""The database as the rest of the product sees it: reads, transactions, and the fast lane for chat messages."""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, NamedTuple, Protocol

from server.outages import Outage
from server.settings import Settings
from server.store.rows import Reader, Transaction

log = logging.getLogger(__name__)

# After a commit of so few messages the next one waits a moment for company, which spares every other fsync and round
# trip. One alone shows that times are quiet, and it must not wait; of more, enough gather during the commit itself.
FEW = (2, 3)
MOMENT_SECONDS = 0.001
# Where several server processes share a database, each brings it half as much at a time and as many fsyncs: there the
# next one waits after nearly every commit, and longer. Nobody in a conversation notices so little.
FEW_SHARED = range(1, 201)
MOMENT_SHARED_SECONDS = 0.002


class Outcome(Enum):
    """What became of a message that was handed in for storing."""

    STORED = 0
    AGAIN = 1  # the same client message id was stored before: the first number is returned
    STALE = 2  # the crew has changed since the author was admitted: look again whether they may write
    CLOSED = 3  # the conversation takes no more messages, or does not exist


class NewMessage(NamedTuple):
    """A chat message on its way into the log; ``at`` in microseconds. (A tuple costs a third of a frozen dataclass.)"""

    session_id: str
    crew: int
    client_id: str
    author_kind: str
    author_id: str
    author_name: str
    kind: str
    body: str
    data: str
    at: int


class Appended(NamedTuple):
    """The log's answer: number and moment as first stored."""

    outcome: Outcome
    seq: int = 0
    at: int = 0


Messages = Sequence[NewMessage]
Answered = Callable[[Appended | Exception], None]
Waiting = tuple[NewMessage, Answered]


def settle(stored: asyncio.Future[Appended], answer: Appended | Exception) -> None:
    """An answer for somebody who awaits it."""
    if stored.done():
        return
    if isinstance(answer, Exception):
        stored.set_exception(answer)
    else:
        stored.set_result(answer)


def answer_all(batch: Iterable[Waiting], answers: Iterable[Appended | Exception]) -> None:
    """Tell everybody what became of their message; one who stumbles over it keeps it from nobody else."""
    for (_, answered), answer in zip(batch, answers, strict=False):
        try:
            answered(answer)
        except Exception:
            log.exception("a message was answered for, and the answer not heard")


class Tally:
    """What this process has stored since its start, for the operators' figures; plain counters, one call a commit."""

    SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # upper bounds of the batch sizes counted together

    def __init__(self) -> None:
        self.commits = 0
        self.failed = 0
        self.messages = 0
        self.by_size = [0] * (len(self.SIZES) + 1)
        self.refusal = Outage(log, "messages are refused, their commit failed", "messages are stored again")

    def refused(self, error: BaseException) -> None:
        """A commit has failed, and with it everything in it: a full disk is noticed here first."""
        self.failed += 1
        if isinstance(error, Exception):  # who stops in the middle is no trouble
            self.refusal.lasts(error)

    def committed(self, messages: int) -> None:
        """A commit has returned that holds so many chat messages (none: a transaction alone)."""
        self.commits += 1
        self.refusal.over()
        if messages:
            self.messages += messages
            self.by_size[bisect_left(self.SIZES, messages)] += 1


class Database(Protocol):
    """One installation's database.

    ``read`` sees what is committed. ``transaction`` is one unit of work. ``append`` joins the group commit: it
    returns only after the message is durable, and raises Unavailable when the commit failed (nothing is stored then,
    or it is stored and the resend will be absorbed). ``append_soon`` is the same for who has no task to wait in:
    ``answered`` is called with what the other would return or raise; both raise TooMany when too much waits already.
    ``shared`` is set by who knows whether other server processes store messages here as well.
    """

    shared: bool

    @property
    def dialect(self) -> str: ...

    @property
    def read(self) -> Reader: ...

    @property
    def tally(self) -> Tally: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def append(self, message: NewMessage) -> Appended: ...

    def append_soon(self, message: NewMessage, answered: Answered) -> None: ...

    async def check(self) -> None:
        """Raise Unavailable when the database does not answer."""
        ...


def open_database(settings: Settings) -> Database:
    """The database that the settings name; not yet opened."""
    if settings.database_url.startswith("sqlite://"):
        from server.store.sqlite import SqliteDatabase

        return SqliteDatabase(settings.database_url.removeprefix("sqlite://"))
    from server.store.postgres import PostgresDatabase

    return PostgresDatabase(settings.database_url)


def changed(status: Any) -> int:
    """Rows changed, from asyncpg's command tag ("UPDATE 1")."""
    tail = str(status).rpartition(" ")[2]
    return int(tail) if tail.isdigit() else 0
