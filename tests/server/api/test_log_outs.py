"""Who logs out has left the chats, too: nobody who comes after them hears or writes in their name (R-LIVE.6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from server.actions.accounts import log_out_elsewhere, resolve_actor
from server.actions.grants import set_account_open
from server.actions.links import issue_link
from server.actions.logins import log_out, start_login
from server.actions.widget_logins import code_for_chat
from server.api import gateway as gateways
from server.domain.accounts import OPERATOR
from server.domain.logins import Purpose
from server.store.accounts import account_by_id, set_password
from server.store.libraries import desk_by_slug
from server.store.logins import delete_login
from server.wire.tokens import TOKEN_SECONDS, Claim, hashed, sign_token
from tests.server.api.test_protocol import ending, ungreeted
from tests.town import Reader, Town

Ending = Callable[[Town, str], Awaitable[None]]


@pytest.fixture(autouse=True)
async def knows_a_password(town: Town) -> None:
    """Who has none cannot log in anywhere."""
    async with town.ctx.transaction() as tx:
        await set_password(tx, town.people["reader"].id, "a hash", town.ctx.clock.now())


async def code_of(town: Town, cookie: str) -> str:
    """What the desk's own page hands to its chat, for this browser."""
    desk = await desk_by_slug(town.ctx.db.read, "home")
    assert desk is not None
    return await code_for_chat(town.ctx, await resolve_actor(town.ctx, cookie=cookie), desk)


async def bearer_of(town: Town, cookie: str) -> dict[str, str]:
    """The chat in this browser has been logged in: how it proves who talks."""
    code = await code_of(town, cookie)
    answer = await town.http.post("/api/widget/login", json={"desk": "home", "code": code})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['bearer']}"}


async def talk(town: Town, proof: dict[str, str]) -> Reader:
    """A reader's own conversation at the desk, begun or gone on with in this browser."""
    body = {"topic": "reference", "question": "我的私事", "client_id": town.ctx.ids.new()}
    answer = await town.http.post("/api/desks/home/sessions", json=body, headers=proof)
    assert answer.status_code in (200, 201), answer.text
    return Reader(answer.json()["session"]["id"], answer.json()["token"], "", town.http)


async def another_browser(town: Town) -> str:
    """The reader logs in on one more device; its cookie."""
    async with town.ctx.transaction() as tx:
        account = await account_by_id(tx, town.people["reader"].id)
        assert account is not None
        return (await start_login(town.ctx, tx, account)).secret


async def at_our_address(town: Town, cookie: str) -> None:
    await log_out(town.ctx, cookie)


async def from_another_device(town: Town, cookie: str) -> None:
    elsewhere = await another_browser(town)
    await log_out_elsewhere(town.ctx, await resolve_actor(town.ctx, cookie=elsewhere), cookie=elsewhere)


async def with_the_account(town: Town, cookie: str) -> None:
    await set_account_open(town.ctx, OPERATOR, town.people["reader"].id, is_open=False)


async def stored(town: Town, session: str) -> list[str]:
    rows = await town.ctx.db.read.rows(
        "SELECT body FROM chat_event WHERE session_id = $1 AND kind = 'message' ORDER BY seq", session
    )
    return [row["body"] for row in rows]


@pytest.mark.parametrize("out", [at_our_address, from_another_device, with_the_account])
async def test_a_chat_ends_with_the_log_in_that_it_was_begun_by(town: Town, out: Ending) -> None:
    """A second tab went on hearing and writing as the reader who had left, for as long as it stood open."""
    cookie = town.people["reader"].cookie
    proof = await bearer_of(town, cookie)
    chat = await talk(town, proof)
    address = f"/api/sessions/{chat.session}"
    async with (
        asyncio.timeout(60),
        town.socket(token=chat.token) as line,
        town.http.stream("GET", f"{address}/stream?after=0", headers=proof) as stream,
    ):
        heard = stream.aiter_lines()
        while '"seq":2' not in await anext(heard):
            pass
        await out(town, cookie)
        assert await ending(line) == (4401, "not_logged_in")
        assert "data: 4401 not_logged_in" in [said async for said in heard]
    async with ungreeted(town) as line:
        await line.say(t="hello", v=1, token=chat.token)
        assert await ending(line) == (4401, "not_logged_in")
    frame = {"t": "post", "session": chat.session, "id": "late", "text": "退出以后还能说"}
    for headers in (chat.headers, proof):
        for said in (
            await town.http.post(f"{address}/frames", json=frame, headers=headers),
            await town.http.post(f"{address}/token", headers=headers),
            await town.http.get(f"{address}/events?after=0", headers=headers),
        ):
            assert (said.status_code, said.json()["error"]["code"]) == (401, "not_logged_in")
    assert await stored(town, chat.session) == ["我的私事"]


async def test_the_chat_on_another_device_and_a_visitors_go_on(town: Town) -> None:
    here, there = town.people["reader"].cookie, await another_browser(town)
    proof = await bearer_of(town, here)
    mine = await talk(town, proof)
    away = await talk(town, await bearer_of(town, there))
    assert away.session == mine.session
    visitor = await town.ask()
    async with (
        town.socket(token=mine.token) as line,
        town.socket(token=away.token) as other,
        town.socket(token=visitor.token) as stranger,
    ):
        await log_out(town.ctx, here)
        assert await ending(line) == (4401, "not_logged_in")
        for socket, session in ((other, away.session), (stranger, visitor.session)):
            await socket.say(t="post", session=session, id="on", text="接着说")
            await socket.hear("ack", id="on")


async def test_a_code_that_was_on_its_way_is_worth_nothing_after_logging_out(town: Town) -> None:
    cookie = town.people["reader"].cookie
    code = await code_of(town, cookie)
    await log_out(town.ctx, cookie)
    answer = await town.http.post("/api/widget/login", json={"desk": "home", "code": code})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "code_gone")


async def test_two_tabs_that_are_opened_at_once_are_both_logged_in(town: Town) -> None:
    """The second page's code made the first one's worthless: that tab began as a stranger's."""
    codes = [await code_of(town, town.people["reader"].cookie) for _ in range(2)]
    for code in codes:
        answer = await town.http.post("/api/widget/login", json={"desk": "home", "code": code})
        assert answer.status_code == 200, answer.text


async def test_who_logs_out_in_the_chat_leaves_it_in_every_tab_and_stays_logged_in_at_our_address(
    town: Town,
) -> None:
    cookie = town.people["reader"].cookie
    proof = await bearer_of(town, cookie)
    chat = await talk(town, proof)
    async with town.socket(token=chat.token) as line:
        await town.http.post("/api/widget/logout", headers=proof)
        assert await ending(line) == (4401, "not_logged_in")
    assert (await resolve_actor(town.ctx, cookie=cookie)).account_id == town.people["reader"].id


async def test_a_fresh_token_is_bound_to_the_log_in_as_the_first_one_was(town: Town) -> None:
    """Pushed over the line, or asked for: an hour's talk outlived the log-in by as long as the line stood."""
    cookie = town.people["reader"].cookie
    proof = await bearer_of(town, cookie)
    chat = await talk(town, proof)
    asked = (await town.http.post(f"/api/sessions/{chat.session}/token", headers=chat.headers)).json()[
        "token"
    ]
    assert town.gateway is not None
    async with town.socket(token=asked) as line:
        (opened,) = town.gateway._open.values()
        opened.expires = town.ctx.clock.now() + timedelta(minutes=5)
        await town.gateway.beat()
        pushed = (await line.hear("token"))["token"]
        await log_out(town.ctx, cookie)
        await ending(line)
    for token in (asked, pushed):
        answer = await town.http.get(
            f"/api/sessions/{chat.session}", headers=replace(chat, token=token).headers
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_logged_in")


async def test_a_line_ends_within_a_minute_where_nobody_told_of_the_log_ins_end(town: Town) -> None:
    proof = await bearer_of(town, town.people["reader"].cookie)
    chat = await talk(town, proof)
    assert town.gateway is not None
    async with town.socket(token=chat.token) as line:
        async with town.ctx.transaction() as tx:
            await delete_login(tx, hashed(proof["Authorization"].removeprefix("Bearer ")))
        for _ in range(gateways.RECHECK_BEATS):
            await town.gateway.beat()
        assert await ending(line) == (4401, "not_logged_in")


async def test_who_begins_by_a_mailed_link_ends_the_log_in_of_who_left_this_computer(town: Town) -> None:
    """Only the log-in form did; the chats of the one before went on in their name beside the new reader's pages."""
    before = town.people["reader"]
    chat = await talk(town, await bearer_of(town, before.cookie))
    async with town.ctx.transaction() as tx:
        wanted = {"mail": "next@library.test", "name": "Next", "language": "zh"}
        secret = await issue_link(town.ctx, tx, Purpose.VERIFY, data=wanted)
    async with town.socket(token=chat.token) as line:
        begun = await before.http.post(
            f"/verify/{secret}", data={"password": "eight immortals cross the sea"}
        )
        assert (begun.status_code, begun.headers["location"]) == (303, "/account?done=verify.welcome")
        assert await ending(line) == (4401, "not_logged_in")
    assert not (await resolve_actor(town.ctx, cookie=before.cookie)).account_id


async def test_a_token_of_before_that_names_an_account_alone_is_changed_for_another(town: Town) -> None:
    """It would outlive the log-in; the chat gets a fresh one by itself, as for one that has run out."""
    proof = await bearer_of(town, town.people["reader"].cookie)
    chat = await talk(town, proof)
    until = town.ctx.clock.now() + timedelta(seconds=TOKEN_SECONDS)
    old = sign_token(town.ctx.settings.secret_key, Claim(chat.session, town.people["reader"].id, until))
    async with ungreeted(town) as line:
        await line.say(t="hello", v=1, token=old)
        assert await ending(line) == (4401, "token_invalid")
    fresh = await town.http.post(f"/api/sessions/{chat.session}/token", headers=proof)
    async with town.socket(token=fresh.json()["token"]) as line:
        await line.say(t="post", session=chat.session, id="on", text="接着说")
        await line.hear("ack", id="on")
