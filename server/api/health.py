"""Doors for machines that watch: is the process alive, can it serve, how is it doing."""

import hmac
import ipaddress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actions.health import check_health, read_figures
from server.api.routes import json_response
from server.context import Context
from server.observing.metrics import CONTENT_TYPE, Live, metrics_of


def routes(ctx: Context) -> list[Route]:
    """/healthz, /readyz and /metrics; no log-in, nothing about persons."""

    async def healthz(request: Request) -> Response:
        return json_response({"status": "ok"})

    async def readyz(request: Request) -> Response:
        health = await check_health(ctx)
        bus = "ok" if _live(request).bus_healthy else "away"
        well = health.ready and health.database == health.files == bus == "ok"
        value = {
            "status": "ready" if well else "degraded" if health.ready else "not_ready",
            "checks": {
                "database": health.database,
                "schema": health.schema,
                "files": health.files,
                "bus": bus,
            },
        }
        return json_response(value, 200 if health.ready else 503)

    async def metrics(request: Request) -> Response:
        if not _may_scrape(request, ctx.settings.metrics_token):
            return json_response({"status": "forbidden", "setting": "metrics_token"}, 403)
        body = metrics_of(ctx).text(_live(request), await read_figures(ctx), ctx.clock.now())
        return Response(body, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def _live(request: Request) -> Live:
    """The live side; before the process is up there is none."""
    state: Any = request.app.state
    hub, bus = getattr(state, "hub", None), getattr(state, "bus", None)
    return Live(
        clients=hub.clients if hub else 0,
        dropped=hub.dropped if hub else 0,
        topics=len(hub.topics()) if hub else 0,
        bus_healthy=bus.healthy if bus else True,
    )


def _may_scrape(request: Request, token: str) -> bool:
    """With a token whoever knows it; without one only this machine (the proxy passes the real address on)."""
    if token:
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(sent.encode(), token.encode())
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
