"""Who is on duty and who is free: present by a live lease, and not away."""

from collections.abc import Iterable
from datetime import datetime

from server.domain.permissions import Role
from server.domain.routing import Need, OnDuty, Skills
from server.store.duty import listed
from server.store.presence import present
from server.store.reads import Read
from server.store.rows import Reader, Row, from_us, to_us

_WORKING = "d.availability IN ('available', 'busy')"
_FACTS = (
    "SELECT d.staff_id, d.role, d.library_id, d.topics, d.languages, d.capacity, d.load, d.offers, d.idle_since_at,"
    " d.availability, {desk} AS desk_id FROM duty d"
)
_ANY_ON_DUTY = (
    "SELECT 1 AS found FROM desk_staff ds JOIN duty d ON d.staff_id = ds.staff_id"
    f" WHERE ds.desk_id = {{desk}} AND {_WORKING} AND {present('staff', 'd.staff_id', '$1')} LIMIT 1"
)
# The desks where somebody waits, and those that help them.
_DESKS_ASKED = (
    "SELECT s.target_desk_id FROM chat_session s WHERE s.state = 'queued'"
    " UNION SELECT b.desk_id FROM chat_session s JOIN desk_group_member a ON a.desk_id = s.target_desk_id"
    " JOIN desk_group_member b ON b.group_id = a.group_id WHERE s.state = 'queued'"
)


async def anybody_free(db: Reader, now: datetime) -> bool:
    """Whether anybody at all could be made an offer; answers before any longer look."""
    row = await db.row(
        "SELECT 1 AS found FROM duty d WHERE d.availability = 'available' AND d.offers = 0 AND d.load < d.capacity"
        f" AND {present('staff', 'd.staff_id', '$1')} LIMIT 1",
        to_us(now),
    )
    return row is not None


async def skills_on_duty(db: Reader, now: datetime) -> list[Skills]:
    """What those bring who are there and not away, anywhere in the alliance; each combination once."""
    rows = await db.rows(
        f"SELECT DISTINCT d.role, d.topics, d.languages FROM duty d WHERE {_WORKING}"
        f" AND {present('staff', 'd.staff_id', '$1')}",
        to_us(now),
    )
    return [Skills(Role(row["role"]), listed(row["topics"]), listed(row["languages"])) for row in rows]


async def on_duty_near(db: Reader, now: datetime) -> list[OnDuty]:
    """Everybody on duty at the desks where somebody waits, at those that help them, or whom somebody waits for."""
    near = await db.rows(
        _FACTS.format(desk="ds.desk_id") + " JOIN desk_staff ds ON ds.staff_id = d.staff_id"
        f" WHERE ds.desk_id IN ({_DESKS_ASKED}) AND {_WORKING} AND {present('staff', 'd.staff_id', '$1')}",
        to_us(now),
    )
    named = await db.rows(
        _FACTS.format(desk="''")
        + f" WHERE {_WORKING} AND {present('staff', 'd.staff_id', '$1')} AND d.staff_id IN"
        " (SELECT target_staff_id FROM chat_session WHERE state = 'queued' AND target_staff_id <> '')",
        to_us(now),
    )
    return _on_duty([*near, *named])


async def on_duty_at(db: Reader, desk_id: str, now: datetime) -> list[OnDuty]:
    """Everybody on duty at one desk."""
    rows = await db.rows(
        _FACTS.format(desk="ds.desk_id") + " JOIN desk_staff ds ON ds.staff_id = d.staff_id"
        f" WHERE ds.desk_id = $2 AND {_WORKING} AND {present('staff', 'd.staff_id', '$1')}",
        to_us(now),
        desk_id,
    )
    return _on_duty(rows)


def on_duty_read(desk_id: str, now: datetime) -> Read[bool]:
    """Whether anybody is on duty at the desk."""
    return Read(_ANY_ON_DUTY.format(desk="$2"), (to_us(now), desk_id), bool)


def on_duty_at_read(slug: str, now: datetime) -> Read[bool]:
    """The same for a desk that is known by its short name."""
    desk = "(SELECT id FROM desk WHERE slug = $2)"
    return Read(_ANY_ON_DUTY.format(desk=desk), (to_us(now), slug), bool)


async def on_duty_as(db: Reader, staff_id: str, now: datetime) -> OnDuty | None:
    """This person, if they are on duty. Their desks are not told."""
    rows = await db.rows(
        _FACTS.format(desk="''")
        + f" WHERE d.staff_id = $2 AND {_WORKING} AND {present('staff', 'd.staff_id', '$1')}",
        to_us(now),
        staff_id,
    )
    return next(iter(_on_duty(rows)), None)


async def free_anywhere(db: Reader, need: Need, now: datetime, *, limit: int) -> list[OnDuty]:
    """The next in turn, wherever they sit, who could take a session with this need. Their desks are not told."""
    chosen = "(',' || d.topics || ',') LIKE '%,' || $5 || ',%'"
    if need.role is Role.LIBRARIAN:
        fitting = f"d.role = $2 AND {chosen}"
    elif need.role is Role.SUPPORT_AGENT:
        # Librarians who are support agents as well have orders among their topics.
        fitting = f"(d.role = $2 OR d.role = 'librarian' AND {chosen})"
    else:
        fitting = "d.role = $2"
    rows = await db.rows(
        _FACTS.format(desk="''")
        + " WHERE d.availability = 'available' AND d.offers = 0 AND d.load < d.capacity"
        f" AND {fitting} AND (',' || d.languages || ',') LIKE '%,' || $3 || ',%'"
        f" AND {present('staff', 'd.staff_id', '$1')} ORDER BY d.load, d.idle_since_at, d.staff_id LIMIT $4",
        to_us(now),
        str(need.role),
        need.language,
        limit,
        *([str(need.topic)] if "$5" in fitting else []),
    )
    return _on_duty(rows)


async def on_duty_everywhere(db: Reader, now: datetime) -> list[OnDuty]:
    """Everybody on duty in the alliance."""
    rows = await db.rows(
        _FACTS.format(desk="COALESCE(ds.desk_id, '')")
        + " LEFT JOIN desk_staff ds ON ds.staff_id = d.staff_id"
        f" WHERE {_WORKING} AND {present('staff', 'd.staff_id', '$1')}",
        to_us(now),
    )
    return _on_duty(rows)


def _on_duty(rows: Iterable[Row]) -> list[OnDuty]:
    """One value for each person; they have one row for each of their desks."""
    desks: dict[str, set[str]] = {}
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["staff_id"], row)
        at = desks.setdefault(row["staff_id"], set())
        if row["desk_id"]:
            at.add(row["desk_id"])
    return [
        OnDuty(
            staff_id,
            Role(row["role"]),
            frozenset(desks[staff_id]),
            listed(row["topics"]),
            listed(row["languages"]),
            row["capacity"],
            row["load"],
            from_us(row["idle_since_at"]),
            library_id=row["library_id"],
            available=row["availability"] == "available",
            offered=bool(row["offers"]),
        )
        for staff_id, row in first.items()
    ]
