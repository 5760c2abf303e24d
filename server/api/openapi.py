"""The HTTP API as OpenAPI 3.1, read off the code that serves it."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from server.api.queries import query_parameters
from server.api.routes import Endpoint
from server.domain.permissions import TABLE

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
            "description": (
                "Live consultation for libraries. Times are UTC (RFC 3339). Errors have one form. Fields may be"
                " added: pass over those that you do not know. How the live side works: docs/protocol.md."
            ),
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": _ERROR},
            "securitySchemes": {
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "sid",
                    "description": "Staff, and readers who are logged in: set by the form at `/login`.",
                },
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "With the cookie, for all that changes something: `csrf` of `GET /api/console`.",
                },
                "reader": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token <token>` or `Visitor <secret>`, both from opening a conversation, or"
                    " `Bearer <widget log-in>`.",
                },
            },
        },
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
            str(endpoint.status): _content("Done", answer, endpoint.gives),
            "default": _content("Refused", {"$ref": "#/components/schemas/Error"}),
        },
        "x-verb": str(endpoint.verb),
        "x-roles": sorted(map(str, TABLE.get(endpoint.verb, {}))),
        "security": [{"reader": []}, {"cookie": [], "csrf": []}, {}],
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    elif endpoint.raw_body:
        schema = {"type": "object"} if "json" in endpoint.takes else {"type": "string", "format": "binary"}
        operation["requestBody"] = {"required": True, "content": {endpoint.takes: {"schema": schema}}}
    return operation


def _content(description: str, schema: Any, kind: str = "application/json") -> dict[str, Any]:
    if schema is None and "json" in kind:
        return {"description": description}
    return {"description": description, "content": {kind: {"schema": schema or {"type": "string"}}}}
