"""What a staff member offers while on duty: availability, capacity, and when the system sets them away."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from server.domain.chat import Topic
from server.domain.errors import Invalid
from server.domain.permissions import Role
from server.domain.policies import ChatPolicy

LANGUAGES = frozenset({"zh", "en"})
_ORDERS = frozenset({str(Topic.ORDER)})


class Availability(StrEnum):
    """Whether somebody takes new conversations. Busy: at the desk, but no new ones; away: not on duty."""

    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"


class AwayReason(StrEnum):
    """Why the system set somebody away; empty when they did it themselves."""

    THEMSELVES = ""
    MISSED_OFFERS = "missed_offers"
    IDLE = "idle"
    LOST = "lost"  # their connection, longer than the grace time


@dataclass(frozen=True, slots=True)
class Duty:
    """One staff member's duty as stored; ``load`` counts sessions offered to or held by them."""

    staff_id: str
    role: Role
    library_id: str
    availability: Availability
    away_reason: AwayReason
    capacity: int
    load: int
    offers: int
    missed: int  # offers in a row
    topics: frozenset[str]
    languages: frozenset[str]
    idle_since: datetime
    version: int


@dataclass(frozen=True, slots=True)
class DutyWish:
    """What a staff member wants changed; None leaves a part as it is."""

    availability: str | None = None
    capacity: int | None = None
    topics: frozenset[str] | None = None
    languages: frozenset[str] | None = None


def topics_for(role: Role, *, supports: bool = False) -> frozenset[str]:
    """The topics of somebody who serves in this role, until they choose among them themselves.

    Orders and complaints are the support agents' (R-ORG.5): a librarian's only where they hold that role as well.
    """
    if role is Role.SUPPORT_AGENT:
        return _ORDERS
    topics = frozenset(map(str, Topic))
    return topics if role is Role.LIBRARIAN and supports else topics - _ORDERS


def topics_after(before: frozenset[str] | None, role: Role, *, supports: bool) -> frozenset[str]:
    """The topics of somebody whose roles have changed: what they had chosen, if anything, stays as far as it is theirs.

    Who is a support agent besides is offered orders as well, until they choose otherwise.
    """
    usual = topics_for(role, supports=supports)
    chosen = ((before or usual) | _ORDERS) & usual
    return chosen if chosen - _ORDERS else usual


def usual_capacity(policy: ChatPolicy) -> int:
    """How many readers somebody new takes at once, until they choose themselves."""
    return min(policy.default_capacity, policy.max_capacity)


def new_duty(
    staff_id: str, role: Role, library_id: str, *, supports: bool = False, policy: ChatPolicy, now: datetime
) -> Duty:
    """Somebody's first duty: away, with the capacity that their library's policy gives."""
    return Duty(
        staff_id,
        role,
        library_id,
        Availability.AWAY,
        AwayReason.THEMSELVES,
        capacity=usual_capacity(policy),
        load=0,
        offers=0,
        missed=0,
        topics=topics_for(role, supports=supports),
        languages=frozenset({"zh"}),
        idle_since=now,
        version=0,
    )


def changed(duty: Duty, wish: DutyWish, policy: ChatPolicy, now: datetime, *, supports: bool = False) -> Duty:
    """The duty as they want it; ``supports`` is who is a support agent as well. Raises Invalid naming the field.

    A capacity below the present load ends no conversation, it only holds new ones back. Coming back from away starts
    a new count of missed offers, and a new wait for the next turn.
    """
    if wish.availability is not None:
        if wish.availability not in set(Availability):
            raise Invalid("availability_unknown", "availability", choices=", ".join(Availability))
        duty = _made(duty, Availability(wish.availability), now)
    if wish.capacity is not None:
        if not 1 <= wish.capacity <= policy.max_capacity:
            raise Invalid("capacity_range", "capacity", low=1, high=policy.max_capacity)
        duty = replace(duty, capacity=wish.capacity)
    if wish.topics is not None:
        allowed = topics_for(duty.role, supports=supports)
        if not wish.topics or not wish.topics <= allowed:
            raise Invalid("duty_topics", "topics", choices=", ".join(sorted(allowed)))
        duty = replace(duty, topics=wish.topics)
    if wish.languages is not None:
        if not wish.languages or not wish.languages <= LANGUAGES:
            raise Invalid("duty_languages", "languages", choices=", ".join(sorted(LANGUAGES)))
        duty = replace(duty, languages=wish.languages)
    return duty


def offer_accepted(duty: Duty, now: datetime) -> Duty:
    """They took it: the offer has become a conversation, and it is somebody else's turn among equals."""
    return replace(duty, offers=0, missed=0, idle_since=now)


def offer_declined(duty: Duty) -> Duty:
    """They said no, which is no miss; they keep their turn."""
    return replace(duty, offers=0, load=duty.load - 1, missed=0)


def offer_withdrawn(duty: Duty) -> Duty:
    """The offer went away by itself: the reader ended, or the librarian went off duty."""
    return replace(duty, offers=0, load=duty.load - 1)


def offer_missed(duty: Duty, policy: ChatPolicy) -> Duty:
    """They let it run out; two in a row, and they are taken to be away."""
    duty = replace(duty, offers=0, load=duty.load - 1, missed=duty.missed + 1)
    return away(duty, AwayReason.MISSED_OFFERS) if duty.missed >= policy.missed_offers_to_away else duty


def session_released(duty: Duty, now: datetime, sessions: int = 1) -> Duty:
    """Conversations they held count no more: ended, passed on or taken from them."""
    return replace(duty, load=duty.load - sessions, idle_since=now)


def away(duty: Duty, reason: AwayReason) -> Duty:
    """The system sets them away and says why; who is away already stays so for the first reason."""
    if duty.availability is Availability.AWAY:
        return duty
    return replace(duty, availability=Availability.AWAY, away_reason=reason)


def _made(duty: Duty, availability: Availability, now: datetime) -> Duty:
    back = duty.availability is Availability.AWAY and availability is not Availability.AWAY
    return replace(
        duty,
        availability=availability,
        away_reason=AwayReason.THEMSELVES,
        missed=0 if back else duty.missed,
        idle_since=now if back else duty.idle_since,
    )
