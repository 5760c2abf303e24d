"""What readers left with a desk before there was a task pool waits in it afterwards, with its own clock."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import Settings
from server.store.database import open_database
from server.store.migrating import migrate
from tests.migrations.test_schema import migrated_to
from tests.servers.postgres import Postgres

HOUR = 3600 * 1_000_000
DESK = (
    "INSERT INTO desk (id, library_id, slug, name_zh, name_en, greeting_zh, greeting_en, mail, colour, position,"
    " language, origins, open, created_at)"
    " VALUES ('d', 'l', 'd', '台', 'Desk', '', '', '', '', 'right', 'zh', '', TRUE, 0)"
)
QUESTION = (
    "INSERT INTO consultation_question (id, desk_id, kind, session_id, reader_id, name, mail, phone, language, topic,"
    " question, transcript, state, client_id, submitted_at)"
    " VALUES ($1, 'd', $2, 's', 'r', '李', 'li@example.org', '010', 'zh', 'reference', $3, '对话', 'submitted', $1, $4)"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, to be brought to an old schema first."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'old.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.create("of_an_old_schema")
    yield url
    server.drop(url)


async def test_questions_left_with_a_desk_wait_in_the_pool_after_the_upgrade(
    old_url: str, tmp_path: Path
) -> None:
    await migrated_to("0002_unique_and_append", old_url)
    now = time.time_ns() // 1000
    settings = Settings(database_url=old_url, files_dir=str(tmp_path), secret_key="s" * 40)
    db = open_database(settings)
    await db.open()
    async with db.transaction() as tx:
        await tx.execute(DESK)
        await tx.execute(QUESTION, "fresh", "form", "几点开门？", now - HOUR)
        await tx.execute(QUESTION, "old", "phone", "请回电", now - 73 * HOUR)
    await db.close()
    await migrate(old_url)
    db = open_database(settings)
    await db.open()
    moved = await db.read.rows(
        "SELECT c.id, c.channel, c.question, c.mail, c.transcript, c.stage, c.library_id, t.state, t.opened_at"
        " FROM consultation c JOIN task t ON t.id = c.task_id ORDER BY c.id"
    )
    dues = await db.read.rows("SELECT kind, subject_id, due_at FROM due ORDER BY due_at")
    await db.close()
    fresh, old = (dict(row) for row in moved)
    assert (fresh["channel"], fresh["question"], fresh["mail"], fresh["transcript"]) == (
        "form",
        "几点开门？",
        "li@example.org",
        "对话",
    )
    assert (fresh["stage"], fresh["opened_at"], fresh["library_id"]) == (0, None, "l")
    assert (old["channel"], old["stage"], old["state"]) == ("phone", 2, "open")
    assert old["opened_at"] == now - 61 * HOUR
    assert [row["due_at"] - now for row in dues] == [11 * HOUR, 23 * HOUR]
    assert [(row["kind"], row["subject_id"]) for row in dues] == [
        ("task_clock", "fresh"),
        ("task_clock", "old"),
    ]
