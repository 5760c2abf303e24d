"""The doctor: every line with its level, and what to do where something is not well."""

import os
import sqlite3
from pathlib import Path

import pytest

from server.store.checking import migration_names
from tests.server.commands.conftest import Said, Shuqiao
from tests.servers.machine import machine_cannot
from tests.servers.mails import MailServer

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-ABC"


def levels(said: Said) -> dict[str, str]:
    """The worst level of each area."""
    found: dict[str, str] = {}
    for line in said.out.splitlines():
        level, _, rest = line.partition(" ")
        if level in ("OK", "WARN", "FAIL"):
            area = rest.split()[0]
            found[area] = max(found.get(area, ""), level, key=["", "OK", "WARN", "FAIL"].index)
    return found


def test_a_healthy_installation_gets_no_fail(shuqiao: Shuqiao, sqlite_url: str, mails: MailServer) -> None:
    said = shuqiao(
        "doctor",
        environment="production",
        public_url="https://ask.example.org",
        secret_key=SECRET,
        database_url=sqlite_url,
        smtp_host="127.0.0.1",
        smtp_port=mails.port,
        smtp_tls="none",
        mail_from="desk@example.org",
    )
    assert said.status == 0, said.out
    areas = levels(said)
    assert "FAIL" not in areas.values()
    assert {areas[area] for area in ("settings", "secret", "database", "durable", "schema", "mail")} == {"OK"}
    assert areas["people"] == "WARN", "nobody can administer yet, and it says so"
    assert not mails.mails, "no mail without --mail-to"


def test_a_test_mail_goes_only_where_asked(shuqiao: Shuqiao, sqlite_url: str, mails: MailServer) -> None:
    settings = {
        "environment": "test",
        "database_url": sqlite_url,
        "smtp_host": "127.0.0.1",
        "smtp_port": mails.port,
        "smtp_tls": "none",
        "mail_from": "desk@example.org",
    }
    said = shuqiao("doctor", "--mail-to", "me@example.org", **settings)
    assert levels(said)["mail"] == "OK", said.out
    assert [mail.recipients for mail in mails.mails] == [("me@example.org",)]
    assert shuqiao("doctor", "--mail-to", "not an address", **settings).status == 2


def test_everything_that_is_away_is_a_fail_with_what_to_do(shuqiao: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = shuqiao(
        "doctor",
        environment="test",
        secret_key="short",
        database_url="postgresql://nobody@127.0.0.1:1/nothing",
        redis_url="redis://127.0.0.1:1",
        files_dir=tmp_path / "file" / "below",
        smtp_host="127.0.0.1",
        smtp_port=1,
        mail_from="desk@example.org",
    )
    assert said.status == 1
    areas = levels(said)
    for area in ("secret", "database", "redis", "files", "mail"):
        assert areas[area] == "FAIL", f"{area}: {said.out}"
    assert said.out.count("→") >= 5


def test_a_full_disk_of_files_is_told_apart_from_a_folder_that_lacks(
    shuqiao: Shuqiao, tmp_path: Path
) -> None:
    """On a full disk it said to create the folder."""
    full, folder = Path("/dev/full"), tmp_path / "files"
    if not full.is_char_device():
        machine_cannot("write to a disk that is always full")
    folder.mkdir()
    (folder / f".probe-{os.getpid()}").symlink_to(full)
    said = shuqiao("doctor", environment="test", files_dir=folder)
    assert levels(said)["files"] == "FAIL"
    assert "the disk is full" in said.out and "→ Make room on that disk" in said.out


def test_a_virus_scanner_that_is_named_must_answer(shuqiao: Shuqiao, sqlite_url: str, tmp_path: Path) -> None:
    settings = {"environment": "test", "database_url": sqlite_url}
    assert levels(shuqiao("doctor", **settings))["scanner"] == "OK", "none is needed"
    said = shuqiao("doctor", clamd_socket=tmp_path / "nobody.sock", **settings)
    assert (said.status, levels(said)["scanner"]) == (1, "FAIL")


def test_wrong_settings_are_findings_too(shuqiao: Shuqiao) -> None:
    said = shuqiao("doctor", colour="red")
    assert said.status == 2
    assert levels(said) == {"settings": "FAIL"}


def test_a_schema_that_is_behind_is_named(shuqiao: Shuqiao, sqlite_url: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute("DELETE FROM tortoise_migrations WHERE name = ?", (migration_names()[-1],))
    said = shuqiao("doctor", environment="test", database_url=sqlite_url)
    assert (said.status, levels(said)["schema"]) == (1, "FAIL")


def test_files_of_another_folder_are_noticed(shuqiao: Shuqiao, sqlite_url: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute(
            "INSERT INTO stored_file (id, token_hash, content_hash, session_id, name, kind, size, state, received,"
            " uploaded_by, created_at) VALUES ('f', 't', 'abcdef', '', 'a.pdf', '', 3, 'whole', 3, '', 1)"
        )
    said = shuqiao("doctor", environment="test", database_url=sqlite_url)
    assert levels(said)["files"] == "FAIL"
    assert "1 of the 1 newest files" in said.out


def test_work_that_nobody_does_is_noticed(shuqiao: Shuqiao, sqlite_url: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        connection.execute(
            "INSERT INTO due (id, kind, subject_id, due_at, data, attempts, last_error)"
            " VALUES ('wrap_up/s', 'wrap_up', 's', 1, '{}', 0, '')"
        )
    said = shuqiao("doctor", environment="test", database_url=sqlite_url)
    assert levels(said)["work"] == "FAIL"
    assert "shuqiao worker" in said.out


@pytest.mark.cluster
def test_postgresql_and_redis_are_looked_at(shuqiao: Shuqiao, postgres_url: str, redis_url: str) -> None:
    said = shuqiao("doctor", environment="test", database_url=postgres_url, redis_url=redis_url)
    areas = levels(said)
    assert {areas[area] for area in ("database", "redis", "clock", "schema")} == {"OK"}, said.out
    assert "PostgreSQL 1" in said.out
    # The tests' server runs without fsync for speed; the doctor must not let that pass.
    assert areas["durable"] == "FAIL"


@pytest.mark.cluster
def test_a_missing_postgresql_database_is_named(shuqiao: Shuqiao, postgres_url: str) -> None:
    said = shuqiao("doctor", environment="test", database_url=postgres_url + "_gone")
    assert "createdb" in said.out


def test_a_calendar_without_this_year_is_noticed_and_filled(shuqiao: Shuqiao, sqlite_url: str) -> None:
    settings = {"environment": "test", "database_url": sqlite_url}
    before = shuqiao("doctor", **settings)
    assert levels(before)["calendar"] == "WARN" and "shuqiao calendar --year" in before.out
    filled = shuqiao("calendar", **settings)
    assert filled.status == 0 and filled.out
    assert shuqiao("calendar", **settings).out == "", "what stands is left alone"
    year = filled.out.split()[0]
    assert "--again" in shuqiao("calendar", "--year", year, **settings).out
    assert shuqiao("calendar", "--year", "soon", **settings).status == 2
    assert "shuqiao calendar --year" not in shuqiao("doctor", **settings).out


def test_a_font_that_labels_cannot_use_is_noticed(shuqiao: Shuqiao, sqlite_url: str, tmp_path: Path) -> None:
    settings = {"environment": "test", "database_url": sqlite_url}
    font = tmp_path / "font.otf"
    assert levels(shuqiao("doctor", label_font=font, **settings))["labels"] == "WARN"
    font.write_bytes(b"OTTO" + bytes(100))
    said = shuqiao("doctor", label_font=font, **settings)
    assert levels(said)["labels"] == "WARN" and "TrueType" in said.out


def test_a_new_database_begins_with_a_calendar(shuqiao: Shuqiao, sqlite_url: str) -> None:
    settings = {"environment": "test", "database_url": sqlite_url}
    made = shuqiao("migrate", **settings)
    assert made.status == 0, made.err
    assert levels(shuqiao("doctor", **settings))["calendar"] in ("OK", "WARN")
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        assert connection.execute("SELECT count(*) FROM calendar_year").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM calendar_day").fetchone() > (40,)
    assert shuqiao("migrate", **settings).status == 0
