"""The durable outbox: mails written with the change that causes them, each sent by one sender at a time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.store.rows import Reader, Row, Transaction, as_json, from_us, from_us_or_none, to_us

_INSERT = (
    "INSERT INTO mail_out (id, event_key, message_id, recipient, language, template, data, state,"
    " attempts, next_at, taken_until_at, last_error, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, 0, '', $9) ON CONFLICT (event_key) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the outbox; ``state`` is waiting, sent or failed.

    ``data`` is forgotten once the mail is sent or given up: it may hold a transcript or a secret link
    (R-LIVE.6).
    """

    id: str
    event_key: str
    message_id: str
    recipient: str
    language: str
    template: str
    data: Mapping[str, Any]
    created_at: datetime
    next_at: datetime
    state: str = "waiting"
    attempts: int = 0
    taken_until: datetime | None = None
    last_error: str = ""
    sent_at: datetime | None = None


async def insert_mail(tx: Transaction, mail: Mail) -> bool:
    """Put a mail in the outbox; False when the event has been mailed before."""
    return bool(await tx.execute(_INSERT, *_values(mail)))


async def insert_mails(tx: Transaction, mails: Sequence[Mail]) -> None:
    """Put many mails in the outbox; events that have been mailed before are left out."""
    if len(mails) == 1:
        await tx.later(_INSERT, *_values(mails[0]))
        return
    await tx.execute_many(_INSERT, [_values(mail) for mail in mails])


async def take_mail(tx: Transaction, *, now: datetime, until: datetime) -> Mail | None:
    """Take the mail that is due longest, for oneself alone until the lease ends; None when none is due.

    Of two senders after the same row the slower finds it taken: the conditions are looked at again when its
    turn comes, and it goes home with nothing until the next round.
    """
    rows = await tx.rows(
        "UPDATE mail_out SET taken_until_at = $2, attempts = attempts + 1 WHERE id IN ("
        "SELECT id FROM mail_out WHERE state = 'waiting' AND next_at <= $1 AND taken_until_at <= $1"
        " ORDER BY next_at, id LIMIT 1) AND state = 'waiting' AND taken_until_at <= $1 RETURNING *",
        to_us(now),
        to_us(until),
    )
    return _mail(rows[0]) if rows else None


async def keep_sent(tx: Transaction, mail: Mail, at: datetime) -> bool:
    """The server has taken the mail; False when our lease had run out and another sender has it now."""
    return await _let_go(tx, mail, state="sent", next_at=mail.next_at, error="", sent_at=at)


async def put_back(tx: Transaction, mail: Mail, *, next_at: datetime, error: str) -> bool:
    """The server did not take it now: it waits for its next turn."""
    return await _let_go(tx, mail, state="waiting", next_at=next_at, error=error, sent_at=None)


async def give_up(tx: Transaction, mail: Mail, *, error: str) -> bool:
    """The server will never take it."""
    return await _let_go(tx, mail, state="failed", next_at=mail.next_at, error=error, sent_at=None)


async def next_mail_at(db: Reader) -> datetime | None:
    """When the next mail is due or its lease ends; None with an empty outbox."""
    row = await db.row(
        "SELECT MIN(CASE WHEN taken_until_at > next_at THEN taken_until_at ELSE next_at END) AS at"
        " FROM mail_out WHERE state = 'waiting'"
    )
    return from_us_or_none(row["at"]) if row else None


async def latest_mails(db: Reader, limit: int = 100) -> Sequence[Mail]:
    """The outbox as it stands, newest first."""
    rows = await db.rows("SELECT * FROM mail_out ORDER BY created_at DESC, id DESC LIMIT $1", limit)
    return [_mail(row) for row in rows]


async def _let_go(
    tx: Transaction, mail: Mail, *, state: str, next_at: datetime, error: str, sent_at: datetime | None
) -> bool:
    """Write what became of a mail, if it is still ours: the lease's end is the proof."""
    assert mail.taken_until is not None, "only a taken mail can be let go"
    return bool(
        await tx.execute(
            "UPDATE mail_out SET state = $3, next_at = $4, last_error = $5, sent_at = $6, data = $7,"
            " taken_until_at = 0 WHERE id = $1 AND taken_until_at = $2 AND state = 'waiting'",
            mail.id,
            to_us(mail.taken_until),
            state,
            to_us(next_at),
            error[:300],
            None if sent_at is None else to_us(sent_at),
            as_json(mail.data) if state == "waiting" else "{}",
        )
    )


def _values(mail: Mail) -> tuple[Any, ...]:
    return (
        mail.id,
        mail.event_key,
        mail.message_id,
        mail.recipient,
        mail.language,
        mail.template,
        as_json(mail.data),
        to_us(mail.next_at),
        to_us(mail.created_at),
    )


def _mail(row: Row) -> Mail:
    return Mail(
        id=row["id"],
        event_key=row["event_key"],
        message_id=row["message_id"],
        recipient=row["recipient"],
        language=row["language"],
        template=row["template"],
        data=json.loads(row["data"]),
        created_at=from_us(row["created_at"]),
        next_at=from_us(row["next_at"]),
        state=row["state"],
        attempts=row["attempts"],
        taken_until=from_us(row["taken_until_at"]) if row["taken_until_at"] else None,
        last_error=row["last_error"],
        sent_at=from_us_or_none(row["sent_at"]),
    )
