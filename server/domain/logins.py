"""Log-ins: how long a session, a link or a code lives, and how often one may guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Any

from server.domain.errors import NotFound, TooMany

STAFF_IDLE = timedelta(hours=12)
READER_IDLE = timedelta(days=30)
WIDGET_LIFE = timedelta(hours=12)  # lives in the host page's storage: never renewed
RENEW_EVERY = timedelta(minutes=5)  # so that a busy console does not write a row with every request


class LogInKind(StrEnum):
    """What holds the secret."""

    BROWSER = "browser"  # our cookie
    WIDGET = "widget"  # a bearer in the host origin's storage, good for a reader's things only


class Purpose(StrEnum):
    """What a link or code is good for, once."""

    VERIFY = "verify"
    RESET = "reset"
    INVITE = "invite"
    WIDGET = "widget"
    DRAFT = "draft"  # a request that was filled in before logging in


LIFE: Mapping[Purpose, timedelta] = {
    Purpose.VERIFY: timedelta(hours=24),
    Purpose.RESET: timedelta(minutes=30),
    Purpose.INVITE: timedelta(days=7),
    Purpose.WIDGET: timedelta(seconds=60),
    Purpose.DRAFT: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link or code that works once; ``id`` is the hash of its secret."""

    id: str
    purpose: Purpose
    account_id: str
    data: Mapping[str, Any]
    expires: datetime


def gone(purpose: Purpose) -> NotFound:
    """The refusal for a link that is unknown, used or too old: which of them, nobody is told."""
    return NotFound("code_gone" if purpose is Purpose.WIDGET else "link_gone")


@dataclass(frozen=True, slots=True)
class LogIn:
    """A log-in of a browser or widget; ``id`` is the hash of its secret."""

    id: str
    account_id: str
    kind: LogInKind
    desk_id: str
    created_at: datetime
    seen_at: datetime
    expires: datetime
    begun_by: str = ""  # a widget's: the browser's log-in that it ends with


def life_of(kind: LogInKind, *, staff: bool) -> timedelta:
    """How long a log-in lasts without being used."""
    if kind is LogInKind.WIDGET:
        return WIDGET_LIFE
    return STAFF_IDLE if staff else READER_IDLE


def renewed(login: LogIn, *, staff: bool, now: datetime) -> datetime | None:
    """When a log-in in use now ends; None while its last renewal is recent enough."""
    if login.kind is LogInKind.WIDGET or now - login.seen_at < RENEW_EVERY:
        return None
    return now + life_of(login.kind, staff=staff)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many attempts in a window that begins with the first."""

    name: str
    count: int
    window: timedelta
    refusal: str = "too_many_attempts"


# Per account first: a whole campus sits behind one address. The middle one bounds guessing from many addresses
# without letting a stranger lock somebody out who logs in from their own.
LOG_IN_HERE = Limit("log_in_here", 10, timedelta(minutes=15))  # one account from one address
LOG_IN_ACCOUNT = Limit("log_in", 100, timedelta(minutes=15))
LOG_IN_ADDRESS = Limit("log_in_from", 2000, timedelta(minutes=15))
MAIL_TO = Limit("mail_to", 5, timedelta(hours=1))  # links mailed to one address
MAIL_FROM = Limit("mail_from", 500, timedelta(hours=1))  # links asked for from one network address
# Nobody sends mails to strangers in our name: transcripts of one conversation, and what one address gets unasked.
TRANSCRIPTS_OF = Limit("transcripts_of", 5, timedelta(hours=1))
WORDS_TO = Limit("words_to", 20, timedelta(hours=1))
DRAFTS_FROM = Limit("drafts_from", 500, timedelta(hours=1))  # requests kept for who has yet to log in
SESSIONS_OF = Limit("sessions_of", 30, timedelta(hours=1), "too_many_sessions")  # conversations of one reader
LIMITS = (
    LOG_IN_HERE,
    LOG_IN_ACCOUNT,
    LOG_IN_ADDRESS,
    MAIL_TO,
    MAIL_FROM,
    TRANSCRIPTS_OF,
    WORDS_TO,
    DRAFTS_FROM,
    SESSIONS_OF,
)


def judge_attempt(limit: Limit, taken: int, window_began: datetime, now: datetime) -> None:
    """Let the ``taken``-th attempt pass. Raises TooMany with the seconds and minutes to wait."""
    if taken > limit.count:
        wait = max(1, ceil((window_began + limit.window - now).total_seconds()))
        raise TooMany(limit.refusal, retry_after=wait, minutes=-(-wait // 60))


def own_path(text: str, default: str = "/account") -> str:
    """A place of our own to go on to; the default for anything that a browser might read as another host."""
    if text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable():
        return text
    return default


def network_of(address: str) -> str:
    """What attempts from a network address are counted under: a household or campus has a whole IPv6 /64."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((ip, 64), strict=False))
    return str(ip)
