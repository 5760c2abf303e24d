"""What the server says over a line, field by field: read by those who describe it and those who check it.

The frames themselves are written by `frames` and by the doors, without a detour over these.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType


class Said(Struct, tag_field="t"):
    """Every frame says what it is in ``t``. Fields that you do not know are to be passed over."""


class Welcome(Said, tag="welcome"):
    """The connection is accepted; ``me`` is the account, or ``reader`` where a conversation token was shown."""

    v: int
    beat_seconds: int
    me: str


class Subbed(Said, tag="subbed"):
    """You listen to the topic; what you miss, beyond `after` and up to `last`, follows.

    Topics without a log of their own say no `last`.
    """

    topic: str
    after: int
    last: int | UnsetType = UNSET


class Unsubbed(Said, tag="unsubbed"):
    """You listen to the topic no longer: you take part in the conversation no more."""

    topic: str


class By(Struct):
    """Who did it; readers without a log-in have no id, the system neither id nor name."""

    kind: str
    id: str
    name: str


class Ev(Said, tag="ev"):
    """One numbered event. Apply `last + 1`, ignore what you have, `sub` again on a gap.

    In conversations `kind` says which fields `data` has. Ignore kinds and fields that you do not know.
    """

    topic: str
    seq: int
    kind: str
    by: By
    id: str
    text: str
    data: dict[str, Any]
    at: str


class Ack(Said, tag="ack"):
    """Your message is durable under this number; `again` if it was so before."""

    id: str
    session: str
    seq: int
    at: str
    again: bool


class Cur(Said, tag="cur"):
    """Keep-alive every 10 s: the last number of each of your topics, read from the database."""

    topics: dict[str, int]


class Rcpt(Said, tag="rcpt"):
    """A participant's watermarks, delivered to and read to, your own too; `who` is an account or ``reader``."""

    topic: str
    who: str
    delivered: int
    read: int


class Writing(Said, tag="typing"):
    """Somebody is writing; forget it after 5 s."""

    topic: str
    who: str
    name: str


class Queue(Said, tag="queue"):
    """Your place in the queue and the expected wait; null without ground for a figure."""

    session: str
    position: int
    wait_seconds: int | None
    on_duty: int


class Duty(Said, tag="duty"):
    """Your console has changed: fetch /api/console."""

    version: int
    why: str


class Board(Said, tag="board"):
    """Figures of a desk have moved; an empty id means that any may have."""

    desk: str


class Pool(Said, tag="pool"):
    """A task of the pool has changed: look again."""

    task: str
    why: str


class Loans(Said, tag="loans"):
    """The work of a store has changed: look again."""

    store: str
    order: str
    why: str


class Case(Said, tag="case"):
    """What a case shows beside its lines has changed, who is there too: look again."""

    case: str
    why: str


class Cases(Said, tag="cases"):
    """The list of cases has changed: look again."""

    case: str


class Review(Said, tag="review"):
    """An order came in, was decided on, or was cancelled: look again."""

    order: str


class Notices(Said, tag="notices"):
    """What all readers are told has changed: fetch /api/notices."""


class Stack(Said, tag="stack"):
    """A machine's store at this moment (docs/stack.md); without a picture: look at the device again."""

    device: str
    picture: dict[str, Any] | None


class Crew(Said, tag="crew"):
    """Who takes part has changed: fetch the conversation again."""

    session: str


class Away(Struct):
    """A reader has no connection: since when, and until when they are waited for before the conversation ends."""

    since: str
    until: str


class Reader(Said, tag="reader"):
    """In the staff topic: the reader's last connection has gone, or (null) they are back."""

    session: str
    away: Away | None


class FreshToken(Said, tag="token"):
    """A fresh conversation token."""

    token: str
    expires_at: str


class Pong(Said, tag="pong"):
    """Answer to `ping`."""

    n: int


class Err(Said, tag="err"):
    """A frame was refused; nothing was done. `id` is that of your post or note, or empty."""

    id: str
    code: str
    rule: str
    message: str
    field: str
    retry: Literal["retry", "resume", "stop"]
    data: dict[str, str | int | float | bool]


class Bye(Said, tag="bye"):
    """The server goes: reconnect after a random wait within `retry_ms`."""

    code: int
    retry_ms: tuple[int, int]


SERVER_FRAMES: tuple[type[Said], ...] = (
    *(Welcome, Subbed, Unsubbed, Ev, Ack, Cur, Rcpt, Writing, Queue, Duty, Board, Pool, Loans, Case, Cases),
    *(Review, Notices, Stack, Crew, Reader, FreshToken, Pong, Err, Bye),
)
