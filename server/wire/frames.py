"""Socket protocol v1: JSON text frames and the values they stand for. No I/O."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from server.domain.cases import CaseLine
from server.domain.errors import Invalid
from server.domain.events import (
    BoardChanged,
    CaseChanged,
    CasesChanged,
    ChatEventRecorded,
    CrewChanged,
    DutyChanged,
    NoticesChanged,
    OrderChanged,
    PoolChanged,
    QueueMoved,
    ReaderMoved,
    ReceiptMoved,
    ReviewMoved,
    StackPictured,
    StoreWorkChanged,
    TypingSeen,
)
from server.wire.complaints import UNREADABLE, complaint_of

VERSION = 1
MAX_FRAME_BYTES = 65_536
BEAT_SECONDS = 10

Id = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_\-]+$")]
Number = Annotated[int, Meta(ge=0, le=2**53)]
TopicName = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z_\-/]+$")]


class Frame(Struct, tag_field="t", forbid_unknown_fields=True):
    """Every frame says what it is in ``t``."""


class Hello(Frame, tag="hello"):
    """First frame of a connection: protocol version, a reader's conversation token, and where to resume."""

    v: int
    token: str = ""
    topics: dict[TopicName, Number] = {}


class Sub(Frame, tag="sub"):
    """Listen to a topic and get everything after a number."""

    topic: TopicName
    after: Number = 0


class Unsub(Frame, tag="unsub"):
    """Stop listening."""

    topic: TopicName


class Post(Frame, tag="post"):
    """Say something; ``id`` is the sender's own name for it, unique in the conversation, kept over resends."""

    session: Id
    id: Id
    text: Annotated[str, Meta(max_length=20_000)]


class Note(Frame, tag="note"):
    """An internal note that the reader never sees."""

    session: Id
    id: Id
    text: Annotated[str, Meta(max_length=20_000)]


class Typing(Frame, tag="typing"):
    """I am writing."""

    session: Id


class Receipt(Frame, tag="receipt"):
    """Everything up to ``delivered`` has arrived here, up to ``read`` was seen."""

    session: Id
    delivered: Number = 0
    read: Number = 0


class Token(Frame, tag="token"):
    """A renewed conversation token."""

    token: str


class Ping(Frame, tag="ping"):
    """Are you there? Answered by ``pong`` with the same number."""

    n: Number = 0


ClientFrame = Hello | Sub | Unsub | Post | Note | Typing | Receipt | Token | Ping
_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_encode = msgspec.json.Encoder().encode


def parse(data: str | bytes) -> ClientFrame:
    """The value a client frame stands for. Raises Invalid that names the field and what is wrong with it."""
    if len(data) > MAX_FRAME_BYTES:
        raise Invalid("frame_too_large", "frame", limit=MAX_FRAME_BYTES)
    try:
        return _decoder.decode(data)
    except UNREADABLE as error:
        raise complaint_of(error, "frame") from None


def text(value: dict[str, Any]) -> str:
    """One server frame as text."""
    return _encode(value).decode()


class By(Struct):
    """Who did it: a reader, a staff member, or the system."""

    kind: str
    id: str
    name: str


class Ev(Struct, tag_field="t", tag="ev"):
    """One numbered event of a topic."""

    topic: str
    seq: int
    kind: str
    by: By
    id: str
    text: str
    data: msgspec.Raw
    at: str


_EMPTY = msgspec.Raw(b"{}")


def chat_topic(session_id: str, audience: str = "all") -> str:
    """The topic of a conversation, or of its staff notes."""
    return f"chat/{session_id}" if audience == "all" else f"chat/{session_id}/staff"


def ev(event: ChatEventRecorded) -> Ev:
    """The frame of a numbered event, as sockets, event streams and the HTTP API all show it."""
    return Ev(
        chat_topic(event.session_id, event.audience),
        event.seq,
        event.kind,
        By(event.author_kind, event.author_id, event.author_name),
        event.client_id,
        event.body,
        msgspec.Raw(event.data.encode()) if event.data else _EMPTY,
        iso(event.at),
    )


def order_topic(order_id: str) -> str:
    """The topic of a loan order."""
    return f"order/{order_id}"


def order_text(change: OrderChanged) -> str:
    """The encoded frame of an order's event. What is not the reader's to know keeps its number and nothing else."""
    event = change.event
    source = event.source.partition(":")[0]
    kind, data = ("kept", _EMPTY) if not event.public else (event.kind, _order_data(change))
    return _encode(
        Ev(
            order_topic(change.order_id),
            event.number,
            kind,
            By(source, "", ""),
            event.id,
            "",
            data,
            iso(event.received_at) if event.received_at else "",
        )
    ).decode()


def case_topic(line: CaseLine) -> str:
    """The topic of a case, or of what only staff see of it."""
    return f"case/{line.case_id}" if line.public else f"case/{line.case_id}/staff"


def case_text(line: CaseLine) -> str:
    """The encoded frame of a case's line; what is kept to be put into words is left to be fetched."""
    text = line.text if line.kind == "message" and line.author_kind != "system" else ""
    by = By(line.author_kind, line.author_id, line.author_name)
    number, client_id = abs(line.number), line.client_id
    ev = Ev(case_topic(line), number, str(line.kind), by, client_id, text, _EMPTY, iso(line.at))
    return _encode(ev).decode()


def _order_data(change: OrderChanged) -> msgspec.Raw:
    event = change.event
    shown = {name: event.data[name] for name in ("place", "code") if name in event.data}
    return msgspec.Raw(
        _encode({"line": event.line_id, "stage": change.stage, "state": change.state, **shown})
    )


@lru_cache(maxsize=256)  # a message's acknowledgement and its event tell the same moment
def iso(moment: datetime) -> str:
    """An instant as ISO 8601 in UTC with milliseconds (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def ev_text(event: ChatEventRecorded) -> str:
    """The encoded frame of a numbered event; made once, sent to everybody."""
    return _encode(ev(event)).decode()


def ack_text(client_id: str, session: str, seq: int, at: str, again: bool) -> str:
    """The sender's acknowledgement: the message is durable under this number."""
    return _encode(
        {"t": "ack", "id": client_id, "session": session, "seq": seq, "at": at, "again": again}
    ).decode()


def cur_text(numbers: dict[str, int]) -> str:
    """The keep-alive: the last number of each topic as the database has it."""
    return _encode({"t": "cur", "topics": numbers}).decode()


def passing(event: Any) -> tuple[str, dict[str, Any]] | None:
    """Topic and frame of an event without a number, or None if no client hears of it."""
    match event:
        case ReceiptMoved(session_id, who, delivered, read):
            topic = chat_topic(session_id)
            return topic, {"t": "rcpt", "topic": topic, "who": who, "delivered": delivered, "read": read}
        case TypingSeen(session_id, who, name, audience):
            topic = chat_topic(session_id, audience)
            return topic, {"t": "typing", "topic": topic, "who": who, "name": name}
        case QueueMoved(session_id, position, wait_seconds, on_duty):
            frame = {"t": "queue", "session": session_id, "position": position, "wait_seconds": wait_seconds}
            return chat_topic(session_id), {**frame, "on_duty": on_duty}
        case DutyChanged(staff_id, version, why):
            return f"staff/{staff_id}", {"t": "duty", "version": version, "why": why}
        case BoardChanged(desk_id):
            return "board", {"t": "board", "desk": desk_id}
        case PoolChanged(task_id, why):
            return "pool", {"t": "pool", "task": task_id, "why": why}
        case ReviewMoved(order_id):
            return "review", {"t": "review", "order": order_id}
        case StoreWorkChanged(store_id, order_id, why):
            return f"loans/{store_id}", {"t": "loans", "store": store_id, "order": order_id, "why": why}
        case CaseChanged(case_id, why):
            return f"case/{case_id}", {"t": "case", "case": case_id, "why": why}
        case CasesChanged(case_id):
            return "cases", {"t": "cases", "case": case_id}
        case StackPictured(device_id, picture):
            shown = msgspec.Raw(picture.encode()) if picture else None
            return f"stack/{device_id}", {"t": "stack", "device": device_id, "picture": shown}
        case NoticesChanged():
            return "notices", {"t": "notices"}
        case ReaderMoved(session_id, absence):
            away = absence and {"since": iso(absence.since), "until": iso(absence.until)}
            return chat_topic(session_id, "staff"), {"t": "reader", "session": session_id, "away": away}
        case CrewChanged(session_id):
            return chat_topic(session_id), {"t": "crew", "session": session_id}
        case _:
            return None
