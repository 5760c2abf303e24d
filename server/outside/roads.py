"""The only way to a stranger's web server: to an IP address that was checked, and to no other.

The name is resolved here, every address it has must be public, and the connection goes to the very address that was
checked: a name that means something else a moment later (DNS rebinding) gains nothing. No proxy from the environment
is asked, because it would resolve the name anew.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from server.domain.addresses import WEB_PORTS, WebAddress, is_inner_name, is_public
from server.domain.verdicts import Verdict

CONNECT_SECONDS = 5.0
_TRIES = 3  # addresses of one name

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Trouble(Exception):
    """It cannot be fetched; ``address`` is the IP address at which that showed, if it came so far."""

    def __init__(self, verdict: Verdict, why: str, address: str = "") -> None:
        super().__init__(why)
        self.verdict = verdict
        self.why = why
        self.address = address


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name as the system knows them, IPv4 first; each once."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found.sort(key=lambda entry: entry[0] is not socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Map:
    """Where we are willing to go. ``allowed`` are private places that a test installation opens by name."""

    allowed: frozenset[tuple[str, int]] = frozenset()
    resolve: Resolve = resolve
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @property
    def ports(self) -> frozenset[int]:
        return WEB_PORTS | {port for _, port in self.allowed}

    def open_to(self, address: str, port: int) -> bool:
        return is_public(address) or (address, port) in self.allowed


@dataclass(frozen=True)
class Road:
    """A connection to a checked address."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str

    async def leave(self) -> None:
        """Hang up without waiting for the other side's good-bye."""
        self.writer.transport.abort()
        with suppress(Exception):
            await self.writer.wait_closed()


async def open_road(to: WebAddress, way: Map) -> Road:
    """Connect to an address of the name that was checked. Raises Trouble."""
    trouble = Trouble(Verdict.UNREACHABLE, "no address")
    for address in (await _checked(to, way))[:_TRIES]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _connect(to, address, way)
        except TimeoutError:
            trouble = Trouble(Verdict.TIMEOUT, "connect", address)
        except ssl.SSLError as error:
            trouble = Trouble(Verdict.TLS_ERROR, error.reason or "TLS", address)
        except OSError as error:
            trouble = Trouble(_blamed(error), error.strerror or type(error).__name__, address)
    raise trouble


async def _checked(to: WebAddress, way: Map) -> list[str]:
    if is_inner_name(to.host):
        raise Trouble(Verdict.PRIVATE_ADDRESS, to.host)
    try:
        found = await way.resolve(to.host, to.port)
    except OSError as error:
        raise Trouble(_blamed(error), error.strerror or "DNS") from None
    except UnicodeError:
        raise Trouble(Verdict.NO_WEB_ADDRESS, to.host) from None
    for address in found:  # one private address among public ones is one too many: readers may get that one
        if not way.open_to(address, to.port):
            raise Trouble(Verdict.PRIVATE_ADDRESS, address, address)
    return found


def _blamed(error: OSError) -> Verdict:
    """A resolver that has no answer yet, and a network without a way out, say nothing about the site."""
    ours = error.errno in (socket.EAI_AGAIN, errno.ENETUNREACH, errno.ENETDOWN)
    return Verdict.TIMEOUT if ours else Verdict.UNREACHABLE


async def _connect(to: WebAddress, address: str, way: Map) -> Road:
    secure = to.scheme == "https"
    reader, writer = await asyncio.open_connection(
        address, to.port, ssl=way.tls if secure else None, server_hostname=to.host if secure else None
    )
    road = Road(reader, writer, address)
    if str(writer.get_extra_info("peername")[0]) != address:
        await road.leave()
        raise Trouble(Verdict.PRIVATE_ADDRESS, "pinned", address)
    return road
