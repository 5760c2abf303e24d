"""A little clamd: speaks INSTREAM on a socket as the real one does, and knows one virus."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass
class Clamd:
    """The scanner: what it was given, and how it behaves."""

    socket: str
    limit: int = 25_000_000
    silent: bool = False
    scanned: list[int] = field(default_factory=list)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            command = await reader.readuntil(b"\0")
            if self.silent:
                writer.close()
                return
            answer = (
                b"ClamAV 1.4.1/27468/Fri Nov 20 2026"
                if command == b"zVERSION\0"
                else await self._scan(reader)
            )
            writer.write(answer + b"\0")
            await writer.drain()
        writer.close()

    async def _scan(self, reader: asyncio.StreamReader) -> bytes:
        content = bytearray()
        while length := struct.unpack("!L", await reader.readexactly(4))[0]:
            content += await reader.readexactly(length)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
        self.scanned.append(len(content))
        return b"stream: Eicar-Signature FOUND" if EICAR in content else b"stream: OK"


@asynccontextmanager
async def open_clamd(folder: Path | None = None) -> AsyncIterator[Clamd]:
    """A clamd on a socket in the folder, or on a free port."""
    clamd = Clamd(str(folder / "clamd.sock") if folder else "")
    if folder:
        server = await asyncio.start_unix_server(clamd._meet, clamd.socket)
    else:
        server = await asyncio.start_server(clamd._meet, "127.0.0.1", 0)
        clamd.socket = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield clamd
    finally:
        server.close()
