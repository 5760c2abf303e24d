"""A reader's request: how many a day, what may be left out, and what happens next with it (R-72, R-ANS.4, R-ANS.5)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256

from server.domain.citation_matching import contradict, match_keys
from server.domain.citations import Citation, citation_from, texts_of
from server.domain.consultations import Consultation
from server.domain.errors import Conflict, Invalid, TooMany
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Stage, Standing, Waiting, stage_of

QUESTION_LIMIT = 8000
COMMENT_LIMIT = 2000
_WORKED = (Channel.DOCUMENT, Channel.FORM, Channel.KNOWLEDGE)


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next, by when at the latest; ``key`` names its words (``consultation.next.<key>``)."""

    key: str
    at: datetime | None = None


def day_begins(now: datetime, zone: tzinfo) -> datetime:
    """The midnight with which today began where the installation stands: quotas are counted from it."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def next_slot(now: datetime, zone: tzinfo) -> datetime:
    """When a reader who used up today's requests may ask again."""
    return day_begins(day_begins(now, zone) + timedelta(hours=36), zone)


def demand_quota(asked_today: int, limit: int, now: datetime, zone: tzinfo) -> None:
    """Raise TooMany when today's requests, this one counted, are more than the limit (R-ANS.5)."""
    if asked_today > limit:
        slot = next_slot(now, zone)
        wait = int((slot - now).total_seconds()) + 1
        at = f"{slot.astimezone(zone):%Y-%m-%d %H:%M}"
        raise TooMany("requests_today", "R-ANS.5", limit=limit, at=at, retry_after=wait)


def question_key(reader_id: str, channel: Channel, question: str) -> str:
    """Under which the same question of the same reader meets itself; nobody else's question ever does."""
    if not reader_id:
        return ""
    said = " ".join(question.split()).casefold()
    return "q:" + sha256(f"{reader_id}\x1f{channel}\x1f{said}".encode()).hexdigest()[:56]


def keys_of(c: Consultation) -> tuple[str, ...]:
    """Every key under which a consultation meets equal ones, one of them being enough; none for a phone call.

    What was said in a conversation goes along with its question: that meets nothing, either.
    """
    if c.channel is Channel.DOCUMENT:
        return match_keys(_cited(c.material, c.citation))
    asker = "" if c.session_id or c.channel is Channel.PHONE else c.reader_id
    key = question_key(asker, c.channel, c.question)
    return (key,) if key else ()


def goes_with(c: Consultation, waiting: Iterable[str]) -> bool:
    """Whether it contradicts none of the citations that wait under its keys: two volumes have one ISBN."""
    if c.channel is not Channel.DOCUMENT:
        return True
    mine = _cited(c.material, c.citation)
    return not any(contradict(mine, _cited(c.material, other)) for other in waiting)


def _cited(material: str, citation: str) -> Citation:
    texts = json.loads(citation or "{}")
    return citation_from({"material": material, **{name: str(value) for name, value in texts.items()}})


def demand_convertible(consultation: Consultation, to: Channel) -> None:
    """Raise unless it waits, and goes from question to request or back (R-ANS.4)."""
    if consultation.state is not Standing.OPEN:
        raise Conflict("consultation_closed", "R-ANS.4")
    if to not in _WORKED or consultation.channel == to:
        raise Invalid("convert_same", "to", "R-ANS.4")
    if Channel.DOCUMENT not in (to, consultation.channel):
        raise Invalid("convert_same", "to", "R-ANS.4")


def written_citation(citation: Citation, names: dict[str, str]) -> str:
    """The request's fields, one a line, as a question carries them; ``names`` are the fields' own."""
    return "\n".join(
        f"{names[name]}: {text}" for name, text in texts_of(citation).items() if name in names and text
    )


def next_for(c: Consultation, policy: TaskPolicy, now: datetime) -> Next:
    """What happens next with a consultation, told to its reader (R-72.8)."""
    if c.state is Standing.CANCELLED:
        return Next("cancelled")
    if c.state is Standing.ANSWERED:
        return Next("rated" if c.rating else "rate")
    strict = c.submitted_at + timedelta(hours=policy.strict_hours)
    stage = stage_of(Waiting(c.id, c.submitted_at, policy), now)
    if stage is Stage.OVERDUE:
        return Next("overdue")
    if stage is Stage.ESCALATED:
        duty = c.submitted_at + timedelta(hours=policy.duty_manager_hours)
        return Next("widened" if c.channel is Channel.DOCUMENT else "late", duty)
    if c.channel is Channel.DOCUMENT:
        return Next("search", strict)
    return Next("phone" if c.channel is Channel.PHONE else "question", strict)
