"""Web addresses as people and redirects write them, taken apart for asking (RFC 3986, RFC 9110)."""

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from server.domain.addresses import DEFAULT_PORT, WEB_PORTS, WebAddress

LONGEST = 1000  # characters
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def web_address(url: str, *, ports: frozenset[int] = WEB_PORTS) -> WebAddress | None:
    """The address taken apart; None for what is no web address, names a password, or a port that no web server has."""
    if len(url) > LONGEST or re.search(r"[\x00-\x20\x7f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORT or parts.username is not None or parts.password is not None:
        return None
    host = _host(parts.hostname or "")
    port = DEFAULT_PORT[parts.scheme] if port is None else port
    if not host or port not in ports:
        return None
    return WebAddress(parts.scheme, host, port, _target(parts))


def joined(here: WebAddress, location: str) -> str:
    """Where a redirect leads that was said here; what is no address at all leads nowhere."""
    try:
        return urljoin(here.text, location.strip())
    except ValueError:
        return location


def _host(name: str) -> str:
    if ":" in name:
        try:
            return str(IPv6Address(name))
        except ValueError:
            return ""
    try:
        ascii_name = name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return ascii_name if len(ascii_name) <= 253 and _HOST.fullmatch(ascii_name) else ""


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/?%:@!$&()*+,;=~-._[]|')}" if parts.query else path
