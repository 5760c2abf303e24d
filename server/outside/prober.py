"""Looks at links as a reader without any account would: goes where they lead, keeps no cookies, says what it saw."""

import asyncio
import hashlib

from server.domain.addresses import WebAddress
from server.domain.probes import Fetched, Hop, Look, classify
from server.domain.verdicts import Verdict
from server.domain.web_pages import outline_of
from server.outside.asking import Reply, ask
from server.outside.roads import Map, Trouble
from server.wire.web_addresses import joined, web_address

DEADLINE = 15.0  # seconds, with all redirects
HOPS = 5  # redirects
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LEAST = 1024  # bytes of a page that came too slowly, by which it can be judged


class Prober:
    """Looks at one link at a time; any number of looks may run side by side."""

    def __init__(self, way: Map, *, agent: str) -> None:
        self._way = way
        self._agent = agent

    async def look_at(self, url: str) -> Look:
        """What somebody on the public Internet gets to see there. Never raises: trouble is a verdict too."""
        clock = asyncio.get_running_loop().time
        begun, journey = clock(), _Journey(self._way, self._agent)
        try:
            async with asyncio.timeout(DEADLINE):
                fetched = await journey.follow(url)
        except TimeoutError:
            trouble = Trouble(Verdict.TIMEOUT, f"{DEADLINE:.0f} s")
        except Trouble as found:
            trouble = found
        else:
            sign, title = classify(fetched)
            return Look(
                verdict=sign.verdict,
                why=sign.why,
                sure=sign.sure,
                hops=tuple(journey.hops),
                kind=fetched.kind[:100],
                title=title,
                head_hash=hashlib.sha256(fetched.head).hexdigest(),
                milliseconds=round((clock() - begun) * 1000),
            )
        hops = tuple(journey.hops)
        return Look(trouble.verdict, trouble.why, hops=hops, milliseconds=round((clock() - begun) * 1000))


class _Journey:
    """From the link to where it leads; every hop is checked as if it were the first."""

    def __init__(self, way: Map, agent: str) -> None:
        self._way = way
        self._agent = agent
        self.hops: list[Hop] = []

    async def follow(self, url: str) -> Fetched:
        first = here = self._address(url)
        for _ in range(HOPS + 1):
            reply = await self._ask(here)
            onward = _onward(here, reply)
            if onward is None:
                return _fetched(first, here, reply)
            here = self._address(onward)
            if any(hop.url == here.text for hop in self.hops):
                raise Trouble(Verdict.REDIRECT_LOOP, here.text[:200])
        raise Trouble(Verdict.REDIRECT_LOOP, f"> {HOPS}")

    def _address(self, url: str) -> WebAddress:
        address = web_address(url, ports=self._way.ports)
        if address is None:
            self.hops.append(Hop(url[:1000], "", 0))
            raise Trouble(Verdict.NO_WEB_ADDRESS, url[:200])
        return address

    async def _ask(self, here: WebAddress) -> Reply:
        try:
            reply = await ask(here, self._way, agent=self._agent)
        except Trouble as trouble:
            self.hops.append(Hop(here.text, trouble.address, 0))
            raise
        self.hops.append(Hop(here.text, reply.address, reply.status))
        return reply


def _onward(here: WebAddress, reply: Reply) -> str | None:
    """Where the answer sends on: by its status, or as a page that moves on by itself."""
    if reply.status in _REDIRECTS and (location := reply.headers.get("location", "")):
        # Header bytes beyond ASCII are UTF-8 in practice.
        return joined(here, location.encode("latin-1").decode("utf-8", "replace"))
    if reply.status != 200:
        return None
    moves_to = outline_of(reply.head, reply.headers.get("content-type", "")).moves_to
    onward = joined(here, moves_to) if moves_to else here.text
    return onward if onward != here.text else None


def _fetched(first: WebAddress, here: WebAddress, reply: Reply) -> Fetched:
    kind = reply.headers.get("content-type", "")
    if reply.cut and len(reply.head) < _LEAST and (not reply.head or outline_of(reply.head, kind).is_page):
        raise Trouble(Verdict.TIMEOUT, "drip", reply.address)
    return Fetched(first, here, reply.status, kind, "www-authenticate" in reply.headers, reply.head)
