"""What docs/protocol.md says of a line, sentence by sentence, said to a real server as a stranger's client would."""

import asyncio
import inspect
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.actions.grants import grant_role, revoke_role, set_account_open
from server.actions.logins import log_out, start_login
from server.api import gateway as gateways
from server.api import socket as sockets
from server.api.lines import MAX_TOPICS, Line
from server.api.routes import BODY_LIMIT
from server.commands.serve import FRAME_BYTES
from server.domain.accounts import OPERATOR
from server.domain.events import NoticesChanged
from server.domain.logins import SESSIONS_OF
from server.domain.permissions import Grant, Role, ScopeKind
from server.domain.policies import ChatPolicy
from server.settings import Settings
from server.store.accounts import account_by_id
from server.store.dues import due_moment
from server.store.presence import is_present
from server.wire.event_data import EVENT_DATA
from server.wire.frames import BEAT_SECONDS, MAX_FRAME_BYTES, VERSION, ClientFrame
from server.wire.outcomes import CLOSE_CODES
from server.wire.server_frames import SERVER_FRAMES
from server.wire.tokens import TOKEN_SECONDS, Claim, hashed, sign_token
from tests.town import Reader, Socket, Town

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"
CODES = re.compile(r"^\| ([\d, ]+) \|", re.MULTILINE)


@asynccontextmanager
async def ungreeted(town: Town, query: str = "", cookie: str = "") -> AsyncIterator[Socket]:
    """A line on which nothing has been said yet."""
    address = town.base.replace("http", "ws", 1) + "/api/socket" + query
    headers = {"Cookie": f"sid={cookie}"} if cookie else {}
    async with connect(address, additional_headers=headers, compression=None) as line:
        yield Socket(line)


async def ending(socket: Socket) -> tuple[int, str]:
    """The code and reason with which the server closes the line; what it says before is kept."""
    try:
        async with asyncio.timeout(60):
            while True:
                socket.heard.append(json.loads(await socket.line.recv()))
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return closed.rcvd.code, closed.rcvd.reason


def token_of(town: Town, reader: Reader, *, seconds: float) -> str:
    """A conversation token of this reader that is good for so long."""
    until = town.ctx.clock.now() + timedelta(seconds=seconds)
    return sign_token(town.ctx.settings.secret_key, Claim(reader.session, hashed(reader.visitor), until))


# ── a connection ──


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"t": "ping", "n": 1}, "hello_expected"),
        ({"t": "hello", "v": 2}, "version_unknown"),
        ({"t": "hello", "v": 1}, "not_logged_in"),
        ({"t": "hello", "v": 1, "token": "made-up"}, "token_invalid"),
    ],
)
async def test_a_line_begins_with_a_greeting_of_this_version_that_proves_who_speaks(
    town: Town, first: dict[str, Any], code: str
) -> None:
    async with ungreeted(town) as line:
        await line.say(**first)
        expected = 4400 if code in ("hello_expected", "version_unknown") else 4401
        assert await ending(line) == (expected, code)
        assert [frame["code"] for frame in line.heard] == [code]


async def test_who_says_nothing_at_first_is_let_go(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sockets.HELLO_SECONDS == 10
    monkeypatch.setattr(sockets, "HELLO_SECONDS", 0.05)
    async with ungreeted(town) as line:
        assert await ending(line) == (4400, "hello_expected")


async def test_what_is_wrong_is_said_in_the_language_of_the_address(town: Town) -> None:
    for query, words in (("?lang=en", "write"), ("?lang=zh", "请"), ("", "请")):
        reader = await town.ask()
        async with ungreeted(town, query) as line:
            await line.say(t="hello", v=1, token=reader.token)
            await line.say(t="post", session=reader.session, id="m", text=" ")
            assert words in (await line.hear("err"))["message"].lower()


async def test_a_subscription_is_told_its_last_number_then_watermarks_and_what_was_missed(town: Town) -> None:
    reader = await town.ask()
    topic = f"chat/{reader.session}"
    async with town.socket(token=reader.token, topics={topic: 0}) as first:
        await first.hear("ev", seq=2)
        await first.say(t="receipt", session=reader.session, delivered=2, read=1)
        await first.hear("rcpt")
    assert town.gateway is not None
    await town.gateway.receipts.flush()
    async with town.socket(token=reader.token, topics={topic: 1}) as again:
        assert await again.hear("subbed") == {"t": "subbed", "topic": topic, "after": 1, "last": 2}
        assert (await again.hear("rcpt", who="reader"))["read"] == 1
        if not [frame for frame in again.heard if frame["t"] == "ev"]:
            await again.hear("ev")
    assert [frame["seq"] for frame in again.heard if frame["t"] == "ev"] == [2]
    assert [frame["t"] for frame in again.heard[:2]] == ["welcome", "subbed"]


async def test_who_asks_for_notices_alone_needs_no_proof_and_hears_nothing_else(town: Town) -> None:
    reader = await town.ask()
    async with (
        town.socket(topics={"notices": 0}) as page,
        town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat,
    ):
        await page.hear("subbed", topic="notices")
        await chat.hear("ev", seq=2)
        town.ctx.announce(NoticesChanged())
        await page.hear("notices")
        await chat.hear("notices")
        await page.say(t="sub", topic=f"chat/{reader.session}")
        assert (await page.hear("err"))["code"] == "session_not_found"


async def test_a_console_hears_the_latest_state_alone(town: Town) -> None:
    lin = town.people["lin"]
    async with town.socket(lin) as desk:
        for _ in range(3):
            await town.available("lin")
        await desk.say(t="sub", topic=f"staff/{lin.id}", after=0)
        version = (await desk.hear("duty"))["version"]
        assert version == (await lin.http.get("/api/console")).json()["duty"]["version"]
        await desk.say(t="sub", topic=f"staff/{town.people['mei'].id}", after=0)
        assert (await desk.hear("err"))["code"] == "topic_not_found"
    assert [frame["version"] for frame in desk.heard if frame["t"] == "duty"] == [version]


async def test_who_unsubscribes_hears_no_more_of_it(town: Town) -> None:
    reader = await town.ask()
    topic = f"chat/{reader.session}"
    async with (
        town.socket(token=reader.token, topics={topic: 0}) as one,
        town.socket(token=reader.token, topics={topic: 0}) as other,
    ):
        await other.hear("ev", seq=2)
        await other.say(t="unsub", topic=topic)
        await other.say(t="ping", n=7)
        await other.hear("pong", n=7)
        await one.say(t="post", session=reader.session, id="m1", text="还在吗？")
        await one.hear("ack")
        await other.say(t="ping", n=8)
        await other.hear("pong", n=8)
    assert not [frame for frame in other.heard if frame.get("id") == "m1"]


async def test_receipts_are_told_to_everybody_and_whoever_gave_them(town: Town) -> None:
    reader = await town.ask()
    async with town.socket(token=reader.token, topics={f"chat/{reader.session}": 0}) as chat:
        await chat.say(t="receipt", session=reader.session, delivered=2, read=2)
        assert (await chat.hear("rcpt", delivered=2))["who"] == "reader"


async def test_a_notes_acknowledgement_does_not_stand_for_its_event(town: Town) -> None:
    async with town.socket(town.people["lin"]) as desk:
        await town.available("lin")
        reader = await town.ask()
        await town.take("lin")
        topic = f"chat/{reader.session}/staff"
        await desk.say(t="sub", topic=topic, after=0)
        await desk.say(t="note", session=reader.session, id="n1", text="读者很着急")
        await desk.hear("ev", topic=topic, id="n1")
        if not [frame for frame in desk.heard if frame["t"] == "ack"]:
            await desk.hear("ack", id="n1")


# ── tokens ──


async def test_a_token_that_has_run_out_is_refused_and_the_secret_gives_a_new_one(town: Town) -> None:
    reader = await town.ask()
    async with ungreeted(town) as line:
        await line.say(t="hello", v=1, token=token_of(town, reader, seconds=-1))
        assert await ending(line) == (4401, "token_expired")
        assert line.heard[-1]["retry"] == "resume"
    proof = {"Authorization": f"Visitor {reader.visitor}"}
    fresh = await town.http.post(f"/api/sessions/{reader.session}/token", headers=proof)
    async with town.socket(token=fresh.json()["token"], topics={f"chat/{reader.session}": 0}) as chat:
        await chat.hear("ev", seq=2)


async def test_a_fresh_token_is_pushed_before_the_old_one_runs_out(town: Town) -> None:
    reader = await town.ask()
    assert town.gateway is not None
    async with town.socket(token=token_of(town, reader, seconds=300)) as chat:
        await town.gateway.beat()
        pushed = await chat.hear("token")
    async with town.socket(token=pushed["token"], topics={f"chat/{reader.session}": 0}) as chat:
        await chat.hear("ev", seq=2)
        await town.gateway.beat()
        await chat.hear("cur")
    assert not [frame for frame in chat.heard if frame["t"] == "token"], "this one is good for a while"


async def test_a_token_is_good_for_its_own_conversation_only(town: Town) -> None:
    reader, other = await town.ask(), await town.ask()
    async with town.socket(token=reader.token) as chat:
        await chat.say(t="sub", topic=f"chat/{other.session}")
        assert (await chat.hear("err"))["code"] == "session_not_found"
        await chat.say(t="post", session=other.session, id="m", text="?")
        assert (await chat.hear("err", id="m"))["code"] == "session_not_found"
    answer = await town.http.get(f"/api/sessions/{other.session}", headers=reader.headers)
    assert answer.status_code == 404


async def test_a_line_of_staff_ends_within_a_minute_after_the_log_in(town: Town) -> None:
    lin = town.people["lin"]
    assert town.gateway is not None
    assert gateways.BEAT * gateways.RECHECK_BEATS <= 60
    async with town.socket(lin) as desk:
        async with town.ctx.transaction() as tx:
            await tx.execute("DELETE FROM web_session WHERE account_id = $1", lin.id)
        for _ in range(gateways.RECHECK_BEATS):
            await town.gateway.beat()
        assert await ending(desk) == (4401, "not_logged_in")


async def test_a_line_ends_at_once_with_the_role_or_the_account_that_it_began_with(town: Town) -> None:
    """A librarian who was none any more went on to "wait for readers", and heard her conversations for a minute."""
    lin, mei = town.people["lin"], town.people["mei"]
    async with town.socket(lin) as desk, town.socket(mei) as other:
        role = Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, town.libraries["home"])
        await revoke_role(town.ctx, OPERATOR, lin.id, role)
        assert await ending(desk) == (4403, "not_allowed")
        await set_account_open(town.ctx, OPERATOR, mei.id, is_open=False)
        assert await ending(other) == (4401, "not_logged_in")


async def test_a_line_ends_with_the_log_in_of_its_browser_and_no_other_line_does(town: Town) -> None:
    """Logged out in one tab, a librarian's other tab was up to date, and posted in her name for a minute."""
    lin = town.people["lin"]
    async with town.ctx.transaction() as tx:
        account = await account_by_id(tx, lin.id)
        assert account is not None
        phone = await start_login(town.ctx, tx, account)
    away = replace(lin, cookie=phone.secret)
    async with town.socket(lin) as desk, town.socket(away) as other:
        await log_out(town.ctx, lin.cookie)
        assert await ending(desk) == (4401, "not_logged_in")
        await other.say(t="sub", topic=f"staff/{lin.id}", after=0)
        await other.hear("subbed")


async def test_who_gave_up_the_desk_and_still_watches_the_board_is_no_librarian_to_wait_for(
    town: Town,
) -> None:
    """Her board counted as sitting there: the reader waited, told that she was, for who could not answer any more."""
    lin = town.people["lin"]
    librarian = Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, town.libraries["home"])
    await grant_role(town.ctx, OPERATOR, lin.id, replace(librarian, role=Role.MANAGER))
    async with town.socket(lin) as desk:
        await town.available("lin")
        await town.ask()
        await town.take("lin")
        await revoke_role(town.ctx, OPERATOR, lin.id, librarian)
        assert await ending(desk) == (4403, "not_allowed")
    async with town.socket(lin):
        async with asyncio.timeout(60):  # until the end of her line at the desk is on record
            while await is_present(town.ctx.db.read, "staff", lin.id, town.ctx.clock.now()):
                await asyncio.sleep(0.05)
        assert await due_moment(town.ctx.db.read, "librarian_lost", lin.id)


# ── without WebSockets ──


async def streamed(
    http: httpx.AsyncClient, address: str, *until: str, headers: dict[str, str] | None = None
) -> list[str]:
    """The lines of an event stream until all of this has been in one of them."""
    seen: list[str] = []
    async with asyncio.timeout(30), http.stream("GET", address, headers=headers or {}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            seen.append(line)
            if all(any(word in line for line in seen) for word in until):
                break
    return seen


async def test_a_stream_goes_on_after_the_last_event_that_the_browser_names(town: Town) -> None:
    reader = await town.ask()
    address = f"/api/sessions/{reader.session}/stream?after=0&token={reader.token}"
    whole = await streamed(town.http, address, '"seq":2')
    place = f"chat/{reader.session}:1"
    assert f"id: {place}" in whole
    rest = await streamed(town.http, address, '"seq":2', headers={"Last-Event-ID": place})
    assert not [line for line in rest if '"seq":1,' in line]


async def test_staff_listen_and_speak_without_sockets_too(town: Town) -> None:
    lin = town.people["lin"]
    async with town.socket(lin):
        await town.available("lin")
        reader = await town.ask()
        await town.take("lin")
    address = f"/api/stream?topics=chat/{reader.session}:1,staff/{lin.id}:0"
    seen = await streamed(lin.http, address, '"kind":"joined"', '"t":"duty"')
    frames = [json.loads(line[6:]) for line in seen if line.startswith("data: ")]
    assert [frame["seq"] for frame in frames if frame["t"] == "ev"] == [2, 3]
    post = {"t": "post", "session": reader.session, "id": "p1", "text": "您好"}
    said = await lin.http.post("/api/frames", content=json.dumps(post))
    assert [(frame["t"], frame["id"]) for frame in said.json()["frames"]] == [("ack", "p1")]
    sub = {"t": "sub", "topic": f"chat/{reader.session}"}
    refused = await lin.http.post("/api/frames", content=json.dumps(sub))
    assert refused.json()["error"]["code"] == "frame_unexpected"


# ── bounds ──


async def test_a_message_has_at_most_four_thousand_characters(town: Town) -> None:
    reader = await town.ask()
    async with town.socket(token=reader.token) as chat:
        await chat.say(t="post", session=reader.session, id="long", text="长" * 4001)
        refused = await chat.hear("err", id="long")
        assert (refused["code"], refused["field"], refused["data"]["limit"]) == (
            "message_too_long",
            "text",
            4000,
        )
        await chat.say(t="post", session=reader.session, id="full", text="长" * 4000)
        await chat.hear("ack", id="full")


async def test_a_frame_beyond_its_bound_is_refused_by_name_whatever_carries_it(town: Town) -> None:
    reader = await town.ask()
    long = json.dumps({"t": "post", "session": reader.session, "id": "m", "text": "x" * MAX_FRAME_BYTES})
    async with town.socket(token=reader.token) as chat:
        await chat.line.send(long)
        assert (await chat.hear("err"))["code"] == "frame_too_large"
        await chat.say(t="ping", n=1)
        await chat.hear("pong")
    async with town.socket(token=reader.token) as chat, town.socket(token=reader.token) as other:
        await chat.line.send("x" * (2 * MAX_FRAME_BYTES + 1))
        assert (await ending(chat))[0] == 1009
        await other.say(t="ping", n=1)
        await other.hear("pong")
    address = f"/api/sessions/{reader.session}/frames"
    refused = await town.http.post(address, content=long, headers=reader.headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "frame_too_large")


async def test_nonsense_is_answered_by_name_and_at_last_let_go(town: Town) -> None:
    reader = await town.ask()
    async with town.socket(token=reader.token) as chat:
        await chat.line.send(b"\x00\x01")
        assert (await chat.hear("err"))["code"] == "frame_binary"
        for _ in range(sockets.BAD_FRAMES - 2):
            await chat.say(t="nonsense")
        await chat.say(t="ping", n=1)  # what is understood begins the count anew
        await chat.hear("pong")
        for _ in range(sockets.BAD_FRAMES):
            await chat.say(t="nonsense")
        assert (await ending(chat))[0] == 4400


async def test_one_line_listens_to_so_many_topics_and_no_more(town: Town) -> None:
    looker = town.people["administrator"]
    readers = [await town.ask() for _ in range(MAX_TOPICS)]
    async with town.socket(looker) as desk:
        for reader in readers:
            await desk.say(t="sub", topic=f"chat/{reader.session}")
        await desk.say(t="sub", topic="notices")
        assert (await desk.hear("err"))["code"] == "too_many_topics"
        await desk.say(t="unsub", topic=f"chat/{readers[0].session}")
        await desk.say(t="sub", topic="notices")
        await desk.hear("subbed", topic="notices")


async def test_half_a_minutes_messages_may_come_at_once_and_who_goes_on_is_told_to_wait(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.hold_limits(monkeypatch)
    reader, other = await town.ask(), await town.ask()
    burst = town.ctx.settings.messages_per_minute // 2
    async with town.socket(token=reader.token) as chat, town.socket(token=other.token) as calm:
        for n in range(burst + 5):
            await chat.say(t="post", session=reader.session, id=f"m{n}", text=str(n))
        refused = await chat.hear("err")
        assert (refused["code"], refused["retry"]) == ("too_many_messages", "retry")
        assert refused["data"]["retry_after"] >= 1
        assert refused["id"] == f"m{burst}"
        await calm.say(t="post", session=other.session, id="c", text="我呢？")
        await calm.hear("ack", id="c")


async def test_a_body_beyond_its_bound_is_refused_by_name(town: Town) -> None:
    body = b'{"topic": "' + b"x" * 262_144 + b'"}'
    answer = await town.http.post("/api/desks/home/sessions", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


# ── the page itself ──


def test_the_page_names_whatever_may_be_sent_heard_or_counted() -> None:
    page = PAGE.read_text()
    told = set(re.findall(r"`(\w+)`", page)) | set(re.findall(r'"t":"(\w+)"', page))
    assert {str(kind.__struct_config__.tag) for kind in SERVER_FRAMES} - {"ev"} <= told
    assert {str(kind.__struct_config__.tag) for kind in get_args(ClientFrame)} <= told
    assert set(EVENT_DATA) <= told
    for kind in EVENT_DATA.values():
        assert set(kind.__struct_fields__) <= told, kind
    listened = set(re.findall(r'case \["(\w+)"', inspect.getsource(Line.listen)))
    assert listened <= set(re.findall(r"`(\w+)(?:/[A-Z]+)?(?:/staff)?`", page))
    assert {1009, *CLOSE_CODES} == {int(code) for row in CODES.findall(page) for code in row.split(", ")}
    named = re.findall(r"`(tests/[\w/.]+)`", page)
    assert all((PAGE.parents[1] / path).is_file() for path in named), named
    assert f"version {VERSION}" in page.splitlines()[0]
    for bound in (
        f"a frame {MAX_FRAME_BYTES // 1024} KiB",
        f"more than {FRAME_BYTES // 1024} KiB",
        f"a message {ChatPolicy().message_characters // 1000} 000 characters",
        f"{Settings(secret_key='x' * 32).messages_per_minute} messages a minute",
        f"{MAX_TOPICS} topics a line",
        f"{gateways.LINES} lines per reader",
        f"a JSON body {BODY_LIMIT // 1024} KiB",
        f"`token` ({TOKEN_SECONDS // 60} min",
        f"within {sockets.HELLO_SECONDS} s",
        f"every {BEAT_SECONDS} s",
        f"{SESSIONS_OF.count} an hour",
        f"no more than {ChatPolicy().queue_limit} wait",
    ):
        assert bound in " ".join(page.split()), bound
