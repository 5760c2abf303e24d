"""Who is logged in at an upgrade stays so, at our address and in chats, whichever version wrote it down."""

import time
from datetime import UTC, datetime
from pathlib import Path

from server.domain.logins import LogInKind
from server.settings import Settings
from server.store.database import open_database
from server.store.logins import login_by_id
from server.store.migrating import migrate
from server.store.rows import Transaction
from tests.migrations.test_moving_questions import old_url  # noqa: F401
from tests.migrations.test_schema import migrated_to

ACCOUNT = (
    "INSERT INTO account (id, mail, name, password_hash, library_id, language, card_number, state, large_type,"
    " created_at) VALUES ('a', 'a@library.test', '李', 'x', 'l', 'zh', '', 'active', FALSE, 0)"
)
LOG_IN = (
    "INSERT INTO web_session (id, account_id, kind, desk_id, created_at, seen_at, expires_at)"
    " VALUES ($1, 'a', $1, '', 0, 0, $2)"
)


async def _as_before(tx: Transaction, kind: str) -> None:
    """A log-in as the version before writes it."""
    await tx.execute(LOG_IN, kind, time.time_ns() // 1000 + 3600 * 1_000_000)


async def test_log_ins_outlast_the_upgrade_and_a_server_of_before_begins_more(
    old_url: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    await migrated_to("0021_dues_by_kind", old_url)
    settings = Settings(database_url=old_url, files_dir=str(tmp_path), secret_key="s" * 40)
    db = open_database(settings)
    await db.open()
    async with db.transaction() as tx:
        await tx.execute(ACCOUNT)
        await _as_before(tx, LogInKind.BROWSER)
    await db.close()
    await migrate(old_url)
    db = open_database(settings)
    await db.open()
    async with db.transaction() as tx:
        await _as_before(tx, LogInKind.WIDGET)
    found = [await login_by_id(db.read, kind, kind, datetime.now(UTC)) for kind in LogInKind]
    await db.close()
    assert [each and each[1].name for each in found] == ["李", "李"]
