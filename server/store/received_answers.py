"""What a reader has been sent for a consultation: every version of the answer, and the mails that did not arrive."""

from datetime import datetime
from typing import NamedTuple

from server.domain.kept_answers import Answer
from server.store.answers import answer_of
from server.store.rows import Reader, from_us


class MailTrouble(NamedTuple):
    """Mails by when they were written: those that could not be delivered, and those that are tried again."""

    failed: list[datetime]
    late: list[datetime]


async def versions_received(db: Reader, answer_id: str) -> list[Answer]:
    """The version in force and all that it replaced, newest first: not what other readers of the task were sent."""
    rows = await db.rows(
        "WITH RECURSIVE told (id, replaces_id, depth) AS ("
        "SELECT id, replaces_id, 0 FROM answer WHERE id = $1 UNION ALL"
        " SELECT a.id, a.replaces_id, t.depth + 1 FROM answer a JOIN told t ON a.id = t.replaces_id"
        " WHERE t.replaces_id <> '' AND t.depth < 50)"
        " SELECT a.* FROM answer a JOIN told t ON t.id = a.id WHERE a.sent_at IS NOT NULL ORDER BY t.depth",
        answer_id,
    )
    return [answer_of(row) for row in rows]


async def mails_in_trouble(db: Reader, consultation_id: str, recipient: str) -> MailTrouble:
    """The mails to the reader about this consultation that could not be delivered, or not yet."""
    # A range instead of LIKE: the index on the event's key serves it in both dialects.
    rows = await db.rows(
        "SELECT state, created_at FROM mail_out WHERE event_key >= $1 AND event_key < $2 AND recipient = $3"
        " AND (state = 'failed' OR state = 'waiting' AND last_error <> '') ORDER BY created_at",
        f"consultation:{consultation_id}:",
        f"consultation:{consultation_id};",
        recipient,
    )
    failed = [from_us(row["created_at"]) for row in rows if row["state"] == "failed"]
    return MailTrouble(failed, [from_us(row["created_at"]) for row in rows if row["state"] == "waiting"])
