"""`shuqiao user …` as an operator runs it."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.clocks import TimedIds
from server.domain.desks import Desk, Library
from server.domain.loan_rows import Store
from server.settings import Settings
from server.store.database import open_database
from server.store.libraries import save_desk, save_library
from server.store.store_keeping import save_store
from tests.server.commands.conftest import Said, Shuqiao

User = Callable[..., Said]


@pytest.fixture
async def settled(sqlite_url: str) -> str:
    """An installation with one library and two desks."""
    database, ids, now = open_database(Settings(database_url=sqlite_url)), TimedIds(), datetime.now(UTC)
    await database.open()
    async with database.transaction() as tx:
        library = Library(ids.new(), "home", "public", "书桥图书馆", "Home", *[""] * 6, None, now)
        await save_library(tx, library)
        for slug in ("home", "second"):
            values = (library.id, slug, "咨询台", "Desk", "", "", "", "#1f5f8b", "right", "zh", (), True, now)
            await save_desk(tx, Desk(ids.new(), *values))
        kind = ("ordinary", "centre", "", "")
        await save_store(tx, Store(ids.new(), library.id, "H-1", "书库", "Store", *kind, True, now))
    await database.close()
    return sqlite_url


@pytest.fixture
def user(settled: str, shuqiao: Shuqiao, monkeypatch: pytest.MonkeyPatch) -> User:
    """Run `shuqiao user ARGUMENTS` there."""

    def run(*arguments: str, stdin: str = "", **settings: str) -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        values = {
            "environment": "test",
            "database_url": settled,
            "secret_key": "a secret that only this test knows, 32+",
            "argon2_time_cost": "1",
            "argon2_memory_kib": "64",
            **settings,
        }
        return shuqiao("user", *arguments, **values)

    return run


def test_an_administrator_is_added_granted_listed_and_kept(user: User) -> None:
    li = ("add", "li@example.org", "--name", "李梅", "--library", "home", "--role", "administrator")
    assert user(*li, "--password-stdin", stdin="a good long sentence\n").status == 0
    assert user("grant", "li@example.org", "manager").status == 0
    listed = user("list", "--search", "LI@").out
    assert "administrator@alliance, manager@home" in listed and "active" in listed
    kept = user("revoke", "li@example.org", "administrator")
    assert kept.status == 1 and "last administrator" in kept.err


def test_a_role_at_one_store_is_named_by_its_code(user: User) -> None:
    luo = ("add", "luo@example.org", "--name", "罗建国", "--library", "home", "--role", "store_keeper@H-1")
    assert user(*luo, "--password-stdin", stdin="a good long sentence\n").status == 0
    assert "store_keeper@H-1" in user("list").out
    refused = user("grant", "luo@example.org", "librarian@H-1")
    assert refused.status == 2 and "There is no such library" in refused.err
    assert user("revoke", "luo@example.org", "store_keeper@H-1").status == 0


def test_a_password_that_will_not_do_is_refused_in_words(user: User) -> None:
    answer = user("add", "li@example.org", "--name", "李梅", "--password-stdin", stdin="short\n")
    assert answer.status == 2 and "password: " in answer.err and "at least 10 characters" in answer.err
    answer = user("password", "nobody@example.org", "--password-stdin", stdin="a good long sentence\n")
    assert answer.status == 2 and "MAIL: There is no such account" in answer.err


def test_a_wrong_address_or_name_is_said_before_a_password_is_typed(user: User) -> None:
    assert "MAIL: This is not a mail address" in user("add", "li@example", "--name", "李梅").err
    assert "--name: " in user("add", "li@example.org", "--name", "见 http://win.test").err
    assert "no terminal" in user("add", "li@example.org", "--name", "李梅").err


def test_an_invitation_is_printed(user: User) -> None:
    wang = (
        "wang@example.org",
        "--name",
        "王强",
        "--library",
        "home",
        "--role",
        "librarian",
        "--desk",
        "second",
    )
    answer = user("invite", *wang)
    assert answer.status == 0, answer.err
    assert answer.out.startswith("http://127.0.0.1:8080/invite/")


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("wizard", "ROLE[@SCOPE]: There is no such role"),
        ("librarian@nowhere", "ROLE[@SCOPE]: There is no such library"),
        ("reader", "Everybody"),
    ],
)
def test_a_role_that_is_none_is_refused_by_name(user: User, role: str, said: str) -> None:
    user("add", "li@example.org", "--name", "李梅", "--password-stdin", stdin="a good long sentence\n")
    answer = user("grant", "li@example.org", f"{role}@alliance" if role == "reader" else role)
    assert answer.status == 2 and said in answer.err


def test_ready_log_ins_are_spread_over_the_desks_and_share_one_hash(user: User) -> None:
    lines = [json.loads(line) for line in user("sessions", "--count", "4").out.splitlines()]
    assert [line["desk"] for line in lines] == ["home", "second", "home", "second"]
    assert all(len(line["sid"]) == 43 and line["csrf"] for line in lines)
    again = [json.loads(line) for line in user("sessions", "--count", "4").out.splitlines()]
    assert [line["account_id"] for line in again] == [line["account_id"] for line in lines]
    readers = [
        json.loads(line) for line in user("sessions", "--count", "2", "--role", "reader").out.splitlines()
    ]
    assert all(line["bearer"] for line in readers)


def test_production_hands_out_no_log_ins_by_accident(user: User) -> None:
    answer = user("sessions", "--count", "1", environment="production")
    assert answer.status == 1 and "--in-production" in answer.err and answer.out == ""
    assert user("sessions", "--count", "1", "--in-production", environment="production").status == 0


def test_readers_are_imported_and_bad_lines_said_by_number(user: User, tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_text("邮箱,姓名\na@reader.test,安安\nwrong,\n", encoding="gb18030")
    answer = user("import-readers", "home", str(path))
    assert answer.status == 1
    assert "line 3, mail address:" in answer.err and "nothing was imported" in answer.err
    answer = user("import-readers", "home", str(path), "--good-only")
    assert answer.status == 0 and "new accounts: 1" in answer.err
    assert user("import-readers", "home", str(tmp_path / "none.csv")).status == 1


@pytest.mark.parametrize(
    "command", ["", "add", "invite", "grant", "revoke", "password", "list", "sessions", "import-readers"]
)
def test_every_help_teaches_with_an_example(shuqiao: Shuqiao, command: str) -> None:
    answer = shuqiao("user", *command.split(), "--help")
    assert answer.status == 0
    assert f"shuqiao user {command}".strip() in answer.out.partition("examples:")[2]
