"""The servers that tests stand on, held to what they promise."""

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import aiosmtplib
import asyncpg
import pytest
import redis.asyncio

from tests.servers.browsers import Visits, accessibility_faults
from tests.servers.clocks import FileClock
from tests.servers.machine import machine_cannot
from tests.servers.mails import Failure, MailServer
from tests.servers.postgres import Postgres
from tests.servers.valkey import Valkey


async def test_each_test_has_a_migrated_database_of_its_own(database_url: str) -> None:
    if database_url.startswith("sqlite://"):
        with sqlite3.connect(database_url.removeprefix("sqlite://")) as file:
            tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
        file.close()
    else:
        connection = await asyncpg.connect(database_url)
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = {row["tablename"] for row in rows}
        await connection.close()
    assert "library" in tables


async def test_a_database_on_postgresql_is_left_alone_by_the_others(
    postgres_template: Postgres, postgres_url: str
) -> None:
    other = postgres_template.clone()
    mine = await asyncpg.connect(postgres_url)
    await mine.execute("CREATE TABLE only_here (id int)")
    await mine.close()
    theirs = await asyncpg.connect(other)
    assert await theirs.fetchval("SELECT to_regclass('only_here')") is None
    await theirs.close()
    postgres_template.drop(other)


async def test_a_valkey_that_goes_away_comes_back_at_the_same_address(
    valkey_server: Valkey, redis_url: str
) -> None:
    async with redis.asyncio.from_url(redis_url) as before:
        await before.set("word", "书桥")
    valkey_server.stop()
    valkey_server.start()
    async with redis.asyncio.from_url(redis_url) as after:
        assert await after.get("word") is None


async def test_a_mail_arrives_with_its_chinese_text(mails: MailServer) -> None:
    await aiosmtplib.send(_mail(), hostname=mails.host, port=mails.port)
    got = await mails.wait_for(lambda mail: "reader@example.org" in mail.recipients)
    assert got.message["Subject"] == "会话记录"
    assert got.text == "您好\n"


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure.LATER, aiosmtplib.SMTPDataError),
        (Failure.NEVER, aiosmtplib.SMTPDataError),
        (Failure.DROP, aiosmtplib.SMTPServerDisconnected),
    ],
)
async def test_a_mail_server_fails_as_told_and_only_so_often(
    mails: MailServer, failure: Failure, error: type[Exception]
) -> None:
    mails.fail(failure)
    with pytest.raises(error):
        await aiosmtplib.send(_mail(), hostname=mails.host, port=mails.port)
    assert mails.mails == []
    await aiosmtplib.send(_mail(), hostname=mails.host, port=mails.port)
    assert len(mails.mails) == 1


async def test_a_stopped_mail_server_refuses(mails: MailServer) -> None:
    mails.stop()
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await aiosmtplib.send(_mail(), hostname=mails.host, port=mails.port)


@pytest.mark.browser
async def test_a_page_shows_chinese_and_reports_what_it_cannot_reach(visits: Visits) -> None:
    page = await visits.page()
    await page.set_content("<!doctype html><html lang=zh><title>书桥</title><main><h1>书桥</h1></main>")
    assert await page.inner_text("h1") == "书桥"
    assert await accessibility_faults(page) == []
    await page.evaluate("fetch('https://elsewhere.example/x').catch(() => null)")
    assert any("left this machine" in fault for fault in visits.faults)
    visits.faults.clear()


def test_time_is_moved_and_goes_on(clock_file: FileClock) -> None:
    clock_file.set(datetime(2030, 1, 1, tzinfo=UTC))
    clock_file.advance(timedelta(hours=72))
    shift = float(clock_file.path.read_text())
    there = datetime.fromtimestamp(time.time() + shift, UTC)
    assert timedelta(0) <= there - datetime(2030, 1, 4, tzinfo=UTC) < timedelta(minutes=1)


@pytest.mark.parametrize(("no_skip", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_weak_machine_is_no_excuse_where_everything_must_run(
    monkeypatch: pytest.MonkeyPatch, no_skip: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("SHUQIAO_NO_SKIP", no_skip)
    with pytest.raises(outcome, match="fly"):
        machine_cannot("fly")


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "desk@example.org", "reader@example.org", "会话记录"
    mail.set_content("您好\n")
    return mail
