"""What a reader has been sent for a consultation: every version of the answer, and the mails that did not arrive."""

from datetime import datetime

from server.domain.kept_answers import Answer
from server.store.answers import answer_of
from server.store.rows import Reader, from_us


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


async def failed_mails_about(db: Reader, consultation_id: str, recipient: str) -> list[datetime]:
    """When a mail to the reader about this consultation was written that could not be delivered."""
    # A range instead of LIKE: the index on the event's key serves it in both dialects.
    rows = await db.rows(
        "SELECT created_at FROM mail_out WHERE event_key >= $1 AND event_key < $2 AND state = 'failed'"
        " AND recipient = $3 ORDER BY created_at",
        f"consultation:{consultation_id}:",
        f"consultation:{consultation_id};",
        recipient,
    )
    return [from_us(row["created_at"]) for row in rows]
