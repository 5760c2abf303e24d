"""Forgetting who somebody was and what they said, while rows and figures stay (R-LIVE.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.attachments import Belonging, Owner
from server.store.attachments import detach_all
from server.store.consultation_archive import forget_entries
from server.store.deliveries import void_deliveries
from server.store.dues import set_due
from server.store.rows import Reader, Transaction, placeholders, to_us

CHUNK = 200  # conversations in one statement


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was forgotten; the files' contents are to be removed once nobody else keeps the same."""

    sessions: int
    messages: int
    questions: int
    content_hashes: tuple[str, ...]


async def session_ids_of_reader(db: Reader, reader_key: str) -> list[str]:
    """All conversations of a reader."""
    rows = await db.rows("SELECT id FROM chat_session WHERE reader_key = $1 ORDER BY id", reader_key)
    return [row["id"] for row in rows]


async def sessions_to_forget(db: Reader, before: datetime, limit: int) -> list[str]:
    """Archived conversations from before a moment that still hold names and texts, oldest first."""
    rows = await db.rows(
        "SELECT id FROM chat_session WHERE state = 'closed' AND anonymised_at IS NULL AND created_at < $1"
        " ORDER BY created_at LIMIT $2",
        to_us(before),
        limit,
    )
    return [row["id"] for row in rows]


async def anonymise_sessions(tx: Transaction, session_ids: Sequence[str], at: datetime) -> Forgotten:
    """Take names, texts and files out of these conversations; numbers, kinds, times and titles passed on stay."""
    messages = questions = 0
    hashes: list[str] = []
    for start in range(0, len(session_ids), CHUNK):
        some = session_ids[start : start + CHUNK]
        within = f"({placeholders(len(some), start=2)})"
        await tx.execute(
            "UPDATE chat_session SET reader_key = 'erased:' || id, reader_id = '', reader_name = '', question = '',"
            f" page_url = '', page_title = '', rating_comment = '', anonymised_at = $1 WHERE id IN {within}",
            to_us(at),
            *some,
        )
        within = f"({placeholders(len(some))})"
        messages += await tx.execute(
            "UPDATE chat_event SET body = '', data = '' WHERE kind IN ('message', 'file', 'document', 'note')"
            f" AND session_id IN {within}",
            *some,
        )
        await tx.execute(
            "UPDATE chat_event SET author_id = '', author_name = '' WHERE author_kind = 'reader'"
            f" AND session_id IN {within}",
            *some,
        )
        await tx.execute(
            "UPDATE chat_participant SET account_id = '', name = '' WHERE kind = 'reader'"
            f" AND session_id IN {within}",
            *some,
        )
        await tx.execute(f"UPDATE wrap_up SET note = '' WHERE session_id IN {within}", *some)
        await tx.execute(
            f"UPDATE block SET reader_key = 'erased', reason = '' WHERE session_id IN {within}", *some
        )
        questions += await _anonymise_consultations(tx, at, f"session_id IN {within}", *some)
        rows = await tx.rows(
            f"DELETE FROM stored_file WHERE session_id IN {within} RETURNING content_hash", *some
        )
        hashes += [row["content_hash"] for row in rows if row["content_hash"]]
    return Forgotten(len(session_ids), messages, questions, tuple(hashes))


async def anonymise_questions_of(tx: Transaction, *, reader_id: str, mail: str, at: datetime) -> int:
    """Take everything personal out of what a reader asked, logged in or under their address."""
    return await _anonymise_consultations(tx, at, "(reader_id = $1 OR lower(mail) = $2)", reader_id, mail)


async def forget_mails_to(tx: Transaction, mail: str) -> None:
    """Remove what was sent, or is about to be, to this address."""
    await tx.execute("DELETE FROM mail_out WHERE lower(recipient) = $1", mail)


async def unreferenced(db: Reader, content_hashes: Sequence[str]) -> list[str]:
    """Those contents that no file points to any more."""
    found = []
    for content_hash in dict.fromkeys(content_hashes):
        if (
            await db.row("SELECT 1 AS found FROM stored_file WHERE content_hash = $1 LIMIT 1", content_hash)
            is None
        ):
            found.append(content_hash)
    return found


async def _anonymise_consultations(tx: Transaction, at: datetime, condition: str, *values: str) -> int:
    """What still waits is withdrawn, and tasks on which nobody waits any more leave the pool."""
    rows = await tx.rows(
        f"SELECT id, task_id FROM consultation WHERE anonymised_at IS NULL AND {condition}", *values
    )
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        await tx.execute(
            "UPDATE consultation SET reader_id = '', name = '', mail = '', phone = '', question = '', transcript = '',"
            " title = '', citation = '', rating_comment = '', show_title = FALSE, anonymised_at = $1, cancelled_at ="
            " CASE WHEN state = 'open' THEN $1 ELSE cancelled_at END,"
            " state = CASE WHEN state = 'open' THEN 'cancelled' ELSE state END"
            f" WHERE id IN ({placeholders(len(some), start=2)})",
            to_us(at),
            *(row["id"] for row in some),
        )
        await forget_entries(tx, [row["id"] for row in some])
        await _forget_files(tx, at, [row["id"] for row in some])
        await _withdraw_tasks(tx, at, sorted({row["task_id"] for row in some}))
    return len(rows)


async def _forget_files(tx: Transaction, at: datetime, consultation_ids: Sequence[str]) -> None:
    """What the reader attached goes, what was delivered is fetched no more; the archive keeps what was answered."""
    await void_deliveries(tx, consultation_ids, at)
    for consultation_id in consultation_ids:
        hashes = await detach_all(tx, Belonging(Owner.CONSULTATION, consultation_id))
        if hashes:
            # The folder knows no transaction: contents go only after this one is committed.
            await set_due(tx, "drop_contents", consultation_id, at, {"hashes": hashes})


async def _withdraw_tasks(tx: Transaction, at: datetime, task_ids: Sequence[str]) -> None:
    empty = (
        "NOT EXISTS (SELECT 1 FROM consultation c WHERE c.task_id = task.id AND c.state = 'open')"
        f" AND id IN ({placeholders(len(task_ids))})"
    )
    held = await tx.rows(
        f"SELECT id, holder_id FROM task WHERE state IN ('claimed', 'in_release') AND {empty}", *task_ids
    )
    for row in held:
        await tx.execute(
            "UPDATE claim_count SET open_claims = open_claims - 1 WHERE staff_id = $1 AND open_claims > 0",
            row["holder_id"],
        )
    number = len(task_ids) + 1
    await tx.execute(
        f"UPDATE task SET state = 'done', title = '', consultations = 0, holder_id = '',"
        f" holder_library_id = '', lease_ends_at = NULL, done_at = COALESCE(done_at, ${number}) WHERE {empty}",
        *task_ids,
        to_us(at),
    )
    await tx.execute(
        "DELETE FROM task_match_key WHERE NOT EXISTS (SELECT 1 FROM consultation c WHERE c.state = 'open'"
        f" AND c.id = task_match_key.consultation_id) AND task_id IN ({placeholders(len(task_ids))})",
        *task_ids,
    )
