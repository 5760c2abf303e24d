"""Answers in all their versions, and drafts as they were typed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.domain.kept_answers import Answer, KeptDraft
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


async def insert_answer(tx: Transaction, a: Answer) -> None:
    """Keep one version. Raises Duplicate where this claim has this version already."""
    await tx.later(
        "INSERT INTO answer (id, task_id, claim_number, version, replaces_id, state, staff_id, library_id, kind,"
        " delivery, body, link_url, document, files, facts, reason, proposed_at, reviewer_id, released_by, comment,"
        f" sent_at, created_at) VALUES ({placeholders(22)})",
        *(
            a.id,
            a.task_id,
            a.claim_number,
            a.version,
            a.replaces_id,
            a.state,
            a.staff_id,
            a.library_id,
            a.kind,
        ),
        *(a.delivery, a.body, a.link_url, as_json(a.document), as_json(a.files)),
        *(
            as_json(a.facts),
            a.reason,
            to_us_or_none(a.proposed_at),
            a.reviewer_id,
            a.released_by,
            a.comment,
        ),
        *(to_us_or_none(a.sent_at), to_us(a.created_at)),
    )


async def answer_by_id(db: Reader, answer_id: str) -> Answer | None:
    return await read(db, answer_read(answer_id))


def answer_read(answer_id: str) -> Read[Answer | None]:
    """One version of an answer."""
    return Read("SELECT * FROM answer WHERE id = $1", (answer_id,), first(answer_of))


async def answers_of_task(db: Reader, task_id: str) -> list[Answer]:
    """All versions, oldest first."""
    rows = await db.rows("SELECT * FROM answer WHERE task_id = $1 ORDER BY created_at, id LIMIT 200", task_id)
    return [answer_of(row) for row in rows]


async def latest_of_claim(db: Reader, task_id: str, claim_number: int) -> Answer | None:
    """The newest version that this claim has brought."""
    return await read(db, latest_of_claim_read(task_id, claim_number))


def latest_of_claim_read(task_id: str, claim_number: int) -> Read[Answer | None]:
    """The newest version that this claim has brought."""
    sql = "SELECT * FROM answer WHERE task_id = $1 AND claim_number = $2 ORDER BY version DESC LIMIT 1"
    return Read(sql, (task_id, claim_number), first(answer_of))


def answer_given_read(consultation_id: str) -> Read[Answer | None]:
    """The version that is in force for a consultation's reader."""
    sql = "SELECT * FROM answer WHERE id = (SELECT answer_id FROM consultation WHERE id = $1)"
    return Read(sql, (consultation_id,), first(answer_of))


async def mark_released(
    tx: Transaction, answer_id: str, *, by: str, comment: str, facts: str, at: datetime
) -> bool:
    """It goes out in this very version; False when somebody else has decided already."""
    return bool(
        await tx.execute(
            "UPDATE answer SET state = 'sent', released_by = $2, comment = $3, facts = $4, sent_at = $5"
            " WHERE id = $1 AND state = 'proposed'",
            answer_id,
            by,
            comment,
            facts,
            to_us(at),
        )
    )


async def mark_refused(tx: Transaction, answer_id: str, *, by: str, comment: str) -> bool:
    """It goes back to its intern; the version stays in the archive."""
    return bool(
        await tx.execute(
            "UPDATE answer SET state = 'refused', released_by = $2, comment = $3 WHERE id = $1 AND state = 'proposed'",
            answer_id,
            by,
            comment,
        )
    )


async def mark_replaced(tx: Transaction, answer_id: str) -> bool:
    """A corrected version takes its place; False where one has already."""
    return bool(
        await tx.execute("UPDATE answer SET state = 'replaced' WHERE id = $1 AND state = 'sent'", answer_id)
    )


async def save_draft_of(
    tx: Transaction,
    task_id: str,
    staff_id: str,
    *,
    claim_number: int,
    content: Mapping[str, Any],
    late: bool,
    at: datetime,
) -> None:
    """Keep what somebody has typed, as typed."""
    await tx.execute(
        "INSERT INTO answer_draft (id, task_id, staff_id, claim_number, content, late, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET claim_number = $4, content = $5,"
        " late = $6, updated_at = $7",
        f"{task_id}:{staff_id}",
        task_id,
        staff_id,
        claim_number,
        as_json(content),
        late,
        to_us(at),
    )


async def drafts_of(db: Reader, task_id: str) -> list[KeptDraft]:
    """What everybody has typed for the task, newest first."""
    rows = await db.rows(
        "SELECT d.*, a.name AS staff_name FROM answer_draft d LEFT JOIN account a ON a.id = d.staff_id"
        " WHERE d.task_id = $1 ORDER BY d.updated_at DESC LIMIT 50",
        task_id,
    )
    return [
        KeptDraft(
            row["staff_id"],
            row["staff_name"] or "",
            row["claim_number"],
            json.loads(row["content"]),
            bool(row["late"]),
            from_us(row["updated_at"]),
        )
        for row in rows
    ]


async def drop_draft(tx: Transaction, task_id: str, staff_id: str) -> None:
    await tx.later("DELETE FROM answer_draft WHERE id = $1", f"{task_id}:{staff_id}")


def answer_of(row: Row) -> Answer:
    """A row of the table as its value."""
    return Answer(
        id=row["id"],
        task_id=row["task_id"],
        claim_number=row["claim_number"],
        version=row["version"],
        replaces_id=row["replaces_id"],
        state=row["state"],
        staff_id=row["staff_id"],
        library_id=row["library_id"],
        kind=row["kind"],
        delivery=row["delivery"],
        body=row["body"],
        link_url=row["link_url"],
        document=json.loads(row["document"] or "{}"),
        files=tuple(json.loads(row["files"] or "[]")),
        facts=json.loads(row["facts"]),
        reason=row["reason"],
        proposed_at=from_us_or_none(row["proposed_at"]),
        reviewer_id=row["reviewer_id"],
        released_by=row["released_by"],
        comment=row["comment"],
        sent_at=from_us_or_none(row["sent_at"]),
        created_at=from_us(row["created_at"]),
    )
