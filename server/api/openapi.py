"""The HTTP API as OpenAPI 3.1 and the socket protocol as AsyncAPI 3.0, both read off the code that serves them."""

import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from server.api.queries import query_parameters
from server.api.routes import Endpoint
from server.domain.permissions import TABLE
from server.wire import frames
from server.wire.outcomes import CLOSE_CODES

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "rule", "message", "field", "retry", "data"],
            "properties": {
                "code": {"type": "string", "description": "Stable name of the refusal"},
                "rule": {"type": "string", "description": "Id of the rule behind it, or empty"},
                "message": {
                    "type": "string",
                    "description": "What is wrong and what to do, in the reader's language",
                },
                "field": {"type": "string", "description": "The offending input, or empty"},
                "retry": {"enum": ["retry", "resume", "stop"], "description": "What a client should do"},
                "data": {"type": "object"},
            },
        }
    },
}


def openapi(endpoints: Iterable[Endpoint], public_url: str) -> dict[str, Any]:
    """The document at ``/api/openapi.json``."""
    listed = sorted(endpoints, key=lambda e: (e.path, e.method))
    shown = [kind for e in listed for kind in (e.body, e.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components(shown, ref_template=_REF)
    known = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in listed:
        body = next(known) if endpoint.body is not None else None
        answer = next(known) if endpoint.answer is not None else None
        operation = _operation(endpoint, body, answer)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shuqiao 书桥",
            "version": "1",
            "description": "Live consultation for libraries. Times are UTC (RFC 3339). Errors have one form.",
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": _ERROR},
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                "reader": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token <conversation>`, `Visitor <secret>` or `Bearer <widget log-in>`",
                },
            },
        },
    }


def asyncapi(public_url: str) -> dict[str, Any]:
    """The document at ``/api/asyncapi.json``: every client frame from its struct, every server frame by example."""
    kinds = get_args(frames.ClientFrame)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    messages: dict[str, Any] = {}
    for kind, schema in zip(kinds, schemas, strict=True):
        tag = kind.__struct_config__.tag
        messages[tag] = {"name": tag, "summary": kind.__doc__, "payload": schema}
    for tag, (summary, example) in SERVER_FRAMES.items():
        messages[f"server_{tag}"] = {
            "name": tag,
            "summary": summary,
            "examples": [{"payload": {"t": tag, **example}}],
        }
    secure = public_url.replace("http", "ws", 1)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shuqiao socket protocol",
            "version": str(frames.VERSION),
            "description": (
                "JSON text frames, field `t` says what a frame is. A message is durable once acknowledged. The"
                " events of a topic carry gapless numbers; resume with `sub` and the last number that you have."
                " Close codes: " + "; ".join(f"{code} {meaning}" for code, meaning in CLOSE_CODES.items())
            ),
        },
        "servers": {"main": {"host": secure.partition("://")[2], "protocol": secure.partition("://")[0]}},
        "channels": {
            "socket": {
                "address": "/api/socket",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
            }
        },
        "operations": {
            "fromClient": {
                "action": "receive",
                "channel": {"$ref": "#/channels/socket"},
                "messages": [
                    {"$ref": f"#/channels/socket/messages/{k}"} for k in messages if "server_" not in k
                ],
            },
            "toClient": {
                "action": "send",
                "channel": {"$ref": "#/channels/socket"},
                "messages": [{"$ref": f"#/channels/socket/messages/{k}"} for k in messages if "server_" in k],
            },
        },
        "components": {"messages": messages, "schemas": components},
    }


SERVER_FRAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "welcome": ("The connection is accepted.", {"v": 1, "beat_seconds": 10, "me": "reader"}),
    "subbed": (
        "You listen to the topic; what you miss, beyond `after` and up to `last`, follows.",
        {"topic": "chat/01j…", "after": 10, "last": 12},
    ),
    "ev": (
        "One numbered event. Apply `last + 1`, ignore what you have, `sub` again on a gap.",
        {
            "topic": "chat/01j…",
            "seq": 13,
            "kind": "message",
            "by": {"kind": "staff", "id": "01j…", "name": "李老师"},
            "id": "client id",
            "text": "您好",
            "data": {},
            "at": "2026-11-21T03:04:05.678Z",
        },
    ),
    "ack": (
        "Your message is durable under this number; `again` if it was so before.",
        {"id": "client id", "session": "01j…", "seq": 14, "at": "2026-11-21T03:04:05.678Z", "again": False},
    ),
    "cur": (
        "Keep-alive every 10 s: the last number of each of your topics, read from the database.",
        {"topics": {"chat/01j…": 14}},
    ),
    "rcpt": (
        "A participant's watermarks: delivered to, read to.",
        {"topic": "chat/01j…", "who": "reader", "delivered": 14, "read": 13},
    ),
    "typing": (
        "Somebody is writing; forget it after 5 s.",
        {"topic": "chat/01j…", "who": "reader", "name": ""},
    ),
    "queue": (
        "Your place in the queue and the expected wait; null without ground for a figure.",
        {"session": "01j…", "position": 2, "wait_seconds": 90, "on_duty": 3},
    ),
    "duty": ("Your console has changed: fetch /api/console.", {"version": 7, "why": "offer"}),
    "board": ("Figures of a desk have moved.", {"desk": "01j…"}),
    "pool": ("A task of the pool has changed: look again.", {"task": "01j…", "why": "claimed"}),
    "case": (
        "What a case shows beside its lines has changed, who is there too: look again.",
        {"case": "01j…", "why": "claimed"},
    ),
    "cases": ("The list of cases has changed: look again.", {"case": "01j…"}),
    "review": ("An order came in, was decided on, or was cancelled: look again.", {"order": "01j…"}),
    "notices": ("What all readers are told has changed: fetch /api/notices.", {}),
    "stack": (
        "A machine's store at this moment (docs/stack.md); without a picture: look at the device again.",
        {"device": "01j…", "picture": {"aisles": 4, "levels": 6, "bays": 40}},
    ),
    "crew": ("Who takes part has changed.", {"session": "01j…"}),
    "token": ("A fresh conversation token.", {"token": "…", "expires_at": "2026-11-21T03:19:05.000Z"}),
    "pong": ("Answer to `ping`.", {"n": 1}),
    "err": (
        "A frame was refused; nothing was done.",
        {
            "id": "client id",
            "code": "message_empty",
            "rule": "",
            "message": "…",
            "field": "text",
            "retry": "stop",
            "data": {},
        },
    ),
    "bye": (
        "The server goes: reconnect after a random wait within `retry_ms`.",
        {"code": 1012, "retry_ms": [200, 5000]},
    ),
}


def _operation(endpoint: Endpoint, body: Any, answer: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": f"{endpoint.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', endpoint.path.lower()).strip('_')}",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(endpoint.path)
        ]
        + query_parameters(endpoint.method, endpoint.path),
        "responses": {
            str(endpoint.status): _content("Done", answer),
            "default": _content("Refused", {"$ref": "#/components/schemas/Error"}),
        },
        "x-verb": str(endpoint.verb),
        "x-roles": sorted(map(str, TABLE.get(endpoint.verb, {}))),
        "security": [{"reader": []}, {"cookie": [], "csrf": []}, {}],
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    elif endpoint.raw_body:
        schema = {"type": "string", "format": "binary"}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {"schema": schema}},
        }
    return operation


def _content(description: str, schema: Any) -> dict[str, Any]:
    if schema is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
