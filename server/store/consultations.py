"""Consultations of readers, and what happened to each, in order."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from server.domain.consultations import Consultation, Step
from server.domain.task_policies import TaskPolicy, policy_content, task_policy_from
from server.domain.tasks import Channel, Standing
from server.store.reads import Read, first, read
from server.store.rows import (
    Reader,
    Row,
    Transaction,
    from_us,
    from_us_or_none,
    placeholders,
    to_us,
)

_ASKED = (
    "id, task_id, state, channel, material, desk_id, library_id, reader_id, session_id, name, mail, phone, language,"
    " topic, title, citation, question, transcript, record_id, foreign_document, show_title, client_id, policy_id,"
    " stage, submitted_at, submitted_by"
)
_NOTHING_YET = (
    "answer_id, answer_kind, answered_by, answered_library_id, rating, rating_comment, grade, grade_row"
)


async def insert_consultation(tx: Transaction, c: Consultation) -> None:
    """Store it. Raises Duplicate when this press of the button was stored before."""
    await tx.later(
        f"INSERT INTO consultation ({_ASKED}, {_NOTHING_YET})"
        f" VALUES ({placeholders(26)}, '', '', '', '', '', '', '', '')",
        *(c.id, c.task_id, str(c.state), str(c.channel), c.material, c.desk_id, c.library_id, c.reader_id),
        *(c.session_id, c.name, c.mail, c.phone, c.language, c.topic, c.title, c.citation, c.question),
        *(c.transcript, c.record_id, c.foreign_document, c.show_title, c.client_id, c.policy_id, c.stage),
        *(to_us(c.submitted_at), c.submitted_by),
    )


async def consultation_by_id(db: Reader, consultation_id: str) -> Consultation | None:
    return await read(db, consultation_read(consultation_id))


def consultation_read(consultation_id: str) -> Read[Consultation | None]:
    return Read("SELECT * FROM consultation WHERE id = $1", (consultation_id,), first(consultation_of))


def pressed_read(client_id: str) -> Read[Consultation | None]:
    """What that press of the button stored."""
    return Read("SELECT * FROM consultation WHERE client_id = $1", (client_id,), first(consultation_of))


async def consultations_of_task(db: Reader, task_id: str, *, waiting: bool = False) -> list[Consultation]:
    """Everybody who asked for it, longest wait first; ``waiting``: those without an answer only."""
    return await read(db, consultations_read(task_id, waiting=waiting))


def consultations_read(task_id: str, *, waiting: bool = False) -> Read[list[Consultation]]:
    """Everybody who asked for it, longest wait first; ``waiting``: those without an answer only."""
    only = " AND state = 'open'" if waiting else ""
    sql = f"SELECT * FROM consultation WHERE task_id = $1{only} ORDER BY submitted_at, id LIMIT 1000"
    return Read(sql, (task_id,), lambda rows: [consultation_of(row) for row in rows])


async def open_consultation_of(db: Reader, reader_id: str, task_id: str) -> Consultation | None:
    """The reader's own one that waits on this task."""
    row = await db.row(
        "SELECT * FROM consultation WHERE task_id = $1 AND reader_id = $2 AND state = 'open'",
        task_id,
        reader_id,
    )
    return consultation_of(row) if row else None


async def consultations_of_reader(
    db: Reader, reader_id: str, *, before: datetime, before_id: str = "", limit: int = 50
) -> list[Consultation]:
    """What a reader asked while logged in, newest first, from a place in the list on."""
    rows = await db.rows(
        "SELECT * FROM consultation WHERE reader_id = $1"
        " AND (submitted_at < $2 OR (submitted_at = $2 AND id < $3)) ORDER BY submitted_at DESC, id DESC LIMIT $4",
        reader_id,
        to_us(before),
        before_id,
        limit,
    )
    return [consultation_of(row) for row in rows]


async def count_requests_since(db: Reader, reader_id: str, since: datetime) -> int:
    """How many documents a reader has asked for since a moment (R-ANS.5)."""
    return await read(db, requests_read(reader_id, since))


def requests_read(reader_id: str, since: datetime) -> Read[int]:
    """How many documents a reader has asked for since a moment (R-ANS.5)."""
    sql = (
        "SELECT COUNT(*) AS count FROM consultation WHERE reader_id = $1 AND $1 <> '' AND submitted_at >= $2"
        " AND channel = 'document'"
    )
    return Read(sql, (reader_id, to_us(since)), lambda rows: int(rows[0]["count"]))


async def mark_answered(
    tx: Transaction,
    consultation_ids: Sequence[str],
    *,
    answer_id: str,
    kind: str,
    staff_id: str,
    library_id: str,
    at: datetime,
) -> None:
    """These readers have their answer, in so far as they still wait."""
    await tx.later(
        "UPDATE consultation SET state = 'answered', answer_id = $1, answer_kind = $2, answered_by = $3,"
        " answered_library_id = $4, answered_at = $5 WHERE state = 'open' AND id = ANY($6)",
        answer_id,
        kind,
        staff_id,
        library_id,
        to_us(at),
        list(consultation_ids),
    )


async def mark_corrected(tx: Transaction, old_answer_id: str, *, answer_id: str, kind: str) -> int:
    """The corrected version is in force for everybody who had the old one."""
    return await tx.execute(
        "UPDATE consultation SET answer_id = $2, answer_kind = $3 WHERE answer_id = $1 AND state = 'answered'",
        old_answer_id,
        answer_id,
        kind,
    )


async def mark_cancelled(tx: Transaction, consultation_id: str, at: datetime) -> bool:
    return bool(
        await tx.execute(
            "UPDATE consultation SET state = 'cancelled', cancelled_at = $2 WHERE id = $1 AND state = 'open'",
            consultation_id,
            to_us(at),
        )
    )


async def mark_consultation_rated(
    tx: Transaction, consultation_id: str, *, rating: str, comment: str, at: datetime
) -> None:
    """Keep the rating of what is answered, the first or a changed one."""
    await tx.later(
        "UPDATE consultation SET rating = $2, rating_comment = $3, rated_at = $4"
        " WHERE id = $1 AND state = 'answered'",
        consultation_id,
        rating,
        comment,
        to_us(at),
    )


async def convert_consultation(tx: Transaction, c: Consultation) -> bool:
    """It goes on as another kind of consultation, with all its fields (R-ANS.4)."""
    return bool(
        await tx.execute(
            "UPDATE consultation SET channel = $2, material = $3, title = $4, citation = $5, question = $6,"
            " foreign_document = $7, task_id = $8 WHERE id = $1 AND state = 'open'",
            c.id,
            str(c.channel),
            c.material,
            c.title,
            c.citation,
            c.question,
            c.foreign_document,
            c.task_id,
        )
    )


async def add_step(tx: Transaction, step: Step) -> None:
    """Add to the consultation's history."""
    await tx.later(
        "INSERT INTO consultation_step (id, consultation_id, kind, at, actor_id, public, data)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        step.id,
        step.consultation_id,
        step.kind,
        to_us(step.at),
        step.actor_id,
        step.public,
        step.data,
    )


async def steps_of(db: Reader, consultation_id: str, *, public: bool) -> list[Step]:
    """Its history in order; ``public``: what its reader is told only."""
    only = " AND public = TRUE" if public else ""
    rows = await db.rows(
        f"SELECT * FROM consultation_step WHERE consultation_id = $1{only} ORDER BY at, id LIMIT 1000",
        consultation_id,
    )
    return [
        Step(
            row["id"],
            row["consultation_id"],
            row["kind"],
            from_us(row["at"]),
            row["actor_id"],
            bool(row["public"]),
            row["data"],
        )
        for row in rows
    ]


async def keep_policy(tx: Transaction, policy: TaskPolicy) -> str:
    """Keep these values for ever; returns the name of exactly these."""
    policy_id, content = policy_content(policy)
    known = await tx.row("SELECT 1 AS found FROM task_policy_set WHERE id = $1", policy_id)
    if known is None:
        await tx.execute(
            "INSERT INTO task_policy_set (id, content) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            policy_id,
            content,
        )
    return policy_id


async def policies_by_ids(db: Reader, policy_ids: Sequence[str]) -> dict[str, TaskPolicy]:
    """The values kept under these names."""
    if not policy_ids:
        return {}
    rows = await db.rows(
        f"SELECT id, content FROM task_policy_set WHERE id IN ({placeholders(len(policy_ids))})", *policy_ids
    )
    return {row["id"]: policy_of(row["content"]) for row in rows}


@lru_cache(maxsize=256)
def policy_of(content: str) -> TaskPolicy:
    """The values that are kept as this text."""
    return task_policy_from(json.loads(content))


def consultation_of(row: Row) -> Consultation:
    """A row of the table as its value."""
    return Consultation(
        id=row["id"],
        task_id=row["task_id"],
        state=Standing(row["state"]),
        channel=Channel(row["channel"]),
        material=row["material"],
        desk_id=row["desk_id"],
        library_id=row["library_id"],
        reader_id=row["reader_id"],
        session_id=row["session_id"],
        name=row["name"],
        mail=row["mail"],
        phone=row["phone"],
        language=row["language"],
        topic=row["topic"],
        title=row["title"],
        citation=row["citation"],
        question=row["question"],
        transcript=row["transcript"],
        record_id=row["record_id"],
        foreign_document=bool(row["foreign_document"]),
        show_title=bool(row["show_title"]),
        client_id=row["client_id"],
        policy_id=row["policy_id"],
        stage=row["stage"],
        submitted_at=from_us(row["submitted_at"]),
        submitted_by=row["submitted_by"],
        escalated_at=from_us_or_none(row["escalated_at"]),
        answer_id=row["answer_id"],
        answer_kind=row["answer_kind"],
        answered_at=from_us_or_none(row["answered_at"]),
        answered_by=row["answered_by"],
        answered_library_id=row["answered_library_id"],
        cancelled_at=from_us_or_none(row["cancelled_at"]),
        rating=row["rating"],
        rating_comment=row["rating_comment"],
        rated_at=from_us_or_none(row["rated_at"]),
        grade=row["grade"],
        grade_row=row["grade_row"],
        anonymised_at=from_us_or_none(row["anonymised_at"]),
    )
