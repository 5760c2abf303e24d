"""What a conversation's events carry beside their text, by kind: for those who describe it and those who check it."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from server.domain.chat import EndReason, Topic


class Names(Struct):
    """What something is called in Chinese and in English."""

    zh: str
    en: str


class Staff(Struct):
    """Somebody of the staff, as the reader may know them."""

    id: str
    name: str


class File(Struct):
    """A file that was sent; ``url`` opens it for whoever has the address."""

    id: str
    name: str
    kind: str
    size: int
    url: str


class Queued(Struct):
    """The reader waits; ``previous_id`` is the conversation that this one goes on from, or empty."""

    topic: Topic
    previous_id: str


class Joined(Struct):
    """A librarian answers from now on (``holder``), or helps to (``colleague``)."""

    staff: Staff
    library: Names
    role: Literal["holder", "colleague"]


class Left(Struct):
    """A colleague takes part no more."""

    staff: Staff
    why: str


class Target(Struct):
    """Where a conversation was passed on to."""

    kind: Literal["person", "desk", "support"]
    name: Names


class Transferred(Struct):
    """The conversation was passed on; ``requeued`` follows."""

    to: Target
    reason: str


class Requeued(Struct):
    """Back in the queue, at its old place: passed on, or the librarian's connection was ``lost``."""

    why: Literal["lost", "transfer"]
    staff: Staff


class Ended(Struct):
    """It is over. ``question_id`` names the question or request that goes on from it."""

    by: Literal["reader", "staff", "system"]
    reason: EndReason
    question_id: str | UnsetType = UNSET


class Rated(Struct):
    """The reader's rating."""

    rating: Literal["satisfied", "fair", "unsatisfied"]


class Sent(Struct):
    """A file was sent; its name is the event's ``text``."""

    file: File


class Document(Struct):
    """A document was passed on, by link or as a file; it counts (R-LIVE.5)."""

    title: str
    url: str
    file_id: str
    file: File | None


class Supervised(Struct):
    """A full librarian sees every message of an intern from now on (R-ORG.5); on the staff topic only."""

    staff: Staff


class NoData(Struct):
    """Nothing beside ``text``."""


EVENT_DATA: dict[str, type[Struct]] = {
    "message": NoData,
    "file": Sent,
    "document": Document,
    "queued": Queued,
    "joined": Joined,
    "left": Left,
    "transferred": Transferred,
    "requeued": Requeued,
    "ended": Ended,
    "rated": Rated,
    "note": NoData,
    "supervised": Supervised,
}
