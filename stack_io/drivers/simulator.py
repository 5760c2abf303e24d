"""The dialect of our own simulated stores: JSON frames, counted events, honest answers (docs/stack.md, "Dialect")."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from server.domain.stack import (
    Answered,
    CommandState,
    EventKind,
    Garbage,
    Heard,
    Listed,
    Sign,
    StackCommand,
    StackEvent,
)
from stack_io.drivers.contract import Driver, Traits
from stack_io.drivers.frames import Cut, Frames, frame

KEPT_GARBAGE = 4000
_LONGEST = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SimulatorDriver(Driver):
    """Speaks with ``stack_io.simulator``, in this process or over TCP."""

    traits: ClassVar[Traits] = Traits(
        honours_ids=True,
        counts=True,
        answers=True,
        lists=True,
        beat_seconds=2.0,
        stale_seconds=6.0,
        offline_seconds=12.0,
        resend_seconds=5.0,
        answer_seconds=5.0,
    )

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        self._frames = Frames()

    def feed(self, data: bytes, line: int = 0) -> list[Heard]:
        return [_heard(found) for found in self._frames.feed(data)]

    def command(self, command: StackCommand) -> bytes:
        return frame(
            {
                "t": "do",
                "id": command.id,
                "kind": str(command.kind),
                "item": command.barcode,
                "tote": command.tote,
                "of": command.target_id,
                "prio": command.priority,
                "order": command.order_number,
            }
        )

    def acknowledge(self, heard: Heard) -> bytes:
        if isinstance(heard, StackEvent | Garbage) and heard.sequence is not None:
            return frame({"t": "ack", "e": heard.epoch, "n": heard.sequence})
        return b""  # what has no number was never waited for: it comes again when its gap is asked for

    def ask(self, command_id: str) -> bytes:
        return frame({"t": "ask", "id": command_id})

    def replay(self, epoch: str, after: int) -> bytes:
        return frame({"t": "again", "e": epoch, "after": after})

    def list_items(self, after: str) -> bytes:
        return frame({"t": "list", "after": after})

    def hello(self, line: int = 0) -> bytes:
        return frame({"t": "hello", "v": 1})

    def beat(self, line: int = 0) -> bytes:
        return frame({"t": "beat"})


class QuestionableDriver(SimulatorDriver):
    """The same dialect, for a simulated store that does not know a command again (``--forgetful``)."""

    traits: ClassVar[Traits] = Traits(
        honours_ids=False,
        counts=True,
        answers=True,
        lists=True,
        beat_seconds=2.0,
        stale_seconds=6.0,
        offline_seconds=12.0,
        resend_seconds=5.0,
        answer_seconds=5.0,
    )


def _heard(found: bytes | Cut) -> Heard:
    if isinstance(found, Cut):
        return Garbage(found.body[:KEPT_GARBAGE], found.problem)
    try:
        body = json.loads(found)
    except (ValueError, RecursionError):
        return Garbage(found[:KEPT_GARBAGE], "no JSON")
    if not isinstance(body, dict):
        return Garbage(found[:KEPT_GARBAGE], "no JSON object")
    try:
        return _value(body, found)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return Garbage(found[:KEPT_GARBAGE], f"{type(error).__name__}: {error}"[:200], *_number(body))


def _value(body: dict[str, Any], raw: bytes) -> Heard:
    """What a frame says. Raises for what a device of this make would never say."""
    match body.get("t"):
        case "sign":
            picture = body.get("picture")
            return Sign(
                _word(body, "e"),
                _whole(body, "n"),
                _moment(body),
                json.dumps(picture, ensure_ascii=False, separators=(",", ":")) if picture else "",
            )
        case "answer":
            state = body["state"]
            known = None if state is None else CommandState(state)
            return Answered(_word(body, "id"), known, _word(body, "code"))
        case "items":
            items = body["items"]
            if not all(isinstance(tote, str) for tote in items.values()):
                raise TypeError("items")
            return Listed(dict(sorted(items.items())), bool(body["last"]))
        case _:
            return _event(body, raw)


def _event(body: dict[str, Any], raw: bytes) -> StackEvent:
    """An event; also of a kind that we do not know: that is for people to look at."""
    if body.get("t") != "event":
        return StackEvent(EventKind.UNKNOWN, *_number(body), code=str(body.get("t"))[:60], body=raw)
    kind, (epoch, sequence) = body["kind"], _number(body)
    if sequence is None:
        raise ValueError("no number")
    known = kind in EventKind.__members__.values()
    return StackEvent(
        EventKind(kind) if known else EventKind.UNKNOWN,
        epoch,
        sequence,
        _word(body, "id"),
        _word(body, "item"),
        _word(body, "tote"),
        _word(body, "place"),
        _word(body, "code") if known else str(kind)[:60],
        _moment(body),
        raw,
    )


def _number(body: dict[str, Any]) -> tuple[str, int | None]:
    """The run and number of something that is not quite right, where at least these are."""
    epoch, sequence = body.get("e"), body.get("n")
    counted = isinstance(sequence, int) and not isinstance(sequence, bool) and 0 < sequence < 2**53
    if counted and isinstance(epoch, str) and len(epoch) <= 40:
        return epoch, sequence
    return "", None


def _word(body: dict[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise TypeError(key)
    return value


def _whole(body: dict[str, Any], key: str) -> int:
    value = body[key]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise TypeError(key)
    return value


def _moment(body: dict[str, Any]) -> datetime:
    return _EPOCH + timedelta(milliseconds=_whole(body, "at"))
