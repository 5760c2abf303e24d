"""Answers before the inspectors: every step is one conditional UPDATE on the version that its actor had seen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.answer_facts import facts_as_json, facts_from
from server.domain.grades import Grade
from server.domain.inspections import Inspection, Listed, State
from server.domain.samples import Reason
from server.store.reads import Read, first, read
from server.store.rows import (
    Reader,
    Row,
    Transaction,
    as_json,
    from_us,
    from_us_or_none,
    placeholders,
    to_us,
    to_us_or_none,
)

_COLUMNS = (
    *("consultation_id", "answer_id", "state", "version", "reason", "at_random", "staff_id", "released_by"),
    *("library_id", "channel", "facts", "corrections", "suggested_grade", "suggested_row", "grade"),
    *("grade_row", "sample_grade", "inspector_id", "graded_at", "decider_id", "correct_by_at", "overdue"),
    *("appealed_once", "answered_at", "queued_at", "waiting_from_at", "publication_id"),
)
_INSERT = (
    f"INSERT INTO inspection ({', '.join(_COLUMNS)}) VALUES ({placeholders(len(_COLUMNS))})"
    " ON CONFLICT (consultation_id) DO NOTHING"
)
_UPDATE = (
    "UPDATE inspection SET "
    + ", ".join(f"{column} = ${number}" for number, column in enumerate(_COLUMNS, start=1))
    + f" WHERE consultation_id = $1 AND version = ${len(_COLUMNS) + 1}"
)

# The title is the reader's own word: it stands with the consultation alone, where it can be forgotten.
_READ = "SELECT i.*, c.title FROM inspection i JOIN consultation c ON c.id = i.consultation_id"

_LIST = (
    "SELECT i.*, c.title, a.name AS author, l.name_zh, l.name_en FROM inspection i"
    " JOIN consultation c ON c.id = i.consultation_id JOIN account a ON a.id = i.staff_id"
    " JOIN library l ON l.id = i.library_id"
)


@dataclass(frozen=True, slots=True)
class InspectionStep:
    """What somebody did in an inspection, and what they said to it."""

    id: str
    consultation_id: str
    step: str
    at: datetime
    actor_id: str = ""
    answer_id: str = ""
    grade: str = ""
    grade_row: str = ""
    suggested_row: str = ""
    text: str = ""


async def insert_inspection(tx: Transaction, inspection: Inspection) -> bool:
    """Put an answer before the inspectors; False when it is there already."""
    return bool(await tx.execute(_INSERT, *_values(inspection)))


async def save_inspection(tx: Transaction, inspection: Inspection, *, seen: int) -> bool:
    """Keep the next state of an inspection; False when somebody has moved it since version ``seen``."""
    return bool(await tx.execute(_UPDATE, *_values(inspection), seen))


async def inspection_by_id(db: Reader, consultation_id: str) -> Inspection | None:
    return await read(db, inspection_read(consultation_id))


def inspection_read(consultation_id: str) -> Read[Inspection | None]:
    """The inspection of the answer to this consultation."""
    return Read(f"{_READ} WHERE i.consultation_id = $1", (consultation_id,), first(_inspection))


async def inspections_in(
    db: Reader,
    states: Sequence[State],
    scope: frozenset[str] | None,
    *,
    after: tuple[datetime, str],
    newest: bool = False,
    limit: int = 50,
) -> list[Listed]:
    """Inspections in these states, longest waiting (or ``newest``) first, from a place in the list on.

    ``scope`` bounds them to some libraries. Each state is read along its own part of the index, so that a page costs
    the same however many lie there.
    """
    way, order = ("<", "DESC") if newest else (">", "ASC")
    bound = ""
    if scope is not None:
        bound = f" AND i.library_id IN ({placeholders(len(scope), start=5)})" if scope else " AND 1 = 0"
    found: list[Listed] = []
    for state in states:
        rows = await db.rows(
            f"{_LIST} WHERE i.state = $4 AND (i.waiting_from_at {way} $1"
            f" OR (i.waiting_from_at = $1 AND i.consultation_id {way} $2)){bound}"
            f" ORDER BY i.waiting_from_at {order}, i.consultation_id {order} LIMIT $3",
            to_us(after[0]),
            after[1],
            limit,
            str(state),
            *sorted(scope or ()),
        )
        found += [Listed(_inspection(row), row["author"], row["name_zh"], row["name_en"]) for row in rows]
    found.sort(
        key=lambda each: (each.inspection.waiting_from, each.inspection.consultation_id), reverse=newest
    )
    return found[:limit]


async def inspections_of_author(
    db: Reader, staff_id: str, *, before: tuple[datetime, str], limit: int = 50
) -> list[Inspection]:
    """What became of somebody's own answers, latest change first."""
    rows = await db.rows(
        f"{_READ} WHERE i.staff_id = $1"
        " AND (i.waiting_from_at < $2 OR (i.waiting_from_at = $2 AND i.consultation_id < $3))"
        " ORDER BY i.waiting_from_at DESC, i.consultation_id DESC LIMIT $4",
        staff_id,
        to_us(before[0]),
        before[1],
        limit,
    )
    return [_inspection(row) for row in rows]


async def returned_to(db: Reader, staff_id: str, *, limit: int = 50) -> list[Inspection]:
    """What somebody has to correct, the nearest deadline first."""
    rows = await db.rows(
        f"{_READ} WHERE i.staff_id = $1 AND i.state = 'returned'"
        " ORDER BY i.correct_by_at, i.consultation_id LIMIT $2",
        staff_id,
        limit,
    )
    return [_inspection(row) for row in rows]


async def count_by_state(db: Reader, scope: frozenset[str] | None) -> dict[State, int]:
    """How many inspections stand where, of those that are not closed."""
    open_states = (State.QUEUED, State.RETURNED, State.CORRECTED, State.APPEALED)
    values: list[object] = list(map(str, open_states))
    bound = ""
    if scope is not None:
        bound = f" AND library_id IN ({placeholders(len(scope), start=5)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    rows = await db.rows(
        "SELECT state, COUNT(*) AS count FROM inspection WHERE state IN ($1, $2, $3, $4)"
        f"{bound} GROUP BY state",
        *values,
    )
    counted = {State(row["state"]): int(row["count"]) for row in rows}
    return {state: counted.get(state, 0) for state in open_states}


async def mark_graded(tx: Transaction, consultation_id: str, grade: str, row: str) -> None:
    """The grade that an inspector gave, where the consultation is read."""
    await tx.later(
        "UPDATE consultation SET grade = $2, grade_row = $3 WHERE id = $1", consultation_id, grade, row
    )


async def add_inspection_step(tx: Transaction, step: InspectionStep) -> None:
    """Add to the inspection's history, which is never changed."""
    await tx.later(
        "INSERT INTO inspection_step (id, consultation_id, step, at, actor_id, answer_id, grade, grade_row,"
        f" suggested_row, text) VALUES ({placeholders(10)})",
        step.id,
        step.consultation_id,
        step.step,
        to_us(step.at),
        step.actor_id,
        step.answer_id,
        step.grade,
        step.grade_row,
        step.suggested_row,
        step.text,
    )


async def inspection_steps(db: Reader, consultation_id: str) -> list[InspectionStep]:
    """What was done in an inspection, in order."""
    rows = await db.rows(
        "SELECT * FROM inspection_step WHERE consultation_id = $1 ORDER BY at, id LIMIT 500", consultation_id
    )
    return [
        InspectionStep(
            row["id"],
            row["consultation_id"],
            row["step"],
            from_us(row["at"]),
            row["actor_id"],
            row["answer_id"],
            row["grade"],
            row["grade_row"],
            row["suggested_row"],
            row["text"],
        )
        for row in rows
    ]


async def another_inspector(db: Reader, inspection: Inspection, besides: str) -> bool:
    """Whether an inspector of another library than the answer's could grade it, besides this person."""
    row = await db.row(
        "SELECT 1 AS found FROM role_grant g JOIN account a ON a.id = g.account_id AND a.state = 'active'"
        " WHERE g.role = 'inspector' AND (g.scope = 'alliance' OR (g.scope = 'library' AND g.scope_id = $1))"
        " AND a.library_id <> $1 AND a.id NOT IN ($2, $3, $4) LIMIT 1",
        inspection.library_id,
        besides,
        inspection.staff_id,
        inspection.released_by,
    )
    return row is not None


def _values(i: Inspection) -> tuple[object, ...]:
    return (
        *(i.consultation_id, i.answer_id, str(i.state), i.version, str(i.reason), i.at_random, i.staff_id),
        *(i.released_by, i.library_id, i.channel, facts_as_json(i.facts), as_json(i.corrections)),
        *(i.suggested_grade or "", i.suggested_row, i.grade or "", i.grade_row, i.sample_grade or ""),
        *(i.inspector_id, to_us_or_none(i.graded_at), i.decider_id, to_us_or_none(i.correct_by), i.overdue),
        *(i.appealed_once, to_us(i.answered_at), to_us(i.queued_at), to_us(i.waiting_from)),
        i.publication_id,
    )


def _grade(text: str) -> Grade | None:
    return Grade(text) if text else None


def _inspection(row: Row) -> Inspection:
    return Inspection(
        consultation_id=row["consultation_id"],
        answer_id=row["answer_id"],
        state=State(row["state"]),
        version=row["version"],
        reason=Reason(row["reason"]),
        at_random=bool(row["at_random"]),
        staff_id=row["staff_id"],
        released_by=row["released_by"],
        library_id=row["library_id"],
        channel=row["channel"],
        title=row["title"],
        facts=facts_from(json.loads(row["facts"])),
        corrections=json.loads(row["corrections"]),
        suggested_grade=_grade(row["suggested_grade"]),
        suggested_row=row["suggested_row"],
        grade=_grade(row["grade"]),
        grade_row=row["grade_row"],
        sample_grade=_grade(row["sample_grade"]),
        inspector_id=row["inspector_id"],
        graded_at=from_us_or_none(row["graded_at"]),
        decider_id=row["decider_id"],
        correct_by=from_us_or_none(row["correct_by_at"]),
        overdue=bool(row["overdue"]),
        appealed_once=bool(row["appealed_once"]),
        answered_at=from_us(row["answered_at"]),
        queued_at=from_us(row["queued_at"]),
        waiting_from=from_us(row["waiting_from_at"]),
        publication_id=row["publication_id"],
    )
