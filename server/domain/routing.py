"""Who is offered to whom: circles that widen, readers first come first served, librarians longest idle first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from heapq import merge

from server.domain.chat import Topic
from server.domain.errors import Conflict
from server.domain.permissions import Role
from server.domain.policies import ChatPolicy


class Circle(IntEnum):
    """How far from the reader's desk somebody may sit who is offered the session."""

    PERSON = 0  # transferred to one person
    DESK = 1
    GROUP = 2  # the desks that help each other
    ALLIANCE = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """What routing must know of a session in the queue."""

    session_id: str
    desk_id: str  # where it is routed to
    topic: Topic
    language: str
    queued_at: datetime  # its place: kept when it comes back
    circle_from: datetime
    priority: int = 0
    practice: bool = False
    target_staff_id: str = ""
    declined: frozenset[str] = frozenset()
    offered: bool = False  # an offer is pending: it waits no more, yet still has its place
    reader_id: str = ""  # the account that asked, if any: nobody answers themselves

    @property
    def place(self) -> tuple[int, datetime, str]:
        """Sorts the queue: urgent first, then first come first served."""
        return (-self.priority, self.queued_at, self.session_id)

    @property
    def need(self) -> "Need":
        return Need(role_for(self), self.topic, self.language)


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody must bring who takes a session: sessions with the same need compete for the same people."""

    role: Role
    topic: Topic
    language: str


@dataclass(frozen=True, slots=True)
class Skills:
    """What somebody on duty brings, whoever it is."""

    role: Role
    topics: frozenset[str]
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who is at their desk now: present and not away, whether or not they can take another session."""

    staff_id: str
    role: Role
    desks: frozenset[str]
    topics: frozenset[str]
    languages: frozenset[str]
    capacity: int
    load: int
    idle_since: datetime
    library_id: str = ""
    available: bool = True  # not "busy"
    offered: bool = False  # an offer is pending
    supervised: bool = False  # an intern whose library lets them answer readers under supervision (R-ORG.5)

    @property
    def free(self) -> bool:
        """Whether one more offer may be made to them now."""
        return self.available and not self.offered and self.load < self.capacity

    @property
    def turn(self) -> tuple[int, datetime, str]:
        """Sorts who is next: fewest conversations, then longest idle."""
        return (self.load, self.idle_since, self.staff_id)


@dataclass(frozen=True, slots=True)
class Offer:
    """This session is to be offered to this person; ``supervisor_id`` stands behind an intern."""

    session_id: str
    staff_id: str
    supervisor_id: str = ""


@dataclass
class Roster:
    """Who is on duty, by desk, and which desks help each other (a desk is no neighbour of its own)."""

    staff: Iterable[OnDuty]
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.everybody = sorted(self.staff, key=lambda someone: someone.turn)
        self.ids = frozenset(someone.staff_id for someone in self.everybody)
        self._at: dict[str, list[OnDuty]] = {}
        for someone in self.everybody:
            for desk_id in someone.desks:
                self._at.setdefault(desk_id, []).append(someone)
        self._by_need: dict[Need, list[OnDuty]] = {}

    def within(self, circle: Circle, waiting: Waiting) -> Iterator[OnDuty]:
        """Who in the circle could serve the session at all, next turn first: never who asked it."""
        return (o for o in self._reached(circle, waiting) if o.staff_id != waiting.reader_id)

    def supervisor_of(self, waiting: Waiting, intern: OnDuty) -> str:
        """The full librarian of the same desk who would see every message; empty when there is none (R-ORG.5)."""
        for someone in self._at.get(waiting.desk_id, ()):
            themselves = someone.staff_id in (intern.staff_id, waiting.reader_id)
            if someone.role is Role.LIBRARIAN and someone.available and not themselves:
                return someone.staff_id
        return ""

    def _reached(self, circle: Circle, waiting: Waiting) -> Iterator[OnDuty]:
        need = waiting.need
        if circle is Circle.ALLIANCE:
            return iter(self._fitting(need))
        if circle is Circle.PERSON:
            return (
                o
                for o in self.everybody
                if o.staff_id == waiting.target_staff_id and self._admitted(waiting, o)
            )
        near = self._at.get(waiting.desk_id, ()) if circle is Circle.DESK else self._group(waiting.desk_id)
        return (o for o in near if fits(need, o) or self._under_supervision(waiting, o))

    def _admitted(self, waiting: Waiting, someone: OnDuty) -> bool:
        """Who transfers to a person knows why, whatever topics that person ticked; only interns stay out (R-ORG.5)."""
        return (
            someone.role is not Role.INTERN or waiting.practice or self._under_supervision(waiting, someone)
        )

    def _under_supervision(self, waiting: Waiting, someone: OnDuty) -> bool:
        return (
            someone.role is Role.INTERN
            and someone.supervised
            and waiting.desk_id in someone.desks
            and role_for(waiting) is Role.LIBRARIAN
            and waiting.topic in someone.topics
            and waiting.language in someone.languages
            and bool(self.supervisor_of(waiting, someone))
        )

    def _fitting(self, need: Need) -> list[OnDuty]:
        if need not in self._by_need:
            self._by_need[need] = [someone for someone in self.everybody if fits(need, someone)]
        return self._by_need[need]

    def _group(self, desk_id: str) -> Iterator[OnDuty]:
        desks = {desk_id, *self.neighbours.get(desk_id, ())}
        seen: set[str] = set()
        for someone in merge(*(self._at.get(desk, ()) for desk in desks), key=lambda each: each.turn):
            if someone.staff_id not in seen:
                seen.add(someone.staff_id)
                yield someone


def role_for(waiting: Waiting) -> Role:
    """Orders and complaints go to support agents, practice to interns, all else to full librarians (R-ORG.5)."""
    return Role.INTERN if waiting.practice else _role_for_readers(waiting.topic)


def topics_served(staff: Iterable[Skills], languages: Iterable[str]) -> dict[str, list[Topic]]:
    """By language, the topics for which somebody is there: what a reader may be told before asking (R-LIVE.1)."""
    known = list(staff)

    def served(topic: Topic, language: str) -> bool:
        need = Need(_role_for_readers(topic), topic, language)
        return any(fits(need, someone) for someone in known)

    return {language: [topic for topic in Topic if served(topic, language)] for language in languages}


def fits(need: Need, someone: OnDuty | Skills) -> bool:
    """Whether somebody brings what a session needs, free or not."""
    if need.language not in someone.languages:
        return False
    if need.role is Role.SUPPORT_AGENT:
        return supports(someone)
    # An intern practises whatever else they ticked.
    return someone.role is need.role and (need.role is not Role.LIBRARIAN or need.topic in someone.topics)


def supports(someone: OnDuty | Skills) -> bool:
    """Whether somebody takes orders and complaints: support agents, and librarians who are that as well (R-ORG.5)."""
    return someone.role is Role.SUPPORT_AGENT or (
        someone.role is Role.LIBRARIAN and Topic.ORDER in someone.topics
    )


def demand_there(someone: OnDuty | None, name: str) -> OnDuty:
    """Raise Conflict unless somebody named is on duty: present and not away."""
    if someone is None:
        raise Conflict("colleague_absent", name=name)
    return someone


def demand_room(someone: OnDuty | None, name: str) -> OnDuty:
    """Raise Conflict unless somebody named can take a conversation now: on duty, not busy, with room for one more.

    An offer that is pending with them is no hindrance: it is settled within seconds.
    """
    someone = demand_there(someone, name)
    if not someone.available:
        raise Conflict("colleague_busy", name=name)
    if someone.load >= someone.capacity:
        raise Conflict("colleague_full", name=name, capacity=someone.capacity)
    return someone


def demand_anybody(waiting: Waiting, roster: Roster, name: str, *, support: bool = False) -> None:
    """Raise Conflict unless somebody on duty could serve the session, in the widest circle that it will come to.

    What belongs to live chat no longer, or cannot be answered there now, becomes a form question or a call-back
    (R-LIVE.4): nobody is left waiting for nobody. Who is busy counts: they are there.
    """
    somebody = _somebody(roster, waiting)
    if not any(somebody(circle) for circle in (Circle.DESK, Circle.GROUP, Circle.ALLIANCE)):
        raise Conflict("support_unattended" if support else "desk_unattended", "R-LIVE.4", name=name)


def topic_given_to(topic: Topic, *, support: bool) -> Topic:
    """What a conversation is about once it is passed on, to support or not.

    Orders and complaints are offered to support agents alone: what these pass on to librarians is a question.
    """
    return Topic.REFERENCE if topic is Topic.ORDER and not support else topic


def may_be_offered(waiting: Waiting, someone: OnDuty) -> bool:
    """Whether the session may be offered to somebody who could serve it: free, and not asked before in this round."""
    return someone.free and someone.staff_id not in waiting.declined


def circle_at(
    waiting: Waiting, now: datetime, policy: ChatPolicy, on_duty: Callable[[Circle], bool]
) -> Circle:
    """How far the session has come by now, offers pending or not.

    ``on_duty`` says whether anybody in a circle could serve it and has not declined it; a circle without anybody is
    passed over at once where the policy says so. Account questions stay home while somebody at home is on duty.
    """
    age = now - waiting.circle_from
    if waiting.target_staff_id and age < policy.seconds("widen_to_group_seconds") and on_duty(Circle.PERSON):
        return Circle.PERSON
    home_first = waiting.topic is Topic.ACCOUNT and age < policy.seconds("account_home_seconds")
    if home_first and on_duty(Circle.DESK):
        return Circle.DESK
    circle = _circle_by_age(age, policy)
    if policy.widen_when_nobody_on_duty:
        while circle < Circle.ALLIANCE and not on_duty(circle):
            circle = Circle(circle + 1)
    return circle


def next_widening(waiting: Waiting, now: datetime, policy: ChatPolicy) -> datetime | None:
    """When the session's circle may widen next; None when it has reached everybody."""
    steps = ["widen_to_group_seconds", "widen_to_alliance_seconds"]
    if waiting.topic is Topic.ACCOUNT:
        steps.append("account_home_seconds")
    moments = [waiting.circle_from + policy.seconds(step) for step in steps]
    return min((moment for moment in moments if moment > now), default=None)


def match(waiting: Iterable[Waiting], roster: Roster, now: datetime, policy: ChatPolicy) -> list[Offer]:
    """The offers to make now: first come first served among the sessions that somebody may be offered.

    Near before far, and among those equally near who has fewest conversations, then who is idle longest. At most one
    offer per session and per person.
    """
    offers: list[Offer] = []
    asked: set[str] = set()
    for session in sorted(waiting, key=lambda each: each.place):
        reach = circle_at(session, now, policy, _somebody(roster, session))
        someone = _next_for(session, reach, roster, asked)
        if someone is not None:
            asked.add(someone.staff_id)
            answers_readers = someone.role is Role.INTERN and not session.practice
            supervisor = roster.supervisor_of(session, someone) if answers_readers else ""
            offers.append(Offer(session.session_id, someone.staff_id, supervisor))
    return offers


def _role_for_readers(topic: Topic) -> Role:
    return Role.SUPPORT_AGENT if topic is Topic.ORDER else Role.LIBRARIAN


def _circle_by_age(age: timedelta, policy: ChatPolicy) -> Circle:
    if age >= policy.seconds("widen_to_alliance_seconds"):
        return Circle.ALLIANCE
    return Circle.GROUP if age >= policy.seconds("widen_to_group_seconds") else Circle.DESK


def _somebody(roster: Roster, waiting: Waiting) -> Callable[[Circle], bool]:
    """Whether anybody in a circle could serve the session and has not declined it."""
    return lambda circle: any(o.staff_id not in waiting.declined for o in roster.within(circle, waiting))


def _next_for(waiting: Waiting, reach: Circle, roster: Roster, asked: set[str]) -> OnDuty | None:
    nearest = Circle.PERSON if waiting.target_staff_id else Circle.DESK
    for circle in range(nearest, reach + 1):
        for someone in roster.within(Circle(circle), waiting):
            if someone.staff_id not in asked and may_be_offered(waiting, someone):
                return someone
    return None
