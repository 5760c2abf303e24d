"""What operators meet at the command line: help that teaches, refusals by name, statuses that scripts can use."""

import socket
import sqlite3
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from server.settings import Settings, load_settings
from server.store.checking import migration_names
from tests.server.commands.conftest import Shuqiao

ROOT = Path(__file__).parents[3]
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-ABC"


def test_without_a_command_the_help_is_shown_and_the_status_says_misuse(shuqiao: Shuqiao) -> None:
    said = shuqiao()
    assert (said.status, "The first steps" in said.err) == (2, True)


def test_the_program_runs_as_a_module_too() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "server", "--version"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (ended.returncode, ended.stdout.split()[0]) == (0, "shuqiao")


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_every_wrong_setting_is_named_at_once(shuqiao: Shuqiao, command: str) -> None:
    wrong = {
        "port": "many",
        "database_url": "mysql://x",
        "smtp_tls": "ssl",
        "upload_limit": 5,
        "zone": "Moon/Crater",
    }
    said = shuqiao(command, colour="red", **wrong)
    assert said.status == 2
    for name in ("SHUQIAO_COLOUR", "secret_key", *wrong):
        assert f"  {name}: " in said.err


def test_what_is_wrong_with_settings_is_said_in_the_operators_language(
    shuqiao: Shuqiao, tmp_path: Path
) -> None:
    said = shuqiao("serve", port="many", lang="zh_CN.UTF-8")
    assert "port：应为整数" in said.err
    (tmp_path / "settings.toml").write_text('port = 80\nlanguage = 5\ncolour = "red"\n')
    said = shuqiao("serve", config=tmp_path / "settings.toml", environment="test")
    assert [line.strip().split(": ")[-2:] for line in said.err.splitlines()[1:]] == [
        ["colour", "no such setting; `shuqiao doctor --settings` lists them all"],
        ["language", "must be text in quotes, not 5"],
    ]


def test_why_the_system_refuses_a_file_is_said_in_the_operators_language(
    shuqiao: Shuqiao, tmp_path: Path
) -> None:
    away, folder = tmp_path / "away.toml", tmp_path
    assert "没有这个文件或文件夹" in shuqiao("serve", config=away, lang="zh_CN.UTF-8").err
    assert "there is no such file or folder" in shuqiao("serve", config=away).err
    said = shuqiao("import-libraries", str(folder), environment="test", lang="zh_CN.UTF-8")
    assert (said.status, "这是一个文件夹" in said.err) == (1, True)


def test_contradictory_settings_are_refused_by_name(shuqiao: Shuqiao) -> None:
    said = shuqiao("serve", secret_key=SECRET, smtp_host="mail.example.org")
    assert (said.status, "mail_from" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("public_url", "https://", "https://ask.example.org"),
        ("public_url", "https://www.example.org/ask", "https://ask.example.org"),
        ("database_url", "postgresql://shuqiao:pa#ss@data/shuqiao", "%23"),
        ("database_url", "postgresql://shuqiao@data:port/shuqiao", "@HOST:5432/NAME"),
        ("database_url", "sqlite://", "sqlite://PATH"),
        ("redis_url", "redis://data:port/0", "redis://:PASSWORD@HOST:6379/0"),
        ("mail_from", "联合参考咨询", "desk@example.org"),
        ("trusted_proxies", "proxy.example.org", "10.0.0.0/24"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_before_anybody_needs_it(
    shuqiao: Shuqiao, name: str, value: str, said: str
) -> None:
    refused = shuqiao("serve", secret_key=SECRET, **{name: value})
    assert refused.status == 2
    assert f"  {name}: " in refused.err and said in refused.err
    assert "pa#ss" not in refused.all


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("argon2_memory_kib", "999999999999", "must be at most 4194304"),  # no log-in would ever end
        ("argon2_time_cost", "999999999999", "must be at most 100"),
        ("upload_limit", "99999999999999", "must be at most"),
        ("stack_event_days", "99999999999", "must be at most 36500"),  # such a day is in no calendar
        ("files_dir", "", "must not be empty"),
        ("host", " ", "must not be empty"),
    ],
)
def test_what_would_fail_at_the_first_person_is_refused_at_start(
    shuqiao: Shuqiao, name: str, value: str, said: str
) -> None:
    refused = shuqiao("serve", secret_key=SECRET, **{name: value})
    assert refused.status == 2
    assert f"  {name}: " in refused.err and said in refused.err


def test_addresses_as_the_manual_writes_them_are_taken() -> None:
    taken = load_settings(
        {
            "SHUQIAO_SECRET_KEY": SECRET,
            "SHUQIAO_PUBLIC_URL": "https://ask.example.org/",
            "SHUQIAO_DATABASE_URL": "postgresql:///shuqiao?host=/var/run/postgresql",
            "SHUQIAO_REDIS_URL": "redis://:PASSWORD@data.example.org:6379/0",
            "SHUQIAO_SMTP_HOST": "mail.example.org",
            "SHUQIAO_MAIL_FROM": "联合参考咨询 <desk@example.org>",
            "SHUQIAO_TRUSTED_PROXIES": "127.0.0.1, ::1, 10.0.0.0/24",
        }
    )
    assert taken.origin == "https://ask.example.org"


def test_production_without_a_secret_is_told_how_to_make_one(shuqiao: Shuqiao) -> None:
    said = shuqiao("serve")
    assert said.status == 2
    assert "shuqiao doctor --new-secret" in said.err


def test_serving_without_a_database_says_to_migrate(shuqiao: Shuqiao) -> None:
    said = shuqiao("serve", environment="test")
    assert (said.status, "shuqiao migrate" in said.err) == (1, True)


def test_serving_an_older_schema_says_what_is_missing_and_what_to_run(
    shuqiao: Shuqiao, sqlite_url: str
) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute("DELETE FROM tortoise_migrations WHERE name = ?", (migration_names()[-1],))
    said = shuqiao("serve", environment="test", database_url=sqlite_url)
    assert said.status == 1
    assert migration_names()[-1] in said.err
    assert "shuqiao migrate" in said.err


def test_a_newer_schema_is_left_alone(shuqiao: Shuqiao, sqlite_url: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('shuqiao', '0999_later', '2030-01-01')"
        )
    for command in ("serve", "migrate"):
        said = shuqiao(command, environment="test", database_url=sqlite_url)
        assert (said.status, "0999_later" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("serve --port 99999", "--port: must be a whole number from 0 to 65535, not '99999'."),
        ("user sessions --count -5", "--count: Please give a whole number from 1"),
    ],
)
def test_an_option_that_is_out_of_place_is_named_with_what_would_be_right(
    shuqiao: Shuqiao, sqlite_url: str, called: str, said: str
) -> None:
    answer = shuqiao(*called.split(), environment="test", database_url=sqlite_url)
    assert answer.status == 2 and said in answer.err


def test_an_address_of_another_machine_is_said_with_what_would_be_right(
    shuqiao: Shuqiao, sqlite_url: str
) -> None:
    answer = shuqiao("serve", "--host", "192.0.2.1", environment="test", database_url=sqlite_url)
    assert answer.status == 1, "the address may be there a moment later"
    assert "The address must be one of this machine" in answer.err


def test_a_port_that_is_taken_is_named(shuqiao: Shuqiao, sqlite_url: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = shuqiao("serve", "--port", str(port), environment="test", database_url=sqlite_url)
    assert (said.status, str(port) in said.err) == (1, True)


def test_a_database_that_is_away_is_named_with_what_to_do(shuqiao: Shuqiao) -> None:
    for command in ("serve", "worker", "migrate"):
        said = shuqiao(command, environment="test", database_url="postgresql://nobody@127.0.0.1:1/nothing")
        assert said.status == 1
        assert "nobody listens at that address and port" in said.err
        assert "Start PostgreSQL, or correct host and port" in said.err


def test_files_that_cannot_be_kept_stop_the_start(shuqiao: Shuqiao, sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    said = shuqiao("serve", environment="test", database_url=sqlite_url, files_dir=tmp_path / "files")
    assert said.status == 1
    assert str(tmp_path / "files") in said.err


def test_migrate_makes_the_database_once_and_says_so(shuqiao: Shuqiao, tmp_path: Path) -> None:
    settings = {"environment": "test", "database_url": f"sqlite://{tmp_path}/new/shuqiao.db"}
    behind = shuqiao("migrate", "--check", **settings)
    first, again = shuqiao("migrate", **settings), shuqiao("migrate", **settings)
    assert behind.status == 1
    assert first.status == again.status == 0
    assert all(f"Applied {name}" in first.out for name in migration_names())
    assert "nothing was changed" in again.out
    assert shuqiao("migrate", "--check", **settings).status == 0


def test_the_program_speaks_chinese_to_a_chinese_locale(shuqiao: Shuqiao) -> None:
    said = shuqiao("serve", environment="test", lang="zh_CN.UTF-8")
    assert "数据库" in said.err


def test_a_new_secret_is_long_and_never_the_same(shuqiao: Shuqiao) -> None:
    secrets = {shuqiao("doctor", "--new-secret").out.strip() for _ in range(3)}
    assert len(secrets) == 3
    assert all(len(secret) >= 32 for secret in secrets)


@pytest.mark.parametrize("lang", ["C", "zh_CN.UTF-8"])
def test_every_setting_is_listed_with_its_meaning(shuqiao: Shuqiao, lang: str) -> None:
    lines = shuqiao("doctor", "--settings", lang=lang).out.splitlines()
    listed = {line.split()[0]: line.split(maxsplit=2) for line in lines[1:]}
    assert listed.keys() == {f"SHUQIAO_{field.name.upper()}" for field in fields(Settings)}
    assert all(len(parts) == 3 for parts in listed.values())
