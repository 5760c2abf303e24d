"""What a reader asked is theirs alone: for everybody else it does not exist, whatever roles they hold."""

import pytest

from server.api.routes import Endpoint
from tests.access.asking import ROUTES, Asker, ask, askers, name_of
from tests.town import Reader, Town
from web.pages.base import Page

OWN = [route for route in ROUTES if "/consultations/{id}" in route.path and "/console/" not in route.path]


@pytest.fixture(scope="module")
async def mine(town: Town) -> str:
    """A request of the reader's."""
    wish = {"client_id": "a-press", "citation": {"material": "book", "title": "图书馆学导论"}}
    made = await town.people["reader"].http.post("/api/desks/home/consultations", json=wish)
    assert made.status_code == 201, made.text
    return str(made.json()["consultation"]["id"])


@pytest.fixture(scope="module")
async def everybody(town: Town) -> list[Asker]:
    return await askers(town, Reader("", "x", "x", town.http))


@pytest.mark.parametrize("route", OWN, ids=name_of)
async def test_somebody_elses_consultation_does_not_exist(
    town: Town, everybody: list[Asker], mine: str, route: Endpoint | Page
) -> None:
    before = await _kept(town, mine)
    for asker in everybody:
        if asker.name == "reader":
            continue
        there, said = await ask(town, route, asker, id=mine)
        nowhere, silence = await ask(town, route, asker, id="unknown")
        assert there.status_code == nowhere.status_code, asker.name
        assert said.replace(mine, "unknown") == silence, asker.name
    assert await _kept(town, mine) == before


@pytest.mark.parametrize("route", [r for r in OWN if r.method == "GET"], ids=name_of)
async def test_its_reader_sees_it(
    town: Town, everybody: list[Asker], mine: str, route: Endpoint | Page
) -> None:
    reader = next(asker for asker in everybody if asker.name == "reader")
    answer, text = await ask(town, route, reader, id=mine)
    assert answer.status_code == 200, text
    assert "图书馆学导论" in text


async def test_nobody_requests_a_document_without_a_log_in(town: Town) -> None:
    wish = {"client_id": "a-press", "citation": {"material": "book", "title": "图书馆学导论"}}
    refused = await town.http.post("/api/desks/home/consultations", json=wish)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "log_in_to_request")


async def _kept(town: Town, consultation_id: str) -> tuple[object, ...]:
    row = await town.ctx.db.read.row("SELECT * FROM consultation WHERE id = $1", consultation_id)
    assert row is not None
    return tuple(row.values()) if hasattr(row, "values") else tuple(row)
