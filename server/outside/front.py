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


async def knock(public_url: str) -> None:
    """Open a socket at the address and say something wrong: a server of ours answers that by name (docs/protocol.md).

    Raises Blocked, OSError (``ssl.SSLError`` among them) or TimeoutError, all within ``SECONDS``.
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
    except (UnicodeDecodeError, json.JSONDecodeError) as strange:
        raise Blocked(0) from strange


async def _speak(address: str) -> None:
    # No proxy of this machine's way out: it is our own door that is tried.
    async with connect(address, proxy=None, open_timeout=None, close_timeout=1.0, compression=None) as line:
        with suppress(ConnectionClosed):
            await line.send("{}")
        answer = json.loads(await line.recv())
        if not isinstance(answer, dict) or answer.get("t") != "err":
            raise Blocked(0)
