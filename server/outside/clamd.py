"""Asks ClamAV whether a file carries something bad, over clamd's socket (clamd(8), INSTREAM)."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

CONNECT_SECONDS = 5.0
SCAN_SECONDS = 300.0  # clamd scans while it reads; 200 MB take minutes on a small machine
_CHUNK = 128 * 1024


class ScannerAway(Exception):
    """clamd does not answer, or not so that one could rely on it: the file must wait."""


async def scan(socket: str, chunks: AsyncIterator[bytes]) -> str:
    """The name of what was found in the file, or nothing. ``socket`` is a path or ``host:port``. Raises ScannerAway."""
    reader, writer = await _connect(socket)
    # It may answer, and hang up, before it has heard everything: then its answer counts, not our broken line.
    answer = asyncio.ensure_future(reader.readuntil(b"\0"))
    try:
        async with asyncio.timeout(SCAN_SECONDS):
            writer.write(b"zINSTREAM\0")
            with suppress(ConnectionError):
                await _stream(writer, chunks, until=answer)
            return _found(await answer)
    except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
        raise ScannerAway(str(error) or type(error).__name__) from error
    finally:
        answer.cancel()
        writer.transport.abort()


async def ping(socket: str) -> str:
    """The version that clamd tells of itself. Raises ScannerAway."""
    reader, writer = await _connect(socket)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            writer.write(b"zVERSION\0")
            answer = await reader.readuntil(b"\0")
    except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
        raise ScannerAway(str(error) or type(error).__name__) from error
    finally:
        writer.transport.abort()
    return answer.rstrip(b"\0").decode("utf-8", "replace")


async def _connect(socket: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = socket.rpartition(":")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            if host and port.isdigit():
                return await asyncio.open_connection(host, int(port))
            return await asyncio.open_unix_connection(socket)
    except (OSError, TimeoutError, ValueError) as error:
        raise ScannerAway(str(error) or type(error).__name__) from error


async def _stream(
    writer: asyncio.StreamWriter, chunks: AsyncIterator[bytes], *, until: "asyncio.Future[bytes]"
) -> None:
    """Each piece behind its length in network order; a length of zero ends the file."""
    async for chunk in chunks:
        if until.done():
            return
        for start in range(0, len(chunk), _CHUNK):
            piece = chunk[start : start + _CHUNK]
            writer.write(struct.pack("!L", len(piece)) + piece)
            await writer.drain()
    writer.write(struct.pack("!L", 0))
    await writer.drain()


def _found(answer: bytes) -> str:
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if said == "stream: OK":
        return ""
    if said.startswith("stream: ") and said.endswith(" FOUND"):
        return said.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerAway(said[:200] or "no answer")
