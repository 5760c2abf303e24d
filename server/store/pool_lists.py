"""The pool as lists: what one librarian may take, holds, or may release, longest wait first.

Everything reads the partial index of tasks that still wait, so that the size of the archive does not matter.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.domain.pool import ClaimLine, Onlooker, PoolFilter, PoolRow, TrailLine
from server.domain.tasks import SEARCH_OUTCOMES
from server.store.reads import Read, read
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, placeholders, to_us
from server.store.tasks import task_of

_REVIEWER = (
    "(SELECT n.reviewer_id FROM answer n WHERE n.task_id = t.id AND n.state = 'proposed'"
    " ORDER BY n.created_at DESC LIMIT 1)"
)
_BESIDE = (
    "SELECT t.*, (SELECT name FROM account a WHERE a.id = t.holder_id) AS holder_name,"
    " (SELECT COUNT(*) FROM trail_entry e WHERE e.task_id = t.id) AS trail,"
    " EXISTS (SELECT 1 FROM consultation c WHERE c.task_id = t.id AND c.record_id <> '') AS in_catalogue,"
    " EXISTS (SELECT 1 FROM claim k WHERE k.task_id = t.id AND k.staff_id = $1 AND k.outcome = 'handed_back')"
    " AS handed_back,"
    " (SELECT c.policy_id FROM consultation c WHERE c.task_id = t.id AND c.state = 'open'"
    " ORDER BY c.submitted_at LIMIT 1) AS policy_id,"
    f" CASE WHEN t.state = 'in_release' THEN {_REVIEWER} END AS reviewer_id,"
    " CASE WHEN t.state = 'in_release' THEN (SELECT name FROM account a WHERE a.id ="
    f" {_REVIEWER}) END AS reviewer_name"
)


# A task that is not escalated was asked, and so handed back, within this time under any policy that anybody would set.
_STRICT = timedelta(days=60)


async def pool_rows(
    db: Reader, who: Onlooker, chosen: PoolFilter, *, after: tuple[datetime, str] | None, limit: int
) -> list[PoolRow]:
    """One page of the list, from a place in it on."""
    where, values = _condition(who, chosen)
    if after is not None:
        where += f" AND (t.clock_from_at, t.id) > (${len(values) + 1}, ${len(values) + 2})"
        values += [to_us(after[0]), after[1]]
    page = f"SELECT * FROM task t WHERE {where} ORDER BY t.clock_from_at, t.id LIMIT ${len(values) + 1}"
    # What stands beside them is looked up for these rows alone: planned for all that wait, it reads whole tables.
    rows = await db.rows(f"{_BESIDE} FROM ({page}) AS t ORDER BY t.clock_from_at, t.id", *values, limit)
    return [_pool_row(row) for row in rows]


def stages_read(who: Onlooker, chosen: PoolFilter) -> Read[dict[int, int]]:
    """How many tasks of each stage the list would show."""
    where, values = _condition(who, chosen)
    sql = f"SELECT t.stage, COUNT(*) AS count FROM task t WHERE {where} GROUP BY t.stage"
    return Read(sql, tuple(values), lambda rows: {row["stage"]: row["count"] for row in rows})


async def pool_row(db: Reader, who: Onlooker, task_id: str) -> PoolRow | None:
    row = await db.row(f"{_BESIDE} FROM task t WHERE t.id = $2", who.staff_id, task_id)
    return _pool_row(row) if row else None


async def add_trail(
    tx: Transaction,
    *,
    entry_id: str,
    task_id: str,
    claim_number: int,
    staff_id: str,
    place: str,
    outcome: str,
    note: str,
    at: datetime,
) -> None:
    assert outcome in SEARCH_OUTCOMES, "checked by the action"
    await tx.execute(
        "INSERT INTO trail_entry (id, task_id, claim_number, staff_id, place, outcome, note, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry_id,
        task_id,
        claim_number,
        staff_id,
        place,
        outcome,
        note,
        to_us(at),
    )


async def trail_of(db: Reader, task_id: str) -> list[TrailLine]:
    """Where everybody has looked, in order."""
    rows = await db.rows(
        "SELECT e.*, a.name AS staff_name FROM trail_entry e LEFT JOIN account a ON a.id = e.staff_id"
        " WHERE e.task_id = $1 ORDER BY e.at, e.id LIMIT 500",
        task_id,
    )
    return [
        TrailLine(
            row["id"],
            row["place"],
            row["outcome"],
            row["note"],
            row["staff_id"],
            row["staff_name"] or "",
            row["claim_number"],
            from_us(row["at"]),
        )
        for row in rows
    ]


async def claims_of(db: Reader, task_id: str) -> list[ClaimLine]:
    """Who held it, in order."""
    rows = await db.rows(
        "SELECT k.*, a.name AS staff_name FROM claim k LEFT JOIN account a ON a.id = k.staff_id"
        " WHERE k.task_id = $1 ORDER BY k.number LIMIT 500",
        task_id,
    )
    return [
        ClaimLine(
            row["number"],
            row["staff_id"],
            row["staff_name"] or "",
            from_us(row["claimed_at"]),
            from_us_or_none(row["ended_at"]),
            row["outcome"],
        )
        for row in rows
    ]


async def desk_ids_of(db: Reader, staff_id: str) -> frozenset[str]:
    """The desks where somebody answers."""
    return await read(db, desk_ids_read(staff_id))


def desk_ids_read(staff_id: str) -> Read[frozenset[str]]:
    """The desks where somebody answers."""
    sql = "SELECT desk_id FROM desk_staff WHERE staff_id = $1"
    return Read(sql, (staff_id,), lambda rows: frozenset(row["desk_id"] for row in rows))


def _condition(who: Onlooker, chosen: PoolFilter) -> tuple[str, list[object]]:
    values: list[object] = [who.staff_id]
    if chosen.view == "mine":
        where = "t.state IN ('claimed', 'in_release') AND t.holder_id = $1"
    elif chosen.view == "release":
        where = "t.state = 'in_release' AND t.holder_id <> $1"
        if not who.everything:
            where += _releasable(who, values)
    else:
        where = _open_to(who, values)
    for column, value in (
        ("stage", chosen.stage),
        ("desk_id", chosen.desk_id),
        ("channel", chosen.channel),
        ("material", chosen.material),
        ("language", chosen.language),
    ):
        if value not in (None, ""):
            values.append(value)
            where += f" AND t.{column} = ${len(values)}"
    if chosen.written:
        where += " AND t.channel = 'document' AND t.foreign_document = " + (
            "TRUE" if chosen.written == "foreign" else "FALSE"
        )
    if chosen.asked_before is not None:
        values.append(to_us(chosen.asked_before))
        where += f" AND t.clock_from_at < ${len(values)}"
    return where, values


def _open_to(who: Onlooker, values: list[object]) -> str:
    """Each part is looked up once, not for every task: what their desks wait for, what they asked or gave back."""
    if who.everything:
        return "t.state = 'open' AND $1 <> ''"
    desks: Sequence[str] = sorted(who.desk_ids) or [""]
    values.extend(desks)
    at_desk = placeholders(len(desks), start=2)
    values.append(to_us(who.now - _STRICT))
    asked = "SELECT c.task_id FROM consultation c WHERE c.state = 'open'"
    return (
        f"t.state = 'open' AND (t.opened_at IS NOT NULL OR t.id IN ({asked} AND c.desk_id IN ({at_desk})))"
        f" AND t.id NOT IN ({asked} AND c.reader_id = $1)"
        " AND (t.stage >= 2 OR t.id NOT IN (SELECT k.task_id FROM claim k WHERE k.staff_id = $1"
        f" AND k.claimed_at > ${len(values)} AND k.outcome = 'handed_back'))"
    )


def _releasable(who: Onlooker, values: list[object]) -> str:
    """Interns' answers that wait for this person by now: theirs by name, their library's, anybody's (R-ORG.5)."""
    waited = (who.policy.release_desk_hours, who.policy.release_alliance_hours)
    values += [who.library_id, *(to_us(who.now - timedelta(hours=hours)) for hours in waited)]
    return (
        " AND EXISTS (SELECT 1 FROM answer n WHERE n.task_id = t.id AND n.state = 'proposed' AND (n.reviewer_id = $1"
        " OR n.proposed_at <= $4 OR (n.library_id = $2 AND (n.reviewer_id = '' OR n.proposed_at <= $3))))"
    )


def _pool_row(row: Row) -> PoolRow:
    return PoolRow(
        task_of(row),
        row["holder_name"] or "",
        row["trail"],
        bool(row["in_catalogue"]),
        bool(row["handed_back"]),
        row["policy_id"] or "",
        row["reviewer_id"] or "",
        row["reviewer_name"] or "",
    )
