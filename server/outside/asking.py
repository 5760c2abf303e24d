"""One GET to a stranger's web server, of which no more is read than is needed to judge it."""

import asyncio
import ssl
import zlib
from dataclasses import dataclass

import h11

from server.domain.addresses import WebAddress
from server.domain.verdicts import Verdict
from server.outside.roads import Map, Road, Trouble, open_road

HEAD_BYTES = 64 * 1024  # of a body; also what a compressed one may unfold to
HEADER_BYTES = 32 * 1024
BODY_SECONDS = 5.0
_INTERIM = 10  # answers 1xx before the real one
_READ = 16 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with the first bytes of its body; ``cut`` when they came too slowly to wait for."""

    status: int
    headers: dict[str, str]
    head: bytes
    address: str
    cut: bool = False


async def ask(to: WebAddress, way: Map, *, agent: str) -> Reply:
    """Ask for the address and read the beginning of what comes. Raises Trouble."""
    road = await open_road(to, way)
    line = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
    try:
        await _send(road, line, to, agent)
        response = await _response(road, line)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        head, cut = await _head(road, line)
    except h11.RemoteProtocolError as error:
        verdict = Verdict.TOO_LARGE if error.error_status_hint == 431 else Verdict.SERVER_ERROR
        raise Trouble(verdict, str(error)[:80], road.address) from None
    except ssl.SSLError as error:
        raise Trouble(Verdict.TLS_ERROR, error.reason or "TLS", road.address) from None
    except OSError as error:
        raise Trouble(Verdict.SERVER_ERROR, error.strerror or type(error).__name__, road.address) from None
    finally:
        await road.leave()
    return Reply(response.status_code, headers, _unfolded(head, headers), road.address, cut)


async def _send(road: Road, line: h11.Connection, to: WebAddress, agent: str) -> None:
    headers = [
        ("Host", to.authority),
        ("User-Agent", agent),
        ("Accept", "text/html,application/xhtml+xml,application/pdf,*/*;q=0.8"),
        ("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ]
    request = line.send(h11.Request(method="GET", target=to.target, headers=headers))
    road.writer.write((request or b"") + (line.send(h11.EndOfMessage()) or b""))
    await road.writer.drain()


async def _response(road: Road, line: h11.Connection) -> h11.Response:
    for _ in range(_INTERIM):
        match await _next(road, line):
            case h11.Response() as response:
                return response
            case h11.InformationalResponse():
                continue
            case _:
                break
    raise Trouble(Verdict.SERVER_ERROR, "no answer", road.address)


async def _head(road: Road, line: h11.Connection) -> tuple[bytes, bool]:
    head = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while len(head) < HEAD_BYTES and isinstance(event := await _next(road, line), h11.Data):
                head += event.data
    except TimeoutError:
        return bytes(head), True
    except h11.RemoteProtocolError:
        pass  # it hung up before its own Content-Length: what came can be judged
    return bytes(head[:HEAD_BYTES]), False


async def _next(road: Road, line: h11.Connection) -> h11.Event | None:
    """What comes next; None when nothing will."""
    while (event := line.next_event()) is h11.NEED_DATA:
        line.receive_data(await road.reader.read(_READ))
    return event if isinstance(event, h11.Event) else None


def _unfolded(head: bytes, headers: dict[str, str]) -> bytes:
    """A body that was compressed although nobody asked for it, unfolded no further than we would have read."""
    if headers.get("content-encoding", "").strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return head
    try:
        return zlib.decompressobj(wbits=47).decompress(head, HEAD_BYTES)
    except zlib.error:
        return head
