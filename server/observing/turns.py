"""One log line for each turn in a conversation's life, by its id; never a word of what was said in it (R-LIVE.6)."""

import json

import structlog

from server.domain.chat import Kind
from server.domain.events import ChatEventRecorded, Event

log = structlog.get_logger(__name__)

SPOKEN = frozenset({Kind.MESSAGE, Kind.FILE, Kind.DOCUMENT, Kind.NOTE})
_CODES = ("topic", "role", "why")  # what of an event's data is a word of ours, never a person's


def log_turn(event: Event) -> None:
    """Write down that a conversation began, was taken, passed on, lost, ended, rated: what an operator is asked about.

    Called for every fact that is announced; for messages it must cost next to nothing.
    """
    if not isinstance(event, ChatEventRecorded) or event.kind in SPOKEN:
        return
    data = json.loads(event.data) if event.data else {}
    told = {name: data[name] for name in _CODES if name in data}
    if "staff" in data:
        told["staff"] = data["staff"].get("id", "")
    if event.kind == Kind.ENDED:  # a code here, a librarian's words where a conversation is passed on
        told |= {"by": data.get("by", ""), "reason": data.get("reason", "")}
    log.info(f"conversation {event.kind}", session=event.session_id, number=event.seq, **told)
