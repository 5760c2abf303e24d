"""A zoo of bad web servers, each behind a real socket on loopback."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

BOMB = gzip.compress(b"<html><p>" + b"x" * 30_000_000, 1)
Answer = Callable[["Visit"], Awaitable[None]]


@dataclass
class Visit:
    """One request that an animal got: its target, its headers, and the line to answer on."""

    target: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter
    port: int

    async def say(self, status: int = 200, body: bytes | str = b"", **headers: str) -> None:
        """A proper answer."""
        data = body.encode() if isinstance(body, str) else body
        told = {"content-type": "text/html; charset=utf-8", "content-length": str(len(data)), **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
        self.writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data)
        await self.writer.drain()

    async def begin(self, kind: str = "text/html") -> None:
        """The head of an answer whose body never ends."""
        self.writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n\r\n".encode())
        await self.writer.drain()


@dataclass
class Zoo:
    """A server that keeps one animal for each path, and remembers who called."""

    port: int = 0
    visits: list[Visit] = field(default_factory=list)
    lines: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    closed: bool = False

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/{path}"

    def let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody has come; who comes when it is closing finds the door shut."""
        if self.closed:
            writer.close()
        else:
            self.lines[asyncio.create_task(self._meet(reader, writer))] = writer

    async def close(self) -> None:
        """Everybody out."""
        self.closed = True
        for task in self.lines:
            task.cancel()
        await asyncio.gather(*self.lines, return_exceptions=True)
        for writer in self.lines.values():
            writer.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            visit = Visit(lines[0].split(" ")[1], headers, writer, self.port)
            self.visits.append(visit)
            await ANIMALS[visit.target.partition("?")[0].rpartition("/")[2]](visit)
        writer.close()


@asynccontextmanager
async def open_zoo(tls: ssl.SSLContext | None = None) -> AsyncIterator[Zoo]:
    """A zoo on a free port."""
    zoo = Zoo()
    server = await asyncio.start_server(zoo.let_in, "127.0.0.1", 0, ssl=tls)
    zoo.port = server.sockets[0].getsockname()[1]
    try:
        yield zoo
    finally:
        server.close()
        await zoo.close()


async def _good(visit: Visit) -> None:
    await visit.say(body="<html><title>论文</title><p>" + "全文在此。" * 300)


async def _pdf(visit: Visit) -> None:
    await visit.say(body=b"%PDF-1.7 " + b"x" * 100, content_type="application/pdf")


async def _endless(visit: Visit) -> None:
    await visit.begin("application/pdf")
    visit.writer.write(b"%PDF-1.7\n")
    while True:
        visit.writer.write(b"x" * 65536)
        await visit.writer.drain()


async def _drip(visit: Visit) -> None:
    await visit.begin()
    while True:
        visit.writer.write(b"<")
        await visit.writer.drain()
        await asyncio.sleep(0.05)  # what the animal is about


async def _header_drip(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        visit.writer.write(b"x: y\r\n")
        await visit.writer.drain()
        await asyncio.sleep(0.05)


async def _huge_headers(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(10_000):
        visit.writer.write(b"y" * 10_000)
        await visit.writer.drain()


async def _silent(visit: Visit) -> None:
    await asyncio.sleep(3600)


async def _slams(visit: Visit) -> None:
    visit.writer.transport.abort()


async def _garbage(visit: Visit) -> None:
    visit.writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await visit.writer.drain()


async def _bomb(visit: Visit) -> None:
    await visit.say(body=BOMB, content_encoding="gzip")


async def _packed(visit: Visit) -> None:
    await visit.say(body=gzip.compress(b"<html><title>404</title>"), content_encoding="gzip")


async def _log_in(visit: Visit) -> None:
    await visit.say(body="<html><title>用户登录</title><form><input type=password></form>")


async def _soft_404(visit: Visit) -> None:
    await visit.say(body="<html><title>提示</title><h1>您访问的页面不存在</h1>")


async def _pay_wall(visit: Visit) -> None:
    await visit.say(body="<html><title>Paper</title><p>Purchase PDF for $39.95")


async def _missing(visit: Visit) -> None:
    await visit.say(404, "<html>gone")


async def _to(visit: Visit) -> None:
    """Redirects to what stands behind the question mark."""
    await visit.say(302, location=visit.target.partition("?")[2])


async def _moves_on(visit: Visit) -> None:
    await visit.say(
        body=f'<html><meta http-equiv="refresh" content="0; url={visit.target.partition("?")[2]}">'
    )


async def _round(visit: Visit) -> None:
    await visit.say(302, location="round", set_cookie="seen=1")


async def _onward(visit: Visit) -> None:
    number = int(visit.target.partition("?")[2])
    await visit.say(302, location=f"onward?{number + 1}")


async def _interim(visit: Visit) -> None:
    while True:
        visit.writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")
        await visit.writer.drain()


async def _nul(visit: Visit) -> None:
    await visit.say(body="<html><title>a\x00b</title>请先登录后查看全文")


ANIMALS: dict[str, Answer] = {
    name.strip("_"): animal
    for name, animal in list(globals().items())
    if name.startswith("_") and asyncio.iscoroutinefunction(animal)
}
