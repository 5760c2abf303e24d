"""Every address, asked by everybody: what the table of permissions says is what happens."""

import re

import httpx2 as httpx
import pytest

from server.api.routes import Endpoint
from server.domain.permissions import TABLE, Reach, Thing, Verb, may
from tests.access.asking import ROUTES, Asker, ask, askers, name_of, only_in_scope
from tests.town import Reader, Town
from tools.access import PAGE, text
from web.pages.base import Page


@pytest.fixture(scope="module")
async def talk(town: Town) -> Reader:
    """A conversation at the desk of home, held by nobody yet."""
    return await town.ask()


@pytest.fixture(scope="module")
async def everybody(town: Town, talk: Reader) -> list[Asker]:
    return await askers(town, talk)


def test_the_page_of_permissions_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), (
        "run `python -m tools.access` and read what has changed"
    )


@pytest.mark.parametrize("route", [r for r in ROUTES if "/api/sessions/{id}" in r.path], ids=name_of)
async def test_somebody_elses_conversation_does_not_exist(
    town: Town, everybody: list[Asker], talk: Reader, route: Endpoint | Page
) -> None:
    for asker in everybody:
        if may(asker.actor, Verb.READ_SESSION, _thing(town, everybody)) or not may(asker.actor, route.verb):
            continue  # theirs, or turned away at the door
        _, there = await ask(town, route, asker, id=talk.session)
        _, nowhere = await ask(town, route, asker, id="unknown")
        assert there == nowhere, asker.name


@pytest.mark.parametrize("route", [r for r in ROUTES if "/api/sessions/{id}/" in r.path], ids=name_of)
async def test_who_may_only_read_a_conversation_changes_nothing_in_it(
    town: Town, everybody: list[Asker], talk: Reader, route: Endpoint | Page
) -> None:
    thing = _thing(town, everybody)
    for asker in everybody:
        if may(asker.actor, Verb.READ_SESSION, thing) and not may(asker.actor, route.verb, thing):
            answer, text = await ask(town, route, asker, id=talk.session)
            assert answer.status_code in (401, 403, 404, 422), (asker.name, text)
    events = (await town.http.get(f"/api/sessions/{talk.session}/events", headers=talk.headers)).json()[
        "events"
    ]
    assert [event["kind"] for event in events] == ["queued", "message"]


@pytest.mark.parametrize("path", ["", "/events", "/transcript.txt", "/stream"])
async def test_who_may_read_a_conversation_reads_it(
    town: Town, everybody: list[Asker], talk: Reader, path: str
) -> None:
    route = next(r for r in ROUTES if name_of(r) == f"GET /api/sessions/{{id}}{path}")
    readers = [a for a in everybody if may(a.actor, Verb.READ_SESSION, _thing(town, everybody))]
    names = {"visitor", "manager", "duty_manager", "administrator", "inspector"}
    assert {asker.name for asker in readers} == names
    for asker in readers:
        answer, text = await ask(town, route, asker, id=talk.session)
        assert answer.status_code == 200, (asker.name, text)
        assert '"err"' not in text, (asker.name, text)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_an_address_opens_for_whom_the_table_names(
    town: Town, everybody: list[Asker], route: Endpoint | Page
) -> None:
    for asker in everybody:
        actor = asker.actor if isinstance(route, Endpoint) else asker.at_pages()
        answer, text = await ask(town, route, asker)
        assert answer.status_code < 500, (asker.name, text)
        said = _said_at_door(route, answer, text)
        if may(actor, route.verb):
            allowed = {"", "refused"} if only_in_scope(actor, route) else {""}
            if not asker.at_pages().is_staff and TABLE[route.verb].get("everybody") is Reach.OWN:
                allowed.add("log in first")  # nobody owns nothing; a reader's event stream carries a token
        else:
            allowed = {"refused" if actor.account_id else "log in first"}
        assert said in allowed, (asker.name, answer.status_code, text[:300])


def _thing(town: Town, everybody: list[Asker]) -> Thing:
    """The conversation, as far as permission depends on it."""
    owner = next(asker for asker in everybody if asker.name == "visitor").actor
    return Thing(town.libraries["home"], owner_keys=frozenset({owner.reader_key}))


def _said_at_door(route: Endpoint | Page, answer: httpx.Response, text: str) -> str:
    """What the door said; empty when the address was reached, whatever it answered then."""
    if answer.headers.get("location", "").startswith("/login?next="):
        return "log in first"
    code = re.search(r'"code":"(\w+)"', text)
    match answer.status_code, code and code[1]:
        case 401, "not_logged_in":
            return "log in first"
        case 403, "not_allowed":
            return "refused"
        case 403, None:
            return "refused" if "/login?next=" not in text else "log in first"
    return ""
