"""Form questions and phone call-backs: kept and mailed to the desk now, the task pool takes them over later."""

from dataclasses import dataclass
from datetime import datetime

from server.store.rows import Reader, Row, Transaction, from_us, to_us


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader left for the desk; ``client_id`` names one press of the button."""

    id: str
    desk_id: str
    kind: str  # form, phone
    session_id: str
    reader_id: str
    name: str
    mail: str
    phone: str
    language: str
    topic: str
    question: str
    transcript: str
    client_id: str
    submitted_at: datetime


async def insert_question(tx: Transaction, q: Question) -> bool:
    """Store it; False when this press of the button was stored before."""
    return bool(
        await tx.execute(
            "INSERT INTO consultation_question (id, desk_id, kind, session_id, reader_id, name, mail, phone, language,"
            " topic, question, transcript, state, client_id, submitted_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'submitted', $13, $14)"
            " ON CONFLICT (client_id) DO NOTHING",
            q.id,
            q.desk_id,
            q.kind,
            q.session_id,
            q.reader_id,
            q.name,
            q.mail,
            q.phone,
            q.language,
            q.topic,
            q.question,
            q.transcript,
            q.client_id,
            to_us(q.submitted_at),
        )
    )


async def question_by_client_id(db: Reader, client_id: str) -> Question | None:
    """What that press of the button stored."""
    row = await db.row("SELECT * FROM consultation_question WHERE client_id = $1", client_id)
    return question_of(row) if row else None


async def questions_of_desk(db: Reader, desk_id: str, *, before: datetime, limit: int) -> list[Question]:
    """A desk's questions, newest first."""
    rows = await db.rows(
        "SELECT * FROM consultation_question WHERE desk_id = $1 AND submitted_at < $2"
        " ORDER BY submitted_at DESC LIMIT $3",
        desk_id,
        to_us(before),
        limit,
    )
    return [question_of(row) for row in rows]


async def questions_of_reader(db: Reader, reader_id: str) -> list[Question]:
    """What a reader left while logged in, newest first."""
    rows = await db.rows(
        "SELECT * FROM consultation_question WHERE reader_id = $1 ORDER BY submitted_at DESC LIMIT 10000",
        reader_id,
    )
    return [question_of(row) for row in rows]


def question_of(row: Row) -> Question:
    return Question(
        row["id"],
        row["desk_id"],
        row["kind"],
        row["session_id"],
        row["reader_id"],
        row["name"],
        row["mail"],
        row["phone"],
        row["language"],
        row["topic"],
        row["question"],
        row["transcript"],
        row["client_id"],
        from_us(row["submitted_at"]),
    )
