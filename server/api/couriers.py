"""The door at which couriers tell where parcels are."""

from server.actions.couriers import receive_push
from server.api.routes import ApiRequest, Endpoint
from server.domain.errors import Invalid
from server.domain.permissions import Verb
from server.wire import store_bodies as bodies
from server.wire.courier_reports import HEADER

LIMIT = 1024 * 1024


async def push(r: ApiRequest) -> bodies.PushTaken:
    """Answered only once it is durable: a courier that hears nothing pushes again."""
    raw = bytearray()
    async for chunk in r.request.stream():
        raw += chunk
        if len(raw) > LIMIT:
            raise Invalid("body_too_large", "body", limit=LIMIT)
    signature = r.request.headers.get(HEADER, "")
    return bodies.PushTaken(await receive_push(r.ctx, r.path["name"], signature, bytes(raw)))


ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/couriers/{name}/push",
        Verb.ENTER,
        push,
        "A courier reports where parcels are (signed)",
        answer=bodies.PushTaken,
        raw_body=True,
        errors=("courier_signature", "courier_unknown"),
    ),
]
