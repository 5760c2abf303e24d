"""When desks are open: their weeks, and the days that differ."""

import json
from collections.abc import Sequence
from datetime import date

from server.domain.hours import Closure, Hours, Shift, Shifts, hours_from
from server.store.rows import Reader, Row, Transaction

_CLOSURE = "SELECT id, desk_id, day, shifts, note_zh, note_en FROM closure"


async def hours_of(db: Reader, desk_id: str) -> Hours:
    """The desk's week and the days that differ, its own and the alliance's."""
    shifts = await db.rows("SELECT weekday, opens, closes FROM desk_hours WHERE desk_id = $1", desk_id)
    closures = await db.rows(f"{_CLOSURE} WHERE desk_id = $1 OR desk_id = ''", desk_id)
    return hours_from(
        ((row["weekday"], Shift(row["opens"], row["closes"])) for row in shifts), map(_closure, closures)
    )


async def replace_week(tx: Transaction, desk_id: str, week: Sequence[Shifts]) -> None:
    """Set the seven days of a desk's week, Monday first."""
    await tx.execute("DELETE FROM desk_hours WHERE desk_id = $1", desk_id)
    for weekday, shifts in enumerate(week):
        for shift in shifts:
            await tx.execute(
                "INSERT INTO desk_hours (desk_id, weekday, opens, closes) VALUES ($1, $2, $3, $4)",
                desk_id,
                weekday,
                shift.opens,
                shift.closes,
            )


async def closures_of(db: Reader, desk_id: str, *, since: date) -> list[Closure]:
    """A desk's own closures from a day on; with an empty id the alliance's."""
    rows = await db.rows(
        f"{_CLOSURE} WHERE desk_id = $1 AND day >= $2 ORDER BY day, id LIMIT 500", desk_id, since.isoformat()
    )
    return [_closure(row) for row in rows]


async def closure_by_id(db: Reader, closure_id: str) -> Closure | None:
    row = await db.row(f"{_CLOSURE} WHERE id = $1", closure_id)
    return _closure(row) if row else None


async def save_closure(tx: Transaction, closure: Closure) -> None:
    """Set the hours of one day; what stood for the same day and desk is replaced."""
    await tx.execute(
        "DELETE FROM closure WHERE desk_id = $1 AND day = $2", closure.desk_id, closure.day.isoformat()
    )
    await tx.execute(
        "INSERT INTO closure (id, desk_id, day, shifts, note_zh, note_en) VALUES ($1, $2, $3, $4, $5, $6)",
        closure.id,
        closure.desk_id,
        closure.day.isoformat(),
        json.dumps([[shift.opens, shift.closes] for shift in closure.shifts]),
        closure.note_zh,
        closure.note_en,
    )


async def remove_closure(tx: Transaction, closure_id: str) -> None:
    await tx.execute("DELETE FROM closure WHERE id = $1", closure_id)


def _closure(row: Row) -> Closure:
    shifts = tuple(Shift(opens, closes) for opens, closes in json.loads(row["shifts"]))
    return Closure(
        row["id"], row["desk_id"], date.fromisoformat(row["day"]), shifts, row["note_zh"], row["note_en"]
    )
