"""Tasks of the pool: every change is one conditional UPDATE, so that of many who try exactly one succeeds.

Rows are locked people first (the counter of claims), then tasks, then consultations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import Refusal
from server.domain.pool import TaskRow
from server.domain.tasks import Channel, Task, TaskState, Waiting
from server.store.consultations import policy_of
from server.store.reads import Read, first, read, read_together
from server.store.rows import (
    Reader,
    Row,
    Transaction,
    from_us,
    from_us_or_none,
    placeholders,
    to_us,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim to be made: the ``number``-th of its task."""

    id: str
    task_id: str
    number: int
    staff_id: str
    library_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who has to do with a task besides its holder."""

    waiting: tuple[Waiting, ...]
    gave_back: frozenset[str]


async def insert_task(tx: Transaction, t: TaskRow) -> None:
    """Put a task into the pool."""
    await tx.later(
        "INSERT INTO task (id, state, channel, material, match_key, title, language, foreign_document, desk_id,"
        " library_id, stage, consultations, clock_from_at, opened_at, holder_id, holder_library_id, claim_number,"
        f" created_at) VALUES ({placeholders(4)}, '', {placeholders(9, start=5)}, '', '', 0, $14)",
        *(t.id, str(t.state), str(t.channel), t.material, t.title, t.language, t.foreign_document),
        *(t.desk_id, t.library_id, t.stage, t.consultations, to_us(t.clock_from_at)),
        None if t.opened_at is None else to_us(t.opened_at),
        to_us(t.created_at),
    )


async def task_by_id(db: Reader, task_id: str) -> TaskRow | None:
    return await read(db, task_read(task_id))


def task_read(task_id: str) -> Read[TaskRow | None]:
    return Read("SELECT * FROM task WHERE id = $1", (task_id,), first(task_of))


async def join_task(tx: Transaction, task_id: str) -> bool:
    """Let one more reader wait on this task; False where it has just been finished."""
    return bool(
        await tx.execute(
            "UPDATE task SET consultations = consultations + 1 WHERE id = $1 AND state <> 'done'", task_id
        )
    )


async def lock_task(tx: Transaction, task_id: str) -> TaskRow | None:
    """The task, held against every other change to the end of the transaction."""
    return await read(tx, _locked_task(task_id))


async def lock_task_of(tx: Transaction, staff_id: str, task_id: str) -> TaskRow | None:
    """First this person's counter, then the task, both held to the end of the transaction."""
    slots = Read("SELECT 1 AS held FROM claim_count WHERE staff_id = $1 FOR UPDATE", (staff_id,), bool)
    _, row = await read_together(tx, slots, _locked_task(task_id))
    return row


def _locked_task(task_id: str) -> Read[TaskRow | None]:
    return Read("SELECT * FROM task WHERE id = $1 FOR UPDATE", (task_id,), first(task_of))


async def rules_view(db: Reader, row: TaskRow) -> Task:
    """The task as the rules see it: who waits under which policy, who handed it back."""
    return rules_of(row, await read(db, concerned_read(row.id)))


def rules_of(row: TaskRow, concerned: Concerned) -> Task:
    """The task as the rules see it."""
    return Task(
        row.id,
        row.state,
        row.channel,
        concerned.waiting,
        row.opened_at,
        row.holder_id,
        row.claim_number,
        row.lease_ends_at,
        concerned.gave_back,
    )


def concerned_read(task_id: str) -> Read[Concerned]:
    """Who waits under which policy, and who handed the task back."""
    # Who handed it back stands below who waits, so that it is one statement.
    sql = (
        "SELECT c.id AS id, c.submitted_at AS submitted_at, c.desk_id, c.reader_id, p.content, '' AS back"
        " FROM consultation c JOIN task_policy_set p ON p.id = c.policy_id WHERE c.task_id = $1 AND c.state = 'open'"
        " UNION ALL SELECT DISTINCT '', 0, '', '', '', staff_id FROM claim"
        " WHERE task_id = $1 AND outcome = 'handed_back'"
        " ORDER BY submitted_at, id LIMIT 2000"
    )
    return Read(sql, (task_id,), _concerned)


def _concerned(rows: Sequence[Row]) -> Concerned:
    waiting = [
        Waiting(
            row["id"],
            from_us(row["submitted_at"]),
            policy_of(row["content"]),
            row["desk_id"],
            row["reader_id"],
        )
        for row in rows
        if row["id"]
    ]
    return Concerned(tuple(waiting), frozenset(row["back"] for row in rows if row["back"]))


async def take_claim_slot(tx: Transaction, staff_id: str, *, limit: int, refusal: Refusal) -> None:
    """One more claim for this person; the refusal is raised where they hold the limit (R-72.5)."""
    if limit < 1:
        raise refusal
    await tx.later(
        "INSERT INTO claim_count (staff_id, open_claims) VALUES ($1, 1) ON CONFLICT (staff_id)"
        " DO UPDATE SET open_claims = claim_count.open_claims + 1 WHERE claim_count.open_claims < $2",
        staff_id,
        limit,
        refusal=refusal,
    )


async def lock_claim_slots(tx: Transaction, staff_id: str) -> None:
    """Hold this person's counter to the end of the transaction: people are locked before tasks."""
    await tx.lock_rows("claim_count", "staff_id", [staff_id])


async def free_claim_slot(tx: Transaction, staff_id: str) -> None:
    await tx.later(
        "UPDATE claim_count SET open_claims = open_claims - 1 WHERE staff_id = $1 AND open_claims > 0",
        staff_id,
    )


async def claim(tx: Transaction, taken: Claim, until: datetime, *, refusal: Refusal) -> None:
    """Take the task from the pool; the refusal is raised where somebody was faster."""
    await tx.later(
        "UPDATE task SET state = 'claimed', holder_id = $2, holder_library_id = $3, claim_number = $6,"
        " claimed_at = $4, lease_ends_at = $5 WHERE id = $1 AND state = 'open' AND claim_number = $6 - 1",
        taken.task_id,
        taken.staff_id,
        taken.library_id,
        to_us(taken.at),
        to_us(until),
        taken.number,
        refusal=refusal,
    )
    await tx.later(
        "INSERT INTO claim (id, task_id, number, staff_id, library_id, claimed_at, outcome)"
        " VALUES ($1, $2, $3, $4, $5, $6, '')",
        taken.id,
        taken.task_id,
        taken.number,
        taken.staff_id,
        taken.library_id,
        to_us(taken.at),
    )


async def put_back(tx: Transaction, task_id: str, claim_number: int, now: datetime, outcome: str) -> bool:
    """The task lies in the pool again, open to all once handed back (R-72.7); False where this claim had ended."""
    changed = await tx.execute(
        "UPDATE task SET state = 'open', holder_id = '', holder_library_id = '', claimed_at = NULL,"
        " lease_ends_at = NULL, opened_at = CASE WHEN $4 = 'handed_back' THEN COALESCE(opened_at, $3)"
        " ELSE opened_at END WHERE id = $1 AND claim_number = $2 AND state IN ('claimed', 'in_release')",
        task_id,
        claim_number,
        to_us(now),
        outcome,
    )
    if changed:
        await end_claim(tx, task_id, claim_number, now, outcome)
    return bool(changed)


async def end_claim(tx: Transaction, task_id: str, number: int, now: datetime, outcome: str) -> None:
    await tx.later(
        "UPDATE claim SET ended_at = $3, outcome = $4 WHERE task_id = $1 AND number = $2 AND ended_at IS NULL",
        task_id,
        number,
        to_us(now),
        outcome,
    )


async def set_release(tx: Transaction, task_id: str, claim_number: int) -> bool:
    """An intern's answer waits for its release: the lease does not run (R-ORG.5)."""
    return bool(
        await tx.execute(
            "UPDATE task SET state = 'in_release', lease_ends_at = NULL"
            " WHERE id = $1 AND claim_number = $2 AND state = 'claimed'",
            task_id,
            claim_number,
        )
    )


async def renew_lease_of(tx: Transaction, task_id: str, claim_number: int, until: datetime) -> bool:
    """Back to its intern with a fresh lease (R-ORG.5)."""
    return bool(
        await tx.execute(
            "UPDATE task SET state = 'claimed', lease_ends_at = $3"
            " WHERE id = $1 AND claim_number = $2 AND state = 'in_release'",
            task_id,
            claim_number,
            to_us(until),
        )
    )


async def finish_task(tx: Transaction, task_id: str, now: datetime) -> None:
    """Nobody waits on it any longer, and nobody is to meet it."""
    await tx.later("DELETE FROM task_match_key WHERE task_id = $1", task_id)
    await tx.later(
        "UPDATE task SET state = 'done', consultations = 0, holder_id = '', holder_library_id = '',"
        " lease_ends_at = NULL, done_at = $2 WHERE id = $1 AND state <> 'done'",
        task_id,
        to_us(now),
    )


async def settle_clock(tx: Transaction, task_id: str) -> int:
    """Count anew who waits, from when and how far the furthest has come; returns how many wait."""
    row = await tx.row(
        "SELECT COUNT(*) AS count, MIN(submitted_at) AS oldest_at, MAX(stage) AS stage FROM consultation"
        " WHERE task_id = $1 AND state = 'open'",
        task_id,
    )
    count = int(row["count"]) if row else 0
    if row and count:
        await tx.execute(
            "UPDATE task SET consultations = $2, clock_from_at = $3, stage = $4 WHERE id = $1",
            task_id,
            count,
            row["oldest_at"],
            row["stage"],
        )
    return count


async def open_to_alliance(tx: Transaction, task_id: str, now: datetime) -> bool:
    """From now on every librarian of the alliance may take it (R-72.7)."""
    return bool(
        await tx.execute(
            "UPDATE task SET opened_at = $2 WHERE id = $1 AND opened_at IS NULL AND state <> 'done'",
            task_id,
            to_us(now),
        )
    )


async def retitle_task(tx: Transaction, t: TaskRow) -> bool:
    """It goes on as another kind of work (R-ANS.4)."""
    return bool(
        await tx.execute(
            "UPDATE task SET channel = $2, material = $3, title = $4, foreign_document = $5"
            " WHERE id = $1 AND state <> 'done'",
            t.id,
            str(t.channel),
            t.material,
            t.title,
            t.foreign_document,
        )
    )


async def recount_claims(tx: Transaction, staff_id: str) -> None:
    """Set the (locked) counter of somebody's claims to what the rows say."""
    await tx.execute(
        "UPDATE claim_count SET open_claims = (SELECT COUNT(*) FROM task WHERE holder_id = $1"
        " AND state IN ('claimed', 'in_release')) WHERE staff_id = $1",
        staff_id,
    )


async def count_claims_with_rows(db: Reader) -> list[tuple[str, int, int]]:
    """Counters of claims that differ from the rows: (person, counter, rows)."""
    rows = await db.rows(
        "SELECT n.staff_id, n.open_claims, COALESCE(held.count, 0) AS held FROM claim_count n LEFT JOIN"
        " (SELECT holder_id, COUNT(*) AS count FROM task WHERE state IN ('claimed', 'in_release') GROUP BY holder_id)"
        " AS held ON held.holder_id = n.staff_id WHERE n.open_claims <> COALESCE(held.count, 0)"
    )
    return [(row["staff_id"], row["open_claims"], row["held"]) for row in rows]


def task_of(row: Row) -> TaskRow:
    """A row of the table as its value."""
    return TaskRow(
        id=row["id"],
        state=TaskState(row["state"]),
        channel=Channel(row["channel"]),
        material=row["material"],
        title=row["title"],
        language=row["language"],
        foreign_document=bool(row["foreign_document"]),
        desk_id=row["desk_id"],
        library_id=row["library_id"],
        stage=row["stage"],
        consultations=row["consultations"],
        clock_from_at=from_us(row["clock_from_at"]),
        opened_at=from_us_or_none(row["opened_at"]),
        holder_id=row["holder_id"],
        holder_library_id=row["holder_library_id"],
        claim_number=row["claim_number"],
        claimed_at=from_us_or_none(row["claimed_at"]),
        lease_ends_at=from_us_or_none(row["lease_ends_at"]),
        created_at=from_us(row["created_at"]),
        done_at=from_us_or_none(row["done_at"]),
    )
