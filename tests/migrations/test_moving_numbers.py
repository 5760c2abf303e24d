"""What is under way at an upgrade goes on: conversations with their next number, books where they stand."""

import time
from pathlib import Path

from server.settings import Settings
from server.store.chat import session_by_id
from server.store.database import NewMessage, Outcome, open_database
from server.store.migrating import migrate
from server.store.rows import Reader, Transaction
from tests.migrations.test_moving_questions import DESK, old_url  # noqa: F401
from tests.migrations.test_schema import migrated_to

SESSION = (
    "INSERT INTO chat_session (id, desk_id, target_desk_id, target_staff_id, reader_key, reader_id, reader_name, topic,"
    " language, state, priority, practice, queued_at, circle_from_at, offered_to, offer_id, declined, staff_id,"
    " supervisor_id, crew, last_seq, last_staff_seq, question, page_url, page_title, previous_id, end_reason, rating,"
    " rating_comment, documents, created_at) VALUES ($1, 'd', 'd', '', $1, '', '', 'reference', 'zh', $2, 0, FALSE, 0,"
    " 0, '', '', '', '', '', 3, 7, 2, '几点开门？', '', '', '', '', '', '', 0, 0)"
)

ITEM = (
    "INSERT INTO item (id, record_id, barcode, library_id, store_id, location, tote, state, order_id, line_id,"
    " added_at, checked_at, note) VALUES ($1, 7, $1, 'l', 's', 'A-1', 'T1', $2, '', '', 0, $3, '')"
)
COMMAND = (
    "INSERT INTO stack_command (id, device_id, kind, order_id, line_id, item_id, barcode, tote, target_id, priority,"
    " state, result, sends, created_at, next_at, settled_at, taken_over_by, reason)"
    " VALUES ($1, 'd', $2, 'o', 'line', $3, $3, 'T1', '', 5, 'done', '', 1, $4, 0, $4, '', '')"
)
LINE = (  # it waits for another copy than those below
    "INSERT INTO loan_line (id, order_id, position, record_id, title, authors, state, stage_at, store_id, item_id,"
    " barcode, location, command_id, parcel_id, attempts, renewals) VALUES"
    " ('line', 'o', 1, 7, '书', '', 'to_pick', 0, 's', 'other', 'other', '', '', '', 2, 0)"
)


async def _brought_before(tx: Transaction) -> None:
    """Books, and what machines were told of them."""
    now = time.time_ns() // 1000
    await tx.execute(LINE)
    await tx.execute(ITEM, "at-rest", "available", None)
    for item_id, state, seen in (
        ("brought", "available", None),
        ("seen-since", "available", now),
        ("taken-in", "available", None),
        ("promised", "reserved", None),
    ):
        await tx.execute(ITEM, item_id, state, seen)
        await tx.execute(COMMAND, f"c-{item_id}", "retrieve", item_id, now - 9)
    await tx.execute(COMMAND, "back", "put_back", "taken-in", now - 5)


async def _free(db: Reader) -> set[str]:
    return {row["id"] for row in await db.rows("SELECT id FROM item WHERE state = 'available'")}


async def test_after_the_upgrade_conversations_have_their_next_number_and_what_was_brought_in_vain_is_not_free(
    old_url: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    await migrated_to("0018_loan_titles", old_url)
    settings = Settings(database_url=old_url, files_dir=str(tmp_path), secret_key="s" * 40)
    db = open_database(settings)
    await db.open()
    async with db.transaction() as tx:
        await tx.execute(DESK)
        await tx.execute(SESSION, "talking", "active")
        await tx.execute(SESSION, "over", "closed")
        await _brought_before(tx)
    await db.close()
    await migrate(old_url)
    db = open_database(settings)
    await db.open()

    async def say(session: str, crew: int) -> tuple[Outcome, int]:
        answer = await db.append(NewMessage(session, crew, "c", "reader", "", "", "message", "您好", "", 0))
        return answer.outcome, answer.seq

    assert await say("talking", 2) == (Outcome.STALE, 0)
    assert await say("talking", 3) == (Outcome.STORED, 8)
    assert await say("over", 3) == (Outcome.CLOSED, 0)
    over, free = await session_by_id(db.read, "over"), await _free(db.read)
    await db.close()
    assert over is not None
    assert (over.crew, over.last_seq, over.last_staff_seq, over.question) == (3, 7, 2, "几点开门？")
    assert free == {"at-rest", "seen-since", "taken-in"}
