"""Due rows: what must happen once at a moment, kept where kill -9 cannot reach it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from server.domain.events import DueSet
from server.store.rows import Reader, Row, Transaction, as_json, from_us, to_us

_CHUNK = 200
_STRIKE_OUT = "DELETE FROM due WHERE id = ANY($1)"
_PROMISE = (
    "INSERT INTO due (id, kind, subject_id, due_at, data, attempts, last_error) VALUES ($1, $2, $3, $4, {data}, 0, '')"
    " ON CONFLICT (id) DO "
)
_SET = _PROMISE.format(data="$5") + "UPDATE SET due_at = $4, data = $5, attempts = 0, last_error = ''"
_SET_ONCE = _PROMISE.format(data="'{}'") + "NOTHING"


@dataclass(frozen=True, slots=True)
class Due:
    """A promise: at ``at``, do what ``kind`` says for this subject. ``attempts`` counts how often that failed."""

    kind: str
    subject_id: str
    at: datetime
    data: dict[str, Any]
    attempts: int = 0

    @property
    def id(self) -> str:
        return due_id(self.kind, self.subject_id)


def due_id(kind: str, subject_id: str) -> str:
    return f"{kind}/{subject_id}"


async def set_due(
    tx: Transaction, kind: str, subject_id: str, at: datetime, data: dict[str, Any] | None = None
) -> None:
    """Promise it for a moment; promised already, it moves there and its failures are forgotten."""
    await tx.later(
        _SET,
        due_id(kind, subject_id),
        kind,
        subject_id,
        to_us(at),
        as_json(data or {}),
    )
    tx.announce(DueSet(at))


async def set_due_once(tx: Transaction, kind: str, subject_id: str, at: datetime) -> None:
    """Promise it for a moment unless it is promised already."""
    await tx.later(
        _SET_ONCE,
        due_id(kind, subject_id),
        kind,
        subject_id,
        to_us(at),
    )
    tx.announce(DueSet(at))


async def set_dues_once(tx: Transaction, kind: str, moments: Mapping[str, datetime]) -> None:
    """The same for many subjects, each for its own moment."""
    rows = [(due_id(kind, subject), kind, subject, to_us(at)) for subject, at in sorted(moments.items())]
    if rows:
        await tx.execute_many(_SET_ONCE, rows)
        tx.announce(DueSet(min(moments.values())))


async def set_dues(tx: Transaction, kind: str, subject_ids: Collection[str], at: datetime) -> None:
    """Promise the same for many subjects; what is promised already moves to this moment, but never to an earlier."""
    subjects = sorted(subject_ids)
    for start in range(0, len(subjects), _CHUNK):
        some = subjects[start : start + _CHUNK]
        marks = ", ".join(f"(${n}, $1, ${n + 1}, $2, '{{}}', 0, '')" for n in range(3, 3 + 2 * len(some), 2))
        await tx.execute(
            f"INSERT INTO due (id, kind, subject_id, due_at, data, attempts, last_error) VALUES {marks}"
            " ON CONFLICT (id) DO UPDATE SET due_at = $2, attempts = 0, last_error = '' WHERE due.due_at < $2",
            kind,
            to_us(at),
            *(part for subject in some for part in (due_id(kind, subject), subject)),
        )
    if subjects:
        tx.announce(DueSet(at))


async def cancel_due(tx: Transaction, kind: str, *subject_ids: str) -> None:
    """Take promises of one kind back; harmless where there is none."""
    if subject_ids:
        await tx.later(_STRIKE_OUT, [due_id(kind, subject_id) for subject_id in sorted(subject_ids)])


async def strike_out(tx: Transaction, kind: str, subject_ids: Collection[str]) -> list[str]:
    """Take promises of one kind back; returns about whom there were any."""
    if not subject_ids:
        return []
    ids = [due_id(kind, subject_id) for subject_id in sorted(subject_ids)]
    rows = await tx.rows(_STRIKE_OUT + " RETURNING subject_id", ids)
    return sorted(row["subject_id"] for row in rows)


async def cancel_dues(tx: Transaction, kinds: Collection[str], subject_id: str) -> None:
    """Take back several kinds of promises about one subject."""
    await tx.later(_STRIKE_OUT, [due_id(kind, subject_id) for kind in kinds])


async def due_moment(db: Reader, kind: str, subject_id: str) -> datetime | None:
    """For when it is promised; None when it is not."""
    row = await db.row("SELECT due_at FROM due WHERE id = $1", due_id(kind, subject_id))
    return from_us(row["due_at"]) if row else None


async def due_moments(db: Reader, kind: str, subject_ids: Collection[str]) -> dict[str, datetime]:
    """For when it is promised about each of them; those about whom it is not are left out."""
    if not subject_ids:
        return {}
    ids = [due_id(kind, subject_id) for subject_id in subject_ids]
    rows = await db.rows("SELECT subject_id, due_at FROM due WHERE id = ANY($1)", ids)
    return {row["subject_id"]: from_us(row["due_at"]) for row in rows}


async def due_by_now(db: Reader, now: datetime, kinds: Collection[str], *, limit: int) -> list[Due]:
    """What is due, longest overdue first, of the kinds that this process knows.

    Each kind by itself: many thousands of another, due or not, are no hindrance.
    """
    of_each = " UNION ALL ".join(
        "SELECT * FROM (SELECT kind, subject_id, due_at, data, attempts FROM due"
        f" WHERE kind = ${n} AND due_at <= $1 ORDER BY due_at LIMIT $2) AS k{n}"
        for n in range(3, 3 + len(kinds))
    )
    if not kinds:
        return []
    rows = await db.rows(f"{of_each} ORDER BY due_at LIMIT $2", to_us(now), limit, *sorted(kinds))
    return [_due(row) for row in rows]


async def next_due_at(db: Reader, kinds: Collection[str]) -> datetime | None:
    """The earliest moment at which something falls due."""
    firsts = " UNION ALL ".join(
        f"SELECT MIN(due_at) AS first FROM due WHERE kind = ${n}" for n in range(1, 1 + len(kinds))
    )
    rows = await db.rows(firsts, *sorted(kinds)) if kinds else []
    return min((from_us(row["first"]) for row in rows if row["first"] is not None), default=None)


async def still_due(tx: Transaction, due: Due) -> bool:
    """Whether the promise still stands as it was read."""
    row = await tx.row("SELECT 1 AS found FROM due WHERE id = $1 AND due_at = $2", due.id, to_us(due.at))
    return row is not None


async def still_due_of(tx: Transaction, dues: Sequence[Due]) -> list[Due]:
    """Those of the promises that still stand as they were read."""
    rows = await tx.rows("SELECT id, due_at FROM due WHERE id = ANY($1)", [due.id for due in dues])
    stand = {row["id"]: row["due_at"] for row in rows}
    return [due for due in dues if stand.get(due.id) == to_us(due.at)]


async def lease_due(tx: Transaction, due: Due, until: datetime) -> Due | None:
    """Take a promise that is kept outside of any transaction: nobody else does until then, and then somebody does.

    None when somebody was faster, or it was taken back.
    """
    taken = await tx.execute(
        "UPDATE due SET due_at = $3, attempts = attempts + 1 WHERE id = $1 AND due_at = $2",
        due.id,
        to_us(due.at),
        to_us(until),
    )
    return replace(due, at=until, attempts=due.attempts + 1) if taken else None


async def finish_due(tx: Transaction, due: Due, *, again_at: datetime | None = None) -> bool:
    """Strike the promise out, or move it on; False when somebody else has moved it meanwhile.

    This is the last statement of the transaction that keeps it, because rows are always locked people first, then
    sessions, then promises. A promise that is gone by now was taken back by this transaction itself or in this very
    moment by another: what it does must therefore be conditional on the state of its subject.
    """
    if again_at is None:
        done = await tx.execute("DELETE FROM due WHERE id = $1 AND due_at = $2", due.id, to_us(due.at))
    else:
        done = await tx.execute(
            "UPDATE due SET due_at = $3, attempts = 0, last_error = '' WHERE id = $1 AND due_at = $2",
            due.id,
            to_us(due.at),
            to_us(again_at),
        )
    if done:
        return True
    return await tx.row("SELECT 1 AS found FROM due WHERE id = $1", due.id) is None


async def finish_dues(tx: Transaction, dues: Sequence[Due], again: Mapping[str, datetime]) -> bool:
    """As `finish_due`, for many: those whose subjects have a moment in ``again`` fall due then."""
    in_order = sorted(dues, key=lambda due: due.id)
    moved = [
        (due.id, to_us(due.at), to_us(again[due.subject_id])) for due in in_order if due.subject_id in again
    ]
    kept = [(due.id, to_us(due.at)) for due in in_order if due.subject_id not in again]
    if moved:
        await tx.execute_many(
            "UPDATE due SET due_at = $3, attempts = 0, last_error = '' WHERE id = $1 AND due_at = $2", moved
        )
    if kept:
        await tx.execute_many("DELETE FROM due WHERE id = $1 AND due_at = $2", kept)
    rows = await tx.rows("SELECT id, due_at FROM due WHERE id = ANY($1)", [due.id for due in in_order])
    wanted = {due_id: at for due_id, _, at in moved}
    return all(wanted.get(row["id"]) == row["due_at"] for row in rows)


async def postpone_due(tx: Transaction, due: Due, *, until: datetime, error: str) -> None:
    """Keeping it failed: note why, and try again later, so that it holds up no other."""
    await tx.execute(
        "UPDATE due SET due_at = $3, attempts = attempts + 1, last_error = $4 WHERE id = $1 AND due_at = $2",
        due.id,
        to_us(due.at),
        to_us(until),
        error[:300],
    )


async def failing_dues(db: Reader, *, limit: int = 50) -> list[tuple[Due, str]]:
    """What fails again and again, with the last reason, most often first."""
    rows = await db.rows(
        "SELECT kind, subject_id, due_at, data, attempts, last_error FROM due WHERE attempts > 0"
        " ORDER BY attempts DESC LIMIT $1",
        limit,
    )
    return [(_due(row), row["last_error"]) for row in rows]


def _due(row: Row) -> Due:
    return Due(
        row["kind"], row["subject_id"], from_us(row["due_at"]), json.loads(row["data"]), row["attempts"]
    )
