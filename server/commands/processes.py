"""What long-running commands have in common: refusing to start where they could not work, stopping kindly."""

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from server.commands.causes import trouble_with
from server.commands.collecting import settle
from server.commands.terminal import Failure, reason_of
from server.settings import Settings
from server.store.checking import DatabaseAway, DatabaseFacts, look_at
from server.words.catalogue import text

BACKLOG = 2048


async def demand_database(settings: Settings, language: str) -> DatabaseFacts:
    """The database's facts. Raises Failure, with what to do, when it cannot be used as it is."""
    try:
        facts = await look_at(settings.database_url)
    except DatabaseAway as away:
        raise Failure(*away_lines(away, language)) from away
    if facts.missing:
        raise Failure(
            text("command.schema_behind", language, names=", ".join(facts.missing)),
            text("command.run_migrate", language),
        )
    if facts.unknown:
        raise Failure(text("command.schema_ahead", language, names=", ".join(facts.unknown)))
    return facts


def away_lines(error: Exception, language: str) -> tuple[str, ...]:
    """What is the matter with the database, what to do about it, and what its driver says where one said anything."""
    if isinstance(error, DatabaseAway) and error.code in ("no_file", "no_folder"):
        return (
            text(f"command.database_{error.code}", language, reason=error.reason),
            text(f"command.database_{error.code}_next", language),
        )
    trouble = trouble_with("database", error, language)
    said = text("command.database_away", language, reason=trouble.reason)
    return said, trouble.todo, trouble.detail


def demand_folder(settings: Settings, language: str) -> None:
    """Raise Failure unless files can be kept where the settings say."""
    folder = Path(settings.files_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, os.strerror(13))
    except OSError as error:
        raise Failure(
            text("command.files_away", language, path=folder.absolute(), reason=reason_of(error, language)),
            text("command.files_next", language),
        ) from error


def listen(host: str, port: int, language: str) -> socket.socket:
    """The socket to serve on. Raises Failure when the port is taken, or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port of a process that just ended
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # now: two processes that both bound would else only quarrel later
    except OSError as error:
        listener.close()
        raise not_listening(host, port, error, language) from error
    return listener


def not_listening(host: str, port: int, error: OSError, language: str) -> Failure:
    """Why nobody can be heard there, and what to do."""
    ours = not isinstance(error, socket.gaierror) and error.errno != errno.EADDRNOTAVAIL
    return Failure(
        text("command.port_taken", language, host=host, port=port, reason=reason_of(error, language)),
        text("command.port_next" if ours else "command.host_next", language),
    )


def stop_on_signals(stop: asyncio.Event) -> None:
    """Let SIGTERM and Ctrl-C set the event."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


def run_until_stopped(settings: Settings, work: Callable[[Settings, asyncio.Event], Awaitable[None]]) -> None:
    """Do the work on a loop of its own until somebody says stop (SIGTERM, SIGINT)."""

    async def working() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await work(settings, stop)

    settle()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(working())
