"""A look at a link, its evidence and when to look again; what a fetched page turns out to be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain import walls
from server.domain.addresses import WebAddress
from server.domain.verdicts import Meaning, Verdict, meaning_of
from server.domain.walls import Sign
from server.domain.web_pages import outline_of

LOOK_AGAIN = (timedelta(days=1), timedelta(days=7), timedelta(days=30))  # after the answer was sent
DOUBT = timedelta(hours=6)  # a link that fails is looked at once more before anybody is told
FRESH = timedelta(minutes=15)  # so long a verdict stands without another look
PER_MINUTE = 20  # looks that one person may ask for


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back of one link, before anybody judges it."""

    asked: WebAddress
    final: WebAddress
    status: int
    kind: str  # Content-Type, as sent
    asks_log_in: bool  # WWW-Authenticate
    head: bytes  # the body's first bytes


@dataclass(frozen=True, slots=True)
class Hop:
    """One address on the way, the IP address that was really asked, and what it answered."""

    url: str
    address: str
    status: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a link found, and how that was recognised."""

    verdict: Verdict
    why: str = ""
    sure: bool = True
    hops: tuple[Hop, ...] = ()
    kind: str = ""
    title: str = ""
    head_hash: str = ""  # SHA-256 of the first bytes
    milliseconds: int = 0

    @property
    def meaning(self) -> Meaning:
        return meaning_of(self.verdict, sure=self.sure)


@dataclass(frozen=True, slots=True)
class Probe:
    """A look kept as evidence."""

    id: str
    url: str
    at: datetime
    look: Look

    @property
    def verdict(self) -> Verdict:
        return self.look.verdict

    @property
    def meaning(self) -> Meaning:
        return self.look.meaning


def next_look(step: int, sent_at: datetime) -> datetime | None:
    """When to look again after ``step`` looks: 1, 7 and 30 days after the answer, then never."""
    return sent_at + LOOK_AGAIN[step] if step < len(LOOK_AGAIN) else None


def classify(fetched: Fetched) -> tuple[Sign, str]:
    """What a reader without any account would find there, as well as a machine can tell; and the page's title."""
    outline = outline_of(fetched.head, fetched.kind)
    by_status = _by_status(fetched.status)
    said = Sign(by_status, f"HTTP {fetched.status}")
    if fetched.asks_log_in and fetched.status in (401, 403):
        return Sign(Verdict.LOG_IN_WALL, "WWW-Authenticate"), outline.title
    if by_status is Verdict.REFUSED:
        return walls.log_in_said(outline) or walls.payment_said(outline) or said, outline.title
    if by_status is not Verdict.OPENS:
        return said, outline.title
    if not outline.is_page:
        return Sign(Verdict.OPENS, outline.document), ""
    if sign := walls.led_to_log_in(fetched.asked, fetched.final):
        return sign, outline.title
    if outline.free is True:
        return Sign(Verdict.OPENS, "isAccessibleForFree"), outline.title
    sign = walls.missing_said(outline) or walls.led_home(fetched.asked, fetched.final)
    sign = sign or walls.payment_said(outline) or walls.log_in_said(outline)
    return sign or Sign(Verdict.OPENS), outline.title


def _by_status(status: int) -> Verdict:
    match status:
        case 401 | 407 | 511:
            return Verdict.LOG_IN_WALL
        case 402:
            return Verdict.PAYMENT_WALL
        case 403 | 405 | 406 | 429 | 451:
            return Verdict.REFUSED
        case _ if 200 <= status < 300:
            return Verdict.OPENS
        case _ if 400 <= status < 500:
            return Verdict.NOT_FOUND
    return Verdict.SERVER_ERROR
