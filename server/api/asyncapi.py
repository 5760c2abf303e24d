"""The socket protocol as AsyncAPI 3.0, read off the frames and what the hub says."""

from typing import Any, get_args

import msgspec

from server.wire import frames
from server.wire.event_data import EVENT_DATA
from server.wire.outcomes import CLOSE_CODES
from server.wire.server_frames import SERVER_FRAMES

_REF = "#/components/schemas/{name}"
_CLIENT = get_args(frames.ClientFrame)
_LANGUAGE = {"enum": ["zh", "en"], "description": "Of error texts"}


def asyncapi(public_url: str) -> dict[str, Any]:
    """The document at ``/api/asyncapi.json``: every frame of either side, and what each kind of event carries."""
    kinds = [*_CLIENT, *SERVER_FRAMES, *EVENT_DATA.values()]
    found, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schemas = iter(found)
    messages: dict[str, Any] = {}
    for kind in _CLIENT:
        messages[_tag(kind)] = _message(kind, next(schemas))
    for kind in SERVER_FRAMES:
        example = {"t": _tag(kind), **EXAMPLES[_tag(kind)]}
        messages[f"server_{_tag(kind)}"] = _message(kind, next(schemas)) | {
            "examples": [{"payload": example}]
        }
    event = messages["server_ev"]
    event["payload"] = {
        "allOf": [
            event["payload"],
            *(_where(kind, data) for kind, data in zip(EVENT_DATA, schemas, strict=True)),
        ]
    }
    scheme, _, host = public_url.replace("http", "ws", 1).partition("://")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shuqiao socket protocol",
            "version": str(frames.VERSION),
            "description": (
                "JSON text frames, field `t` says what a frame is. A message is durable once acknowledged. The"
                " events of a topic carry gapless numbers; resume with `sub` and the last number that you have."
                " What is promised, and how a client keeps current, is told in docs/protocol.md."
                " Close codes: " + "; ".join(f"{code} {meaning}" for code, meaning in CLOSE_CODES.items())
            ),
        },
        "servers": {"main": {"host": host, "protocol": scheme}},
        "channels": {
            "socket": {
                "address": "/api/socket",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
                "bindings": {"ws": {"query": {"type": "object", "properties": {"lang": _LANGUAGE}}}},
            }
        },
        "operations": {
            "fromClient": _operation("receive", [key for key in messages if "server_" not in key]),
            "toClient": _operation("send", [key for key in messages if "server_" in key]),
        },
        "components": {"messages": messages, "schemas": components},
    }


# One of each, as they come.
EXAMPLES: dict[str, dict[str, Any]] = {
    "welcome": {"v": 1, "beat_seconds": 10, "me": "reader"},
    "subbed": {"topic": "chat/01j…", "after": 10, "last": 12},
    "unsubbed": {"topic": "chat/01j…"},
    "ev": {
        "topic": "chat/01j…",
        "seq": 13,
        "kind": "message",
        "by": {"kind": "staff", "id": "01j…", "name": "李老师"},
        "id": "9f2c41",
        "text": "您好",
        "data": {},
        "at": "2026-11-21T03:04:05.678Z",
    },
    "ack": {"id": "9f2c41", "session": "01j…", "seq": 14, "at": "2026-11-21T03:04:05.678Z", "again": False},
    "cur": {"topics": {"chat/01j…": 14}},
    "rcpt": {"topic": "chat/01j…", "who": "reader", "delivered": 14, "read": 13},
    "typing": {"topic": "chat/01j…", "who": "reader", "name": ""},
    "queue": {"session": "01j…", "position": 2, "wait_seconds": 90, "on_duty": 3},
    "duty": {"version": 7, "why": "offer"},
    "board": {"desk": "01j…"},
    "pool": {"task": "01j…", "why": "claimed"},
    "loans": {"store": "01j…", "order": "01j…", "why": "picked"},
    "case": {"case": "01j…", "why": "claimed"},
    "cases": {"case": "01j…"},
    "review": {"order": "01j…"},
    "notices": {},
    "stack": {"device": "01j…", "picture": {"aisles": 4, "levels": 6, "bays": 40}},
    "crew": {"session": "01j…"},
    "reader": {
        "session": "01j…",
        "away": {"since": "2026-11-21T03:04:05.678Z", "until": "2026-11-21T03:09:05.678Z"},
    },
    "token": {"token": "…", "expires_at": "2026-11-21T03:19:05.000Z"},
    "pong": {"n": 1},
    "err": {
        "id": "9f2c41",
        "code": "message_empty",
        "rule": "",
        "message": "…",
        "field": "text",
        "retry": "stop",
        "data": {},
    },
    "bye": {"code": 1012, "retry_ms": [200, 5000]},
}


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def _message(kind: Any, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": _tag(kind), "summary": kind.__doc__, "payload": schema}


def _where(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """In a conversation, an event of this kind carries such data."""
    chat = {"properties": {"topic": {"pattern": "^chat/"}, "kind": {"const": kind}}}
    return {"if": chat, "then": {"properties": {"data": data}}}


def _operation(action: str, keys: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{key}"} for key in keys],
    }
