"""The event stream where WebSockets are blocked: who may open it, by every proof that readers have."""

import asyncio
import json
from typing import Any

import pytest

from server.actions.logins import start_login
from server.domain.logins import LogInKind
from server.store.accounts import account_by_id
from tests.town import Town


async def bearer_of(town: Town, name: str) -> str:
    """What the widget keeps after this person has logged in on a library's page."""
    async with town.ctx.transaction() as tx:
        account = await account_by_id(tx, town.people[name].id)
        assert account is not None
        return (await start_login(town.ctx, tx, account, kind=LogInKind.WIDGET)).secret


async def heard(town: Town, session: str, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    """What a stream says up to the first event, or the error instead."""
    address = f"/api/sessions/{session}/stream?after=0{query}"
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(60), town.http.stream("GET", address, headers=headers) as stream:
        if stream.status_code != 200:
            return [json.loads(await stream.aread())["error"]]
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
            if seen and seen[-1]["t"] in ("ev", "err"):
                break
    return seen


async def test_a_reader_listens_with_any_proof_that_the_other_addresses_take(town: Town) -> None:
    reader = await town.ask()
    for headers, query in (
        (reader.headers, ""),
        ({}, f"&token={reader.token}"),
        ({"Authorization": f"Visitor {reader.visitor}"}, ""),
        ({"Authorization": f"Visitor {reader.visitor}"}, "&token=stale"),
    ):
        tags = [frame["t"] for frame in await heard(town, reader.session, headers, query)]
        assert (tags[0], tags[-1]) == ("welcome", "ev"), "a place in the queue may be told in between"


async def test_who_is_logged_in_at_a_librarys_page_listens_with_their_bearer(town: Town) -> None:
    proof = {"Authorization": f"Bearer {await bearer_of(town, 'reader')}"}
    body = {"topic": "reference", "question": "请问？", "client_id": "b1"}
    opened = await town.http.post("/api/desks/home/sessions", json=body, headers=proof)
    session = opened.json()["session"]["id"]
    assert (await heard(town, session, proof))[0] == {
        "t": "welcome", "v": 1, "beat_seconds": 10, "me": "reader"
    }  # fmt: skip
    rows = await town.ctx.db.read.rows("SELECT kind, subject_id FROM connection WHERE kind = 'reader'")
    assert [row["subject_id"] for row in rows] in ([session], []), (
        "the reader is present as in any other line"
    )


@pytest.mark.parametrize("proof", ["Visitor nobody", "Bearer nobody", "Token nonsense", ""])
async def test_a_stranger_hears_nothing(town: Town, proof: str) -> None:
    reader = await town.ask()
    other = await bearer_of(town, "reader")
    for authorization in (proof, f"Bearer {other}"):
        (said,) = await heard(town, reader.session, {"Authorization": authorization} if authorization else {})
        assert said["code"] in ("session_not_found", "token_invalid", "not_logged_in")
