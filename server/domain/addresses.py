"""Which addresses lie on the public Internet, and at which doors web sites are (R-ANS.2)."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Where web sites are; never mail, Redis or databases.
WEB_PORTS = frozenset({80, 81, 88, 443, *range(8000, 9000)})
DEFAULT_PORT = {"http": 80, "https": 443}
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291; all else is local, special or not given out
# Teredo and its like, 6to4, samples for books.
_TUNNELS = tuple(map(IPv6Network, ("2001::/23", "2002::/16", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address stands in the last 32 bits
# Public by number to some versions of Python, and yet answered by the machine's own cloud or by dead relays.
_INNER = tuple(map(IPv4Network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")))
_INNER_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".intranet", ".home.arpa", ".corp", ".home")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A web address taken apart: what to resolve, where to knock, what to ask for."""

    scheme: str
    host: str  # as DNS has it (IDNA), or a number; no brackets
    port: int
    target: str  # path and query, encoded

    @property
    def authority(self) -> str:
        """The value of ``Host`` (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def is_public(number: str) -> bool:
    """Whether an IP address lies on the public Internet; every form in which a private one can hide is refused.

    Private, loopback, link-local, multicast, carrier-NAT (RFC 6598), reserved, IPv4 in IPv6 clothes (mapped, 6to4,
    Teredo), and clouds' metadata addresses are not. A NAT64 address counts as the IPv4 address inside it.
    """
    try:
        address = ip_address(number)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(str(IPv4Address(int(address) & 0xFFFF_FFFF)))
        if address.scope_id or address not in _GLOBAL_UNICAST or any(address in net for net in _TUNNELS):
            return False
    special = address.is_multicast or address.is_reserved or any(address in net for net in _INNER)
    return address.is_global and not special


def is_inner_name(host: str) -> bool:
    """Whether a name can only mean something inside a house: ``localhost``, ``opac``, ``files.intranet``."""
    return ":" not in host and ("." not in host or host.endswith(_INNER_ENDINGS)) and not _is_number(host)


def _is_number(host: str) -> bool:
    """Numbers without dots (``2130706433``) are IP addresses to a resolver, and judged after it has read them."""
    return host.isdigit() or host.startswith("0x")
