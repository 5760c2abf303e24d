"""The composition root: settings → context → rooms → routes, and the tasks that live with the process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.actions.origins import Origins
from server.actions.presence import keep_lease
from server.api import (
    attachments,
    board,
    calendar,
    carts,
    cases,
    couriers,
    desk_work,
    desks,
    duty,
    figures,
    health,
    inspections,
    loan_orders,
    loans,
    manage,
    notices,
    order_review,
    phrases,
    pool,
    probes,
    records,
    requests,
    sessions,
    stack,
    store_work,
    streams,
    uploads,
    widget_login,
)
from server.api.asyncapi import asyncapi
from server.api.crossing import Answering, Crossing
from server.api.doors import CrossOrigin, SafeHeaders, unexpected
from server.api.gateway import Gateway
from server.api.openapi import openapi
from server.api.routes import Endpoint, json_response, language_of, refused, respond
from server.api.socket import serve_socket
from server.context import Context, make_context
from server.domain.errors import Invalid, NotAllowed, NotFound, Refusal
from server.domain.events import (
    AccountChanged,
    CaseSaid,
    ChatEventRecorded,
    CrewChanged,
    DueSet,
    DutyChanged,
    Event,
    MailWritten,
    OrderChanged,
    QueueChanged,
    StackPictured,
    StackWoken,
)
from server.domain.permissions import NOBODY
from server.live.bus import Bus, Envelope
from server.live.hub import Hub
from server.live.local_bus import LocalBus
from server.live.redis_bus import RedisBus
from server.live.redis_lines import RedisLines
from server.observing.metrics import metrics_of
from server.observing.turns import log_turn
from server.settings import Settings
from server.wire import frames
from server.words.catalogue import say
from stack_io.leases import run_stacks
from web import statics
from web.pages import base as pages
from web.site import PAGES
from workers.couriers import run_couriers
from workers.loop import run_workers
from workers.outbox import run_outbox
from workers.probes import run_probes

log = structlog.get_logger(__name__)

ENDPOINTS: list[Endpoint] = [
    *desks.ENDPOINTS,
    *sessions.ENDPOINTS,
    *uploads.ENDPOINTS,
    *attachments.ENDPOINTS,
    *probes.ENDPOINTS,
    *streams.ENDPOINTS,
    *desk_work.ENDPOINTS,
    *pool.ENDPOINTS,
    *requests.ENDPOINTS,
    *duty.ENDPOINTS,
    *phrases.ENDPOINTS,
    *board.ENDPOINTS,
    *figures.ENDPOINTS,
    *inspections.ENDPOINTS,
    *manage.ENDPOINTS,
    *calendar.ENDPOINTS,
    *cases.ENDPOINTS,
    *order_review.ENDPOINTS,
    *notices.ENDPOINTS,
    *records.ENDPOINTS,
    *loans.ENDPOINTS,
    *carts.ENDPOINTS,
    *loan_orders.ENDPOINTS,
    *store_work.ENDPOINTS,
    *couriers.ENDPOINTS,
    *stack.ENDPOINTS,
    *widget_login.ENDPOINTS,
]


def open_bus(settings: Settings, process_id: str, rng: Any) -> Bus:
    """The bus that the settings ask for."""
    if settings.redis_url:
        return RedisBus(RedisLines(settings.redis_url, rng), settings.redis_prefix, process_id)
    return LocalBus()


def announcer(bus: Bus) -> Callable[[Event], None]:
    """Puts facts on the bus: each encoded once, as the frame that clients get."""

    def announce(event: Event) -> None:
        match event:
            case ChatEventRecorded():
                topic = frames.chat_topic(event.session_id, event.audience)
                bus.publish(Envelope(topic, event.seq, frames.ev_text(event)))
            case OrderChanged():
                topic = frames.order_topic(event.order_id)
                bus.publish(Envelope(topic, event.event.number, frames.order_text(event)))
            case CaseSaid(line):
                bus.publish(Envelope(frames.case_topic(line), abs(line.number), frames.case_text(line)))
            case DutyChanged():
                _, frame = frames.passing(event) or ("", {})
                bus.publish(Envelope(f"staff/{event.staff_id}", event.version, frames.text(frame)))
            case AccountChanged(account_id):
                bus.publish(Envelope("", wake=f"account/{account_id}"))
            case DueSet() | QueueChanged():
                bus.publish(Envelope("", wake="dues"))
            case MailWritten():
                bus.publish(Envelope("", wake="outbox"))
            case StackWoken(device_id):  # its operators look again, too
                topic, frame = frames.passing(StackPictured(device_id, "")) or ("", {})
                bus.publish(Envelope(topic, 0, frames.text(frame), "stack"))
            case _:
                passing = frames.passing(event)
                if passing is not None:
                    topic, frame = passing
                    wake = f"crew/{event.session_id}" if isinstance(event, CrewChanged) else ""
                    bus.publish(Envelope(topic, 0, frames.text(frame), wake))

    return announce


def build(settings: Settings) -> tuple[Context, Bus]:
    """A context whose announcements go over the settings' bus."""
    slot: list[Callable[[Event], None]] = []
    ctx = make_context(settings, lambda event: slot[0](event))
    bus = open_bus(settings, ctx.process_id, ctx.rng)
    tell, metrics = announcer(bus), metrics_of(ctx)

    def announce(event: Event) -> None:
        metrics.saw(event)
        log_turn(event)
        tell(event)

    slot.append(announce)
    return ctx, bus


def build_app(settings: Settings) -> Starlette:
    """The ASGI application; everything it needs is opened by its lifespan."""
    ctx, bus = build(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await ctx.db.open()
            stack.push_async_callback(ctx.db.close)
            await ctx.files.check()
            gateway = await _go_live(app, ctx, bus, stack)
            await stack.enter_async_context(_chores(ctx, gateway, embedded=settings.embedded_worker))
            log.info("serving", url=settings.public_url, process=ctx.process_id)
            yield
            await gateway.goodbye()

    origins = Origins(ctx)
    app = Starlette(
        routes=_routes(ctx),
        lifespan=lifespan,
        exception_handlers={HTTPException: _http_error(ctx), Exception: unexpected},
    )
    app.state.ctx, app.state.bus = ctx, bus
    app.add_middleware(CrossOrigin, origins=origins)
    app.add_middleware(SafeHeaders, secure=settings.secure)
    app.add_middleware(SocketDoor, origins=origins)
    return app


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """A worker process: due rows, mail and what else happens without anybody asking."""
    ctx, bus = build(settings)
    await ctx.db.open()
    wakes = _Wakes()
    await bus.start(lambda envelope: wakes.hear(envelope.wake), wakes.all)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_workers(ctx, stop, wakes.dues))
            tasks.create_task(run_outbox(ctx, stop, wakes.outbox))
            tasks.create_task(run_probes(ctx, stop))
            tasks.create_task(run_couriers(ctx, stop))
    finally:
        await bus.stop()
        await ctx.db.close()


async def run_stack(settings: Settings, stop: asyncio.Event) -> None:
    """A process of the bridge: speaks with the devices of automated stores that no other process speaks with."""
    ctx, bus = build(settings)
    await ctx.db.open()
    wakes = _Wakes()
    await bus.start(lambda envelope: wakes.hear(envelope.wake), wakes.all)
    try:
        await run_stacks(ctx, stop, wakes.stack)
    finally:
        await bus.stop()
        await ctx.db.close()


class _Wakes:
    """Words from the bus that spare the loops a poll."""

    def __init__(self) -> None:
        self.dues = asyncio.Event()
        self.outbox = asyncio.Event()
        self.stack = asyncio.Event()

    def hear(self, word: str) -> None:
        if word in ("dues", "outbox", "stack"):
            event: asyncio.Event = getattr(self, word)
            event.set()

    def all(self) -> None:
        for event in (self.dues, self.outbox, self.stack):
            event.set()


async def _go_live(app: Starlette, ctx: Context, bus: Bus, stack: AsyncExitStack) -> Gateway:
    async def messages_after(topic: str, after: int, limit: int) -> Any:
        return await gateway.messages_after(topic, after, limit)

    hub = Hub(bus, messages_after, rng=ctx.rng)
    gateway = Gateway(ctx, hub)
    app.state.gateway, app.state.hub, app.state.goodbye = gateway, hub, gateway.goodbye
    await hub.start()
    stack.push_async_callback(hub.stop)
    return gateway


@asynccontextmanager
async def _chores(ctx: Context, gateway: Gateway, *, embedded: bool) -> AsyncIterator[None]:
    """The process's own tasks: lease, beats, and in the embedded shape the workers."""
    stop, wakes = asyncio.Event(), _Wakes()
    gateway.hub.on_wake(wakes.hear)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_lease(ctx, stop))
        tasks.create_task(gateway.run_beats(stop))
        if embedded:
            tasks.create_task(run_workers(ctx, stop, wakes.dues))
            tasks.create_task(run_outbox(ctx, stop, wakes.outbox))
            tasks.create_task(run_stacks(ctx, stop, wakes.stack))
            tasks.create_task(run_probes(ctx, stop))
            tasks.create_task(run_couriers(ctx, stop))
        try:
            yield
        finally:
            stop.set()
            wakes.all()


def _routes(ctx: Context) -> list[BaseRoute]:
    documents = {
        "/api/openapi.json": lambda: openapi(ENDPOINTS, ctx.settings.public_url),
        "/api/asyncapi.json": lambda: asyncapi(ctx.settings.public_url),
    }

    def document(make: Callable[[], dict[str, Any]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return json_response(make())

        return answer

    ours = [
        *(Route(path, document(make)) for path, make in documents.items()),
        *health.routes(ctx),
        *(Route(e.path, Answering(respond(e, ctx)), methods=[e.method]) for e in ENDPOINTS),
        *(Route(p.path, Answering(pages.respond(p, ctx)), methods=[p.method]) for p in PAGES),
    ]
    return [Crossing(ours), statics.ROUTE]


class SocketDoor:
    """Takes sockets aside before routing: nothing of a framework stands between the server and the hub."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == "/api/socket":
            await serve_socket(scope["app"].state.gateway, self._origins, scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _http_error(ctx: Context) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        refusal = _refusal_of(error)
        if request.url.path.startswith("/api/"):
            response = refused(refusal, language_of(request, NOBODY))
        else:
            page = pages.PageRequest(ctx, NOBODY, request)
            message = say(refusal, page.language)
            response = page.render("refused.html", status=error.status_code, refusal=refusal, message=message)
        response.headers.update(error.headers or {})  # Allow, where the method is wrong (RFC 9110, 15.5.6)
        return response

    return answer


def _refusal_of(error: HTTPException) -> Refusal:
    """What the framework refuses by itself, in our words."""
    if error.status_code == 404:
        return NotFound()
    if error.status_code == 405:
        return NotAllowed("method_not_allowed")
    return Invalid("body_malformed", "body", detail=error.detail)
