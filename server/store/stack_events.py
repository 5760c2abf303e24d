"""The inbox of what devices say: kept once per number, or per body where a device does not count."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Transaction
from server.store.values import columns, rows_as_table, stored, value_from

BODY_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class InboxRow:
    """Something that a device said. ``state``: kept, dead (for people to look at), settled (somebody has)."""

    id: str
    device_id: str
    epoch: str
    sequence: int | None
    body_hash: str
    kind: str
    state: str
    problem: str
    alarm: bool
    command_id: str
    order_id: str
    barcode: str
    body: str
    device_at: datetime | None
    received_at: datetime
    settled_by: str = ""


_COLUMNS = columns(InboxRow)
_NAMES = _COLUMNS.split(", ")


async def keep_events(tx: Transaction, rows: Sequence[InboxRow]) -> set[str]:
    """Keep them all in one statement; returns the ids of those that were new, the rest is there already."""
    if not rows:
        return set()
    source, given = rows_as_table(tx, [[stored(getattr(row, name)) for name in _NAMES] for row in rows])
    kept = await tx.rows(
        f"INSERT INTO stack_event ({_COLUMNS}) SELECT * FROM {source} WHERE TRUE"
        " ON CONFLICT DO NOTHING RETURNING id",
        *given,
    )
    return {row["id"] for row in kept}


async def bodies_of(
    db: Reader, device_id: str, numbers: Collection[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """The body's hash under which each of these numbers was first kept."""
    found: dict[tuple[str, int], str] = {}
    for epoch in sorted({epoch for epoch, _ in numbers}):
        rows = await db.rows(
            "SELECT sequence, body_hash FROM stack_event WHERE device_id = $1 AND epoch = $2"
            " AND sequence IS NOT NULL AND NOT alarm AND sequence = ANY($3)",
            device_id,
            epoch,
            sorted(sequence for each, sequence in numbers if each == epoch),
        )
        found.update({(epoch, row["sequence"]): row["body_hash"] for row in rows})
    return found


async def numbers_after(db: Reader, device_id: str, epoch: str, after: int, *, limit: int) -> list[int]:
    """Which numbers of a run are kept beyond one; what is missing among them is a gap."""
    rows = await db.rows(
        "SELECT sequence FROM stack_event WHERE device_id = $1 AND epoch = $2 AND sequence > $3"
        " AND sequence IS NOT NULL AND NOT alarm ORDER BY sequence LIMIT $4",
        device_id,
        epoch,
        after,
        limit,
    )
    return [row["sequence"] for row in rows]


async def dead_letters(db: Reader, device_id: str, *, limit: int) -> list[InboxRow]:
    """What nobody understood or believed and nobody has settled yet, alarms first, then the newest."""
    rows = await db.rows(
        f"SELECT {_COLUMNS} FROM stack_event WHERE device_id = $1 AND state = 'dead'"
        " ORDER BY alarm DESC, received_at DESC, id LIMIT $2",
        device_id,
        limit,
    )
    return [value_from(InboxRow, row) for row in rows]


async def count_dead(db: Reader, device_ids: Collection[str]) -> dict[str, int]:
    """How many dead letters each device has."""
    rows = await db.rows(
        "SELECT device_id, COUNT(*) AS n FROM stack_event WHERE state = 'dead' AND device_id = ANY($1)"
        " GROUP BY device_id",
        sorted(device_ids),
    )
    return {row["device_id"]: row["n"] for row in rows}


async def letter_by_id(db: Reader, letter_id: str) -> InboxRow | None:
    """One thing that a device said, or None."""
    row = await db.row(f"SELECT {_COLUMNS} FROM stack_event WHERE id = $1", letter_id)
    return value_from(InboxRow, row) if row else None


async def settle_letter(tx: Transaction, letter_id: str, by: str) -> bool:
    """Somebody has looked at a dead letter; False where somebody had."""
    return bool(
        await tx.execute(
            "UPDATE stack_event SET state = 'settled', settled_by = $2 WHERE id = $1 AND state = 'dead'",
            letter_id,
            by,
        )
    )


async def first_bodies(db: Reader, letters: Sequence[InboxRow]) -> dict[str, InboxRow]:
    """What came first under the number under which each of these alarms came again; by the alarm's id."""
    alarms = [letter for letter in letters if letter.alarm and letter.sequence is not None]
    found: dict[str, InboxRow] = {}
    for epoch in sorted({alarm.epoch for alarm in alarms}):
        wanted = {alarm.sequence: alarm.id for alarm in alarms if alarm.epoch == epoch}
        rows = await db.rows(
            f"SELECT {_COLUMNS} FROM stack_event WHERE device_id = $1 AND epoch = $2 AND NOT alarm"
            " AND sequence = ANY($3)",
            alarms[0].device_id,
            epoch,
            sorted(number for number in wanted if number is not None),
        )
        found |= {wanted[row["sequence"]]: value_from(InboxRow, row) for row in rows}
    return found
