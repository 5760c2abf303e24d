"""Duty rows: what each staff member offers, and the counter that caps their load."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from server.domain.duty import Availability, AwayReason, Duty
from server.domain.errors import NotFound
from server.domain.events import DutyChanged
from server.domain.permissions import Role
from server.store.presence import present
from server.store.rows import Reader, Row, Transaction, from_us, placeholders, to_us


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who answers at one of the same desks."""

    id: str
    name: str
    library_zh: str
    library_en: str
    availability: Availability
    present: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """A duty row whose counters do not agree with the sessions they count."""

    staff_id: str
    load: int
    offers: int
    held: int
    offered: int


_SAVE = (
    "UPDATE duty SET availability = $2, away_reason = $3, capacity = $4, load = $5, offers = $6, missed = $7,"
    " topics = $8, languages = $9, idle_since_at = $10, version = $11 WHERE staff_id = $1"
)


async def duty_of(db: Reader, staff_id: str) -> Duty:
    """Somebody's duty. Raises NotFound for who stands none."""
    row = await db.row("SELECT * FROM duty WHERE staff_id = $1", staff_id)
    if row is None:
        raise NotFound("duty_not_found")
    return _duty(row)


async def lock_duty(tx: Transaction, staff_id: str) -> Duty | None:
    """Somebody's duty, theirs alone until the transaction ends, with its next version number.

    Always before the sessions they hold, and several people in the order of their ids: so no two transactions wait
    for each other in a ring.
    """
    row = await tx.row("UPDATE duty SET version = version + 1 WHERE staff_id = $1 RETURNING *", staff_id)
    return _duty(row) if row else None


async def lock_duties(tx: Transaction, staff_ids: Collection[str]) -> dict[str, Duty]:
    """The same for many; `save_duties` writes the next version number."""
    rows = await tx.rows(
        "SELECT * FROM duty WHERE staff_id = ANY($1) ORDER BY staff_id FOR UPDATE", list(staff_ids)
    )
    return {row["staff_id"]: replace(_duty(row), version=row["version"] + 1) for row in rows}


async def save_duty(tx: Transaction, duty: Duty, why: str) -> None:
    """Keep the locked duty as the rules have changed it, and tell the console why."""
    await tx.execute(_SAVE, *_values(duty))
    tx.announce(DutyChanged(duty.staff_id, duty.version, why))


async def save_duties(tx: Transaction, duties: Collection[Duty], why: str) -> None:
    """The same for many."""
    await tx.execute_many(_SAVE, [_values(duty) for duty in duties])
    for duty in duties:
        tx.announce(DutyChanged(duty.staff_id, duty.version, why))


async def insert_duty(tx: Transaction, duty: Duty) -> bool:
    """Somebody stands duty for the first time; False when they have before."""
    return bool(
        await tx.execute(
            "INSERT INTO duty (staff_id, availability, away_reason, capacity, load, offers, missed, topics, languages,"
            " idle_since_at, version, role, library_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
            " ON CONFLICT (staff_id) DO NOTHING",
            *_values(duty),
            str(duty.role),
            duty.library_id,
        )
    )


async def bump_version(tx: Transaction, staff_id: str, why: str) -> DutyChanged:
    """Something that somebody's console shows has changed. Announce what this returns.

    It locks the duty row: call it before the session's own statements (see ``lock_duty``).
    """
    row = await tx.row(
        "UPDATE duty SET version = version + 1 WHERE staff_id = $1 RETURNING version", staff_id
    )
    return DutyChanged(staff_id, row["version"] if row else 0, why)


async def bump_versions(tx: Transaction, staff_ids: Collection[str], why: str) -> list[DutyChanged]:
    """The same for many consoles at once."""
    await tx.lock_rows("duty", "staff_id", staff_ids)
    rows = await tx.rows(
        "UPDATE duty SET version = version + 1 WHERE staff_id = ANY($1) RETURNING staff_id, version",
        list(staff_ids),
    )
    return [DutyChanged(row["staff_id"], row["version"], why) for row in rows]


async def set_away(tx: Transaction, staff_ids: Collection[str], reason: AwayReason) -> list[DutyChanged]:
    """Set away, for a reason, those who are not away already."""
    await tx.lock_rows("duty", "staff_id", staff_ids)
    rows = await tx.rows(
        "UPDATE duty SET availability = 'away', away_reason = $2, version = version + 1"
        " WHERE staff_id = ANY($1) AND availability <> 'away' RETURNING staff_id, version",
        list(staff_ids),
        str(reason),
    )
    return [DutyChanged(row["staff_id"], row["version"], str(reason)) for row in rows]


async def versions_of(db: Reader, staff_ids: Sequence[str]) -> dict[str, int]:
    """The version number of each duty row."""
    found: dict[str, int] = {}
    for start in range(0, len(staff_ids), 500):
        some = staff_ids[start : start + 500]
        rows = await db.rows(
            f"SELECT staff_id, version FROM duty WHERE staff_id IN ({placeholders(len(some))})", *some
        )
        found.update({row["staff_id"]: row["version"] for row in rows})
    return found


async def take_slot(tx: Transaction, staff_id: str) -> int | None:
    """Reserve room for one offer: the UPDATE that no race gets past. The new version, or None without room."""
    row = await tx.row(
        "UPDATE duty SET load = load + 1, offers = 1, version = version + 1 WHERE staff_id = $1"
        " AND availability = 'available' AND offers = 0 AND load < capacity RETURNING version",
        staff_id,
    )
    return row["version"] if row else None


async def give_slot_back(tx: Transaction, staff_id: str) -> None:
    """The offer came to nothing before it was made."""
    await tx.execute(
        "UPDATE duty SET load = load - 1, offers = 0 WHERE staff_id = $1 AND offers = 1", staff_id
    )


async def take_hold(tx: Transaction, staff_id: str) -> int | None:
    """One conversation more, whatever their capacity; None for who stands no duty."""
    row = await tx.row(
        "UPDATE duty SET load = load + 1, version = version + 1 WHERE staff_id = $1 RETURNING version",
        staff_id,
    )
    return row["version"] if row else None


async def colleagues_of(db: Reader, staff_id: str, now: datetime) -> list[Colleague]:
    """Who answers at the same desks, those who are there first."""
    rows = await db.rows(
        "SELECT d.staff_id, a.name, d.availability, l.name_zh AS library_zh, l.name_en AS library_en,"
        f" {present('staff', 'd.staff_id', '$2')} AS there FROM duty d JOIN account a ON a.id = d.staff_id"
        " LEFT JOIN library l ON l.id = d.library_id WHERE d.staff_id <> $1 AND a.state = 'active' AND d.staff_id IN"
        " (SELECT b.staff_id FROM desk_staff a JOIN desk_staff b ON b.desk_id = a.desk_id WHERE a.staff_id = $1)"
        " ORDER BY a.name, d.staff_id LIMIT 200",
        staff_id,
        to_us(now),
    )
    colleagues = [
        Colleague(
            row["staff_id"],
            row["name"],
            row["library_zh"] or "",
            row["library_en"] or "",
            Availability(row["availability"]),
            bool(row["there"]),
        )
        for row in rows
    ]
    return sorted(colleagues, key=lambda c: (not c.present, c.availability is not Availability.AVAILABLE))


async def names_of(db: Reader, staff_ids: Collection[str]) -> dict[str, str]:
    """What these staff members are called."""
    if not staff_ids:
        return {}
    rows = await db.rows(
        f"SELECT id, name FROM account WHERE id IN ({placeholders(len(staff_ids))})", *sorted(staff_ids)
    )
    return {row["id"]: row["name"] for row in rows}


async def drifting(db: Reader) -> list[Drift]:
    """Counters that do not agree with the rows they count: none, unless something is wrong."""
    rows = await db.rows(
        "SELECT * FROM (SELECT d.staff_id, d.load, d.offers,"
        " (SELECT COUNT(*) FROM chat_session s WHERE s.staff_id = d.staff_id AND s.state = 'active') AS held,"
        " (SELECT COUNT(*) FROM chat_session s WHERE s.offered_to = d.staff_id AND s.state = 'offered') AS offered"
        " FROM duty d) AS counted WHERE load <> held + offered OR offers <> offered ORDER BY staff_id"
    )
    return [Drift(r["staff_id"], r["load"], r["offers"], r["held"], r["offered"]) for r in rows]


async def recount(tx: Transaction, staff_id: str) -> None:
    """Set the (locked) counters to what the rows say."""
    await tx.execute(
        "UPDATE duty SET offers ="
        " (SELECT COUNT(*) FROM chat_session s WHERE s.offered_to = $1 AND s.state = 'offered'),"
        " load = (SELECT COUNT(*) FROM chat_session s WHERE (s.offered_to = $1 AND s.state = 'offered')"
        " OR (s.staff_id = $1 AND s.state = 'active')) WHERE staff_id = $1",
        staff_id,
    )


def _duty(row: Row) -> Duty:
    return Duty(
        row["staff_id"],
        Role(row["role"]),
        row["library_id"],
        Availability(row["availability"]),
        AwayReason(row["away_reason"]),
        row["capacity"],
        row["load"],
        row["offers"],
        row["missed"],
        listed(row["topics"]),
        listed(row["languages"]),
        from_us(row["idle_since_at"]),
        row["version"],
    )


def _values(duty: Duty) -> tuple[Any, ...]:
    return (
        duty.staff_id,
        str(duty.availability),
        str(duty.away_reason),
        duty.capacity,
        duty.load,
        duty.offers,
        duty.missed,
        ",".join(sorted(duty.topics)),
        ",".join(sorted(duty.languages)),
        to_us(duty.idle_since),
        duty.version,
    )


@lru_cache(maxsize=256)
def listed(text: str) -> frozenset[str]:
    """The parts of a stored list; there are few different ones."""
    return frozenset(filter(None, text.split(",")))
