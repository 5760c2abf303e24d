"""Knocks at our own public address as a reader's browser does: name and certificate, and what stands before us."""

import asyncio
import json
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

SECONDS = 10.0
_NO_SERVER = frozenset({502, 503, 504})


class Blocked(Exception):
    """Something answered, but sockets do not come through to a server of ours. ``status`` is HTTP's, 0 for none."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}" if status else "no answer of ours")
        self.status = status

    @property
    def empty(self) -> bool:
        """Whether a proxy says that it has no server behind it (RFC 9110, 15.6.3 to 15.6.5)."""
        return self.status in _NO_SERVER


class _Straight(connect):
    """Goes where it is sent and nowhere else: a browser's socket follows no redirection (WHATWG WebSockets, 2.2)."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def knock(public_url: str) -> None:
    """Open a socket at the address and say something wrong: a server of ours answers that by name (docs/protocol.md).

    Raises Blocked, OSError (``ssl.SSLError`` and TimeoutError among them), or ValueError for an address that is none;
    all within ``SECONDS``, and one more for the farewell.
    """
    socket = public_url.rstrip("/").replace("http", "ws", 1) + "/api/socket"
    try:
        async with asyncio.timeout(SECONDS):
            await _speak(socket)
    except InvalidStatus as refused:
        raise Blocked(refused.response.status_code) from refused
    except WebSocketException as strange:
        if isinstance(strange.__cause__, OSError | EOFError):
            raise ConnectionResetError(str(strange)) from strange
        raise Blocked(0) from strange


async def _speak(address: str) -> None:
    # No proxy of this machine's way out: it is our own door that is tried.
    async with _Straight(address, proxy=None, open_timeout=None, close_timeout=1.0, compression=None) as line:
        with suppress(ConnectionClosed):
            await line.send("{}")
        if not _ours(await line.recv()):
            raise Blocked(0)


def _ours(said: str | bytes) -> bool:
    try:
        answer = json.loads(said)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("t") == "err"
