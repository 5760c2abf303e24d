"""Files that belong to requests and answers, and their way to the reader (R-ANS.1, R-ANS.5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_network

FILES_EACH = 20  # of one request or answer
UNSENT = timedelta(days=2)  # a request that nobody sent keeps its files so long


class Owner(StrEnum):
    """What a file belongs to."""

    REQUEST = "request"  # one that is being written; named by its client id
    CONSULTATION = "consultation"  # one that was sent
    ANSWER = "answer"  # the task that is being, or was, answered


@dataclass(frozen=True, slots=True)
class Belonging:
    """To what a file belongs."""

    kind: Owner
    id: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A whole file of a request or an answer."""

    id: str
    owner: Belonging
    content_hash: str
    name: str
    kind: str
    size: int
    uploaded_by: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file on its way to the reader who asked for it."""

    id: str
    consultation_id: str
    answer_id: str
    file_id: str
    expires: datetime
    fetched: int
    first_fetched_at: datetime | None
    last_fetched_at: datetime | None
    created_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed: the very moment of expiry counts as over."""
        return now >= self.expires


def blurred(address: str) -> str:
    """An IP address without the part that points at one person: /24 of IPv4, /48 of IPv6."""
    try:
        return str(ip_network(f"{address}/{48 if ':' in address else 24}", strict=False))
    except ValueError:
        return ""
