"""`shuqiao serve`: pages, API and sockets, and in the embedded shape the workers too."""

import argparse
import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from server.assembly import build_app
from server.commands.collecting import collect_seldom, settle
from server.commands.migrate import bring_up_to_date
from server.commands.parsers import Parser
from server.commands.processes import demand_database, demand_folder, listen
from server.commands.terminal import FAILED, Failure, language_of
from server.domain.arguments import port_number
from server.live.web_socket import Http, WebSocket
from server.observing.logs import configure_logs
from server.settings import Settings, load_settings
from server.wire.frames import MAX_FRAME_BYTES
from server.words.catalogue import text

# A frame that is too large is refused by name; beyond this its line ends unread.
FRAME_BYTES = 2 * MAX_FRAME_BYTES
PING_SECONDS = 20.0
STOPPING_SECONDS = 10
GOODBYE_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 75  # longer than a proxy keeps an idle connection, so that it is never the one surprised


def add_parser(program: Parser) -> None:
    """Teach the program `serve`."""
    parser = program.add_command("serve", run)
    parser.add_argument("--host")
    parser.add_argument("--port", type=port_number)
    parser.add_argument("--migrate", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings = load_settings()
    settings = replace(
        settings,
        host=settings.host if args.host is None else args.host,
        port=settings.port if args.port is None else args.port,
        # Production never comes here without one; a trial does, and its log-ins then end with the process.
        secret_key=settings.secret_key or secrets.token_urlsafe(48),
    )
    language = language_of()
    if args.migrate:
        asyncio.run(bring_up_to_date(settings, language))
    return serve(settings, listener=prepare(settings, language))


def prepare(settings: Settings, language: str) -> socket.socket:
    """Everything that could keep the server from starting, tried before it starts. Raises Failure."""
    asyncio.run(demand_database(settings, language))
    demand_folder(settings, language)
    return listen(settings.host, settings.port, language)


def serve(settings: Settings, *, listener: socket.socket, on_ready: Callable[[], None] | None = None) -> int:
    """Serve on the socket until SIGTERM or Ctrl-C; returns the exit status."""
    configure_logs(settings)
    app = build_app(settings)
    server = Server(config_for(app, settings), app, on_ready)
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn leaves this way when the lifespan failed; the log says why
        raise Failure(text("command.start_failed", language_of())) from None
    return 0 if server.started else FAILED


def config_for(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves us."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Http,
        ws=WebSocket,
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,  # 40 KB for each idle connection, and our frames are small
        lifespan="on",
        log_config=None,  # ours is set already
        access_log=False,  # a query string may hold a conversation's token
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOPPING_SECONDS,
        backlog=2048,
    )


class Server(uvicorn.Server):
    """uvicorn, with manners: it says good-bye before it closes sockets, and ends with status 0 when asked to end."""

    def __init__(
        self, config: uvicorn.Config, app: Starlette, on_ready: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready
        self._collecting: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()
        self._collecting = asyncio.create_task(collect_seldom())
        if self.started and self._on_ready is not None:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()  # who is sent away now must find another process, or this one's successor
        goodbye: Callable[[], Awaitable[None]] | None = getattr(self._app.state, "goodbye", None)
        if goodbye is not None:
            with contextlib.suppress(Exception):  # a farewell that fails must not keep us from leaving
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await goodbye()
        await super().shutdown(sockets)
        if self._collecting is not None:
            self._collecting.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal stops kindly, a second Ctrl-C at once; unlike uvicorn we do not die of it afterwards."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True
