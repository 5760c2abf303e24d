"""Taking one's data along, and being forgotten."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from server.actions.access import admit
from server.actions.accounts import resolve_actor
from server.actions.chat import post_message
from server.actions.files import Upload, receive_file
from server.actions.logins import LoggedIn, log_in
from server.actions.own_data import erase_own_account, export_own_data
from server.actions.sessions import Opening, end_session, open_session, rate_session
from server.domain.errors import Conflict, Invalid
from server.domain.permissions import NOBODY, Role
from server.store.accounts import account_by_id
from tests.server.actions.conftest import PASSWORD, Alliance

SECRET = "我住在文化路12号"


async def talk(alliance: Alliance) -> tuple[LoggedIn, str]:
    """A reader asks at the desk, says something personal and sends a file."""
    reader = await alliance.person("reader")
    opening = Opening("home", "reference", f"请问怎样查民国报纸？{SECRET}", "zh", "client-1", name="读者")
    session, _ = await open_session(alliance.ctx, reader.actor, opening)
    admission = await admit(alliance.ctx.db.read, reader.actor, session.id)
    await post_message(alliance.ctx, reader.actor, admission, client_id="client-2", text=SECRET)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7 " + SECRET.encode()

    await receive_file(alliance.ctx, reader.actor, Upload(session.id, "client-3", "申请书.pdf"), chunks())
    return reader, session.id


async def everything(alliance: Alliance) -> str:
    """All that the database holds, as text."""
    tables = (
        *(
            "account",
            "chat_session",
            "chat_event",
            "chat_participant",
            "stored_file",
            "consultation",
        ),
        *("web_session", "one_time_link", "wrap_up", "audit_entry"),
    )
    rows = [
        dict(row) for table in tables for row in await alliance.ctx.db.read.rows(f"SELECT * FROM {table}")
    ]
    return json.dumps(rows, ensure_ascii=False, default=str)


async def test_a_reader_takes_everything_along(alliance: Alliance) -> None:
    reader, session_id = await talk(alliance)
    data = json.loads(await export_own_data(alliance.ctx, reader.actor))
    assert data["account"]["mail"] == "reader@library.test"
    (conversation,) = data["conversations"]
    assert conversation["id"] == session_id
    assert SECRET in [event["text"] for event in conversation["events"]]
    assert [event["seq"] for event in conversation["events"]] == [1, 2, 3, 4]
    assert "password" not in json.dumps(data)
    assert len(data["log_ins"]) == 1


async def test_nobody_takes_along_what_others_said_elsewhere(alliance: Alliance) -> None:
    await talk(alliance)
    stranger = await alliance.actor("stranger")
    assert SECRET not in await export_own_data(alliance.ctx, stranger)


async def test_being_forgotten_leaves_figures_and_nothing_else(alliance: Alliance) -> None:
    reader, session_id = await talk(alliance)
    await end_session(alliance.ctx, reader.actor, session_id)
    await rate_session(alliance.ctx, reader.actor, session_id, rating="satisfied", comment=SECRET)
    kept = await alliance.ctx.db.read.rows("SELECT content_hash FROM stored_file")
    alliance.clock.advance(timedelta(minutes=1))
    receipt = await erase_own_account(alliance.ctx, reader.actor, current=PASSWORD)
    assert (receipt.sessions, receipt.messages, receipt.files) == (1, 3, 1)
    left = await everything(alliance)
    for personal in (SECRET, "reader@library.test", "Reader", "申请书", reader.account.password_hash):
        assert personal not in left
    session = await alliance.ctx.db.read.row(
        "SELECT rating, topic, last_seq FROM chat_session JOIN chat_log ON session_id = id"
    )
    assert session is not None
    assert (session["rating"], session["last_seq"], session["topic"]) == ("satisfied", 6, "reference")
    with pytest.raises(OSError):
        _ = [chunk async for chunk in alliance.ctx.files.open(kept[0]["content_hash"])]


async def test_the_receipt_is_the_last_mail_to_the_forgotten_address(alliance: Alliance) -> None:
    reader, _ = await talk(alliance)
    receipt = await erase_own_account(alliance.ctx, reader.actor, current=PASSWORD)
    (mail,) = await alliance.mails()
    assert (mail.recipient, mail.template) == ("reader@library.test", "erased")
    assert mail.data["receipt"] == receipt.number


async def test_an_open_conversation_ends_and_every_log_in_with_it(alliance: Alliance) -> None:
    reader, _ = await talk(alliance)
    await erase_own_account(alliance.ctx, reader.actor, current=PASSWORD)
    session = await alliance.ctx.db.read.row("SELECT state, end_reason FROM chat_session")
    assert session is not None
    assert (session["state"], session["end_reason"]) == ("closed", "erased")
    assert await resolve_actor(alliance.ctx, cookie=reader.secret) == NOBODY
    with pytest.raises(Invalid):
        await log_in(alliance.ctx, mail="reader@library.test", password=PASSWORD, address="192.0.2.1")
    again = await alliance.person("reader")  # the address is free for a new beginning
    assert again.account.id != reader.account.id


async def test_it_takes_the_password_to_be_forgotten(alliance: Alliance) -> None:
    reader, _ = await talk(alliance)
    with pytest.raises(Invalid) as refused:
        await erase_own_account(alliance.ctx, reader.actor, current="wrong")
    assert refused.value.field == "current"
    account = await account_by_id(alliance.ctx.db.read, reader.account.id)
    assert account is not None and account.mail == "reader@library.test"


async def test_staff_hand_in_their_roles_first(alliance: Alliance) -> None:
    librarian = await alliance.actor("lin", alliance.grant(Role.LIBRARIAN, "home"))
    with pytest.raises(Conflict) as refused:
        await erase_own_account(alliance.ctx, librarian, current=PASSWORD)
    assert refused.value.code == "erase_staff"


async def test_a_content_that_somebody_else_keeps_too_stays(alliance: Alliance) -> None:
    reader, _ = await talk(alliance)
    other = await alliance.person("other")
    session, _ = await open_session(
        alliance.ctx, other.actor, Opening("other", "reference", "同一份文件", "zh", "client-9")
    )

    async def chunks() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7 " + SECRET.encode()

    file, _, _ = await receive_file(
        alliance.ctx, other.actor, Upload(session.id, "client-10", "copy.pdf"), chunks()
    )
    await erase_own_account(alliance.ctx, reader.actor, current=PASSWORD)
    assert b"".join([chunk async for chunk in alliance.ctx.files.open(file.content_hash)]).startswith(b"%PDF")
