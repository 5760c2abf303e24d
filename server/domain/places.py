"""Where waiting readers stand in the queue, and how long they may honestly expect to wait (R-LIVE.1)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.permissions import Role
from server.domain.routing import Circle, Need, Roster, Waiting, role_for


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting reader stands: position from 1, honest wait in seconds (None without ground), who is on duty."""

    position: int
    wait_seconds: int | None
    on_duty: int


def places(line: Sequence[Waiting], roster: Roster, mean_talk_seconds: float | None) -> dict[str, Place]:
    """Everybody's place; ``line`` holds all who wait, also those being offered right now.

    Counted in the narrowest circle that has somebody on duty, among those who wait for the same kind of librarian.
    """
    found: dict[str, Place] = {}
    standing: Counter[tuple[Role, str]] = (
        Counter()
    )  # everybody seen so far, by desk and (desk "") in the alliance
    asking: Counter[tuple[Role, str]] = Counter()  # those of them who hold no librarian's slot yet
    crowds: dict[tuple[Need, str, str], Crowd] = {}
    for waiting in sorted(line, key=lambda each: each.place):
        # Who is on duty and asks is not there for themselves, yet for everybody behind them.
        asker = waiting.reader_id if waiting.reader_id in roster.ids else ""
        key = (waiting.need, waiting.desk_id, asker)
        crowd = crowds.get(key) or crowds.setdefault(key, narrowest(waiting, roster))
        role = role_for(waiting)
        position = 1 + sum(standing[role, desk] for desk in crowd.desks)
        behind = 0 if waiting.offered else 1 + sum(asking[role, desk] for desk in crowd.desks)
        wait = expected_wait(behind, slots=crowd.slots, free=crowd.free, mean_talk_seconds=mean_talk_seconds)
        found[waiting.session_id] = Place(position, wait, crowd.people)
        for desk in (waiting.desk_id, ""):
            standing[role, desk] += 1
            asking[role, desk] += not waiting.offered
    return found


@dataclass(frozen=True, slots=True)
class Crowd:
    """The people of a circle in figures, and the desks whose readers wait for them (one empty id: every desk's)."""

    desks: frozenset[str]
    people: int
    slots: int
    free: int


def narrowest(waiting: Waiting, roster: Roster) -> Crowd:
    """The narrowest circle with somebody on duty who could serve the session."""
    home = frozenset({waiting.desk_id})
    group = home | roster.neighbours.get(waiting.desk_id, frozenset())
    desks, people = home, list(roster.within(Circle.DESK, waiting))
    if not people:
        desks, people = group, list(roster.within(Circle.GROUP, waiting))
    if not people:
        desks, people = frozenset({""}), list(roster.within(Circle.ALLIANCE, waiting))
    taking = [someone for someone in people if someone.available]
    return Crowd(
        desks,
        len(people),
        sum(someone.capacity for someone in taking),
        sum(max(0, someone.capacity - someone.load) for someone in taking),
    )


def expected_wait(position: int, *, slots: int, free: int, mean_talk_seconds: float | None) -> int | None:
    """Seconds until a reader at this position is likely to be offered; None where there is no ground for a figure.

    ``slots`` conversations run side by side, one ends every mean/slots seconds; who finds a free one waits for nobody.
    """
    behind = position - free
    if slots <= 0:
        return None
    if behind <= 0:
        return 0
    if mean_talk_seconds is None:
        return None
    return round(behind * mean_talk_seconds / slots)
