"""Conversations under way at an upgrade go on with their next number, and who had to stay out stays out."""

from pathlib import Path

from server.settings import Settings
from server.store.chat import session_by_id
from server.store.database import NewMessage, Outcome, open_database
from server.store.migrating import migrate
from tests.migrations.test_moving_questions import DESK, old_url  # noqa: F401
from tests.migrations.test_schema import migrated_to

SESSION = (
    "INSERT INTO chat_session (id, desk_id, target_desk_id, target_staff_id, reader_key, reader_id, reader_name, topic,"
    " language, state, priority, practice, queued_at, circle_from_at, offered_to, offer_id, declined, staff_id,"
    " supervisor_id, crew, last_seq, last_staff_seq, question, page_url, page_title, previous_id, end_reason, rating,"
    " rating_comment, documents, created_at) VALUES ($1, 'd', 'd', '', $1, '', '', 'reference', 'zh', $2, 0, FALSE, 0,"
    " 0, '', '', '', '', '', 3, 7, 2, '几点开门？', '', '', '', '', '', '', 0, 0)"
)


async def test_conversations_go_on_with_their_next_number_after_the_upgrade(
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
    over = await session_by_id(db.read, "over")
    await db.close()
    assert over is not None
    assert (over.crew, over.last_seq, over.last_staff_seq, over.question) == (3, 7, 2, "几点开门？")
