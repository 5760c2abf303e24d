"""The outbox: every mail once, whatever the mail server does, on both databases and with a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.actions.mails import write_mail
from server.context import Context, make_context
from server.domain.errors import Invalid
from server.domain.events import MailWritten
from server.settings import Settings
from server.store.mails import Mail, keep_sent, latest_mails, take_mail
from tests.servers.machine import free_port
from tests.servers.mails import Failure, MailServer
from workers.outbox import LEASE, Sender, ServerAway, run_outbox, wait_after

START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


class MovedClock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@asynccontextmanager
async def opened(url: str, clock: MovedClock, **settings: Any) -> AsyncIterator[Context]:
    values = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "mail_from": "desk@library.test", **settings}
    made = make_context(
        Settings(environment="test", database_url=url, public_url="https://ask.library.test", **values)
    )
    ctx = replace(made, clock=clock)
    await ctx.db.open()
    try:
        yield ctx
    finally:
        await ctx.db.close()


@pytest.fixture
async def ctx(database_url: str, clock: MovedClock, mails: MailServer) -> AsyncIterator[Context]:
    async with opened(database_url, clock, smtp_port=mails.port) as ctx:
        yield ctx


async def write(ctx: Context, key: str = "event", **values: Any) -> bool:
    letter: dict[str, Any] = {
        "template": "test",
        "recipient": "reader@library.test",
        "language": "zh",
        "data": {},
        **values,
    }
    async with ctx.transaction() as tx:
        return await write_mail(ctx, tx, event_key=key, **letter)


async def only_mail(ctx: Context) -> Mail:
    [mail] = await latest_mails(ctx.db.read)
    return mail


async def test_a_mail_is_sent_once_in_the_readers_language(ctx: Context, mails: MailServer) -> None:
    data = {"name": "李晓明", "minutes": 30, "link": "https://ask.library.test/reset/secret"}
    await write(ctx, template="reset", data=data)
    assert await Sender(ctx).send_due() == 1
    assert await Sender(ctx).send_due() == 0
    [mail] = mails.mails
    assert mail.recipients == ("reader@library.test",) and mail.sender == "desk@library.test"
    assert mail.message["Subject"] == "重设密码"
    assert "李晓明，您好！" in mail.text and "30 分钟" in mail.text
    html = mail.message.get_body(("html",))
    assert html is not None and 'href="https://ask.library.test/reset/secret"' in html.get_content()
    sent = await only_mail(ctx)
    assert (sent.state, sent.sent_at) == ("sent", START)
    assert sent.data == {}, "a secret link stayed behind"
    assert mail.message["Message-ID"] == f"<{sent.id}@ask.library.test>"


async def test_an_event_is_mailed_once_however_often_it_is_told(ctx: Context, mails: MailServer) -> None:
    assert [await write(ctx, "question:1"), await write(ctx, "question:1")] == [True, False]
    assert await Sender(ctx).send_due() == 1
    assert await write(ctx, "question:1") is False
    assert await Sender(ctx).send_due() == 0


async def test_a_change_that_is_not_kept_sends_nothing(ctx: Context, mails: MailServer) -> None:
    with pytest.raises(RuntimeError):
        async with ctx.transaction() as tx:
            await write_mail(
                ctx, tx, template="test", recipient="a@b.test", language="en", data={}, event_key="e"
            )
            raise RuntimeError("the change failed")
    assert await Sender(ctx).send_due() == 0


async def test_whoever_writes_a_mail_wakes_the_outbox(ctx: Context) -> None:
    heard: list[object] = []
    await write(replace(ctx, announce=heard.append))
    assert heard == [MailWritten()]


async def test_one_connection_carries_many_mails(ctx: Context, mails: MailServer) -> None:
    for number in range(25):
        await write(ctx, f"event {number}", recipient=f"reader{number}@library.test")
    assert await Sender(ctx).send_due() == 25
    assert {mail.recipients[0] for mail in mails.mails} == {f"reader{n}@library.test" for n in range(25)}
    assert len({mail.peer for mail in mails.mails}) == 1


async def test_a_server_that_says_later_gets_the_mail_later(
    ctx: Context, clock: MovedClock, mails: MailServer
) -> None:
    await write(ctx)
    mails.fail(Failure.LATER, times=2)
    assert await Sender(ctx).send_due() == 0
    waiting = await only_mail(ctx)
    assert waiting.state == "waiting" and waiting.last_error.startswith("451")
    assert await Sender(ctx).send_due() == 0, "it did not wait"
    clock.advance(wait_after(1))
    assert await Sender(ctx).send_due() == 0
    clock.advance(wait_after(1))
    assert await Sender(ctx).send_due() == 0, "the second wait was no longer than the first"
    clock.advance(wait_after(2))
    assert await Sender(ctx).send_due() == 1
    assert (await only_mail(ctx)).attempts == 3


async def test_a_mail_refused_for_good_is_given_up_and_says_why(ctx: Context, mails: MailServer) -> None:
    await write(ctx, "gone", recipient="gone@library.test")
    mails.fail(Failure.NEVER)
    assert await Sender(ctx).send_due() == 0
    failed = await only_mail(ctx)
    assert failed.state == "failed" and failed.last_error.startswith("550")
    await write(ctx, "next")
    assert await Sender(ctx).send_due() == 1, "one refusal held up the others"


async def test_a_line_that_breaks_before_the_answer_is_tried_again_with_the_same_id(
    ctx: Context, clock: MovedClock, mails: MailServer
) -> None:
    await write(ctx, "broken")
    await write(ctx, "behind it")
    mails.fail(Failure.DROP)
    assert await Sender(ctx).send_due() == 1, "the mail behind it should leave over a new connection"
    clock.advance(wait_after(1))
    assert await Sender(ctx).send_due() == 1
    written = {mail.message_id for mail in await latest_mails(ctx.db.read)}
    assert {mail.message["Message-ID"] for mail in mails.mails} == written


async def test_a_server_away_for_a_day_costs_no_mail(
    ctx: Context, clock: MovedClock, mails: MailServer
) -> None:
    await write(ctx)
    mails.stop()
    for _ in range(5):
        with pytest.raises(ServerAway):
            await Sender(ctx).send_due()
        clock.advance(timedelta(hours=5))
    assert (await only_mail(ctx)).attempts == 0
    mails.start()
    assert await Sender(ctx).send_due() == 1


async def test_after_three_days_of_later_a_mail_is_given_up(
    ctx: Context, clock: MovedClock, mails: MailServer
) -> None:
    await write(ctx)
    mails.fail(Failure.LATER, times=2)
    clock.advance(timedelta(days=3))
    assert await Sender(ctx).send_due() == 0
    assert (await only_mail(ctx)).state == "waiting"
    clock.advance(timedelta(hours=2))
    assert await Sender(ctx).send_due() == 0
    assert (await only_mail(ctx)).state == "failed"


async def test_two_senders_share_the_work_without_a_double(ctx: Context, mails: MailServer) -> None:
    for number in range(30):
        await write(ctx, f"event {number}")
    taken = await asyncio.gather(*(Sender(ctx).send_due() for _ in range(4)))
    while left := await Sender(ctx).send_due():  # who lost a race goes home; the next round takes the rest
        taken.append(left)
    assert sum(taken) == len(mails.mails) == 30
    assert len({mail.message["Message-ID"] for mail in mails.mails}) == 30


async def test_a_sender_that_died_leaves_its_mail_to_the_next_one(
    ctx: Context, clock: MovedClock, mails: MailServer
) -> None:
    await write(ctx)
    async with ctx.transaction() as tx:
        dead = await take_mail(tx, now=clock.now(), until=clock.now() + LEASE)
    assert dead is not None
    assert await Sender(ctx).send_due() == 0, "the lease still ran"
    clock.advance(LEASE)
    assert await Sender(ctx).send_due() == 1
    async with ctx.transaction() as tx:
        assert await keep_sent(tx, dead, clock.now()) is False, "it wrote after its lease had ended"


async def test_the_loop_sends_when_woken_and_ends_when_told(ctx: Context, mails: MailServer) -> None:
    stop, wake = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(run_outbox(ctx, stop, wake))
        await write(ctx)
        wake.set()
        await mails.wait_for(lambda mail: True)
        stop.set()


async def test_without_a_mail_server_mails_wait(database_url: str, clock: MovedClock) -> None:
    async with opened(database_url, clock, smtp_host="", mail_from="") as ctx:
        stop = asyncio.Event()
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(run_outbox(ctx, stop))
            await write(ctx)
            stop.set()
        assert (await only_mail(ctx)).state == "waiting"


async def test_nobody_listening_is_told_as_server_away(database_url: str, clock: MovedClock) -> None:
    async with opened(database_url, clock, smtp_port=free_port()) as ctx:
        await write(ctx)
        with pytest.raises(ServerAway):
            await Sender(ctx).send_due()


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b.test,c@d.test", "a@b.test\nBcc: c@d.test", "A <a@b.test>", "a b@c.test", "@b.test"],
)
async def test_an_address_is_exactly_one(ctx: Context, address: str) -> None:
    with pytest.raises(Invalid):
        await write(ctx, recipient=address)


async def test_a_question_cannot_smuggle_in_headers_or_links(ctx: Context, mails: MailServer) -> None:
    evil = "救救我\r\nBcc: victim@library.test\n\nhttps://evil.test/\n<script>alert(1)</script>"
    await write(
        ctx,
        template="form_question_desk",
        data={
            "desk_zh": "宁波市图书馆\nBcc: victim@library.test",
            "desk_en": "Ningbo",
            "name": "http://evil.test",
            "mail": "reader@library.test",
            "phone": "",
            "topic": "reference",
            "question": evil,
            "transcript": "",
            "id": "q1",
        },
    )
    assert await Sender(ctx).send_due() == 1
    [mail] = mails.mails
    assert mail.recipients == ("reader@library.test",) and mail.message["Bcc"] is None
    assert mail.message["Reply-To"] == "reader@library.test"
    html = mail.message.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content() and 'href="https://evil.test' not in html.get_content()
    assert "http://evil.test" not in mail.text


async def test_a_mail_that_cannot_be_written_does_not_hold_up_the_next(
    ctx: Context, mails: MailServer
) -> None:
    await write(ctx, "bad", template="transcript", data={"desk": "d", "transcript": "t"})
    async with ctx.transaction() as tx:
        await tx.execute("UPDATE mail_out SET template = 'no_such_template'")
    await write(ctx, "good")
    assert await Sender(ctx).send_due() == 1
    assert {mail.state for mail in await latest_mails(ctx.db.read)} == {"failed", "sent"}


@pytest.mark.parametrize(
    "settings",
    [{"smtp_tls": "starttls"}, {"smtp_tls": "tls"}, {"smtp_user": "desk", "smtp_password": "secret"}],
    ids=["starttls", "tls", "password"],
)
async def test_a_server_without_the_safety_asked_for_gets_no_mail(
    database_url: str, clock: MovedClock, mails: MailServer, settings: dict[str, str]
) -> None:
    async with opened(database_url, clock, smtp_port=mails.port, **settings) as ctx:
        await write(ctx)
        with pytest.raises(ServerAway):
            await Sender(ctx).send_due()
        assert mails.mails == [] and (await only_mail(ctx)).attempts == 0
