"""How a refusal travels: HTTP status, close code, and what a client should do, in one table."""

from dataclasses import dataclass
from typing import Any

from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany, Unavailable


@dataclass(frozen=True, slots=True)
class Way:
    """One row: what the client should do is ``retry`` (later, the same), ``resume`` (look again) or ``stop``."""

    status: int
    close_code: int
    retry: str


_BY_CODE = {
    "not_logged_in": Way(401, 4401, "stop"),
    "log_in_to_request": Way(401, 4401, "stop"),
    "token_invalid": Way(401, 4401, "resume"),
    "token_expired": Way(401, 4401, "resume"),
    "method_not_allowed": Way(405, 4400, "stop"),
    "csrf": Way(403, 4403, "resume"),
    "unexpected": Way(500, 1011, "retry"),
    "origin_refused": Way(403, 4403, "stop"),
    "frame_too_large": Way(413, 4400, "stop"),
    "file_too_large": Way(413, 4400, "stop"),
    "body_too_large": Way(413, 4400, "stop"),
    "file_kind": Way(415, 4400, "stop"),
    "session_ended": Way(409, 4409, "resume"),
}
_BY_KIND: tuple[tuple[type[Refusal], Way], ...] = (
    (Invalid, Way(422, 4400, "stop")),
    (NotAllowed, Way(403, 4403, "stop")),
    (NotFound, Way(404, 4404, "stop")),
    (Conflict, Way(409, 4409, "resume")),
    (TooMany, Way(429, 4429, "retry")),
    (Unavailable, Way(503, 1013, "retry")),
)
RESTART = 1012
TOO_SLOW = 4408
CLOSE_CODES = {
    RESTART: "restart: reconnect with jitter and resume",
    4400: "a frame was not understood",
    4401: "the token is missing, wrong or has run out",
    4403: "this origin or account may not listen here",
    TOO_SLOW: "the client was too slow: reconnect and resume",
    4404: "there is no such conversation, or it is not yours",
    4409: "it has moved on: look again",
    4429: "too many frames or lines",
    1011: "something of ours broke: reconnect and resume",
    1013: "the service is interrupted: wait, reconnect and resume",
}


def way_of(refusal: Refusal) -> Way:
    """The row for a refusal."""
    if way := _BY_CODE.get(refusal.code):
        return way
    for kind, way in _BY_KIND:
        if isinstance(refusal, kind):
            return way
    return Way(400, 4400, "stop")


def error_value(refusal: Refusal, message: str) -> dict[str, Any]:
    """The refusal as clients read it, with its text already in their language."""
    return {
        "code": refusal.code,
        "rule": refusal.rule_id,
        "message": message,
        "field": refusal.field,
        "retry": way_of(refusal).retry,
        "data": {
            key: value for key, value in refusal.data.items() if isinstance(value, str | int | float | bool)
        },
    }
