"""What a page of somebody else's site can do with our people's browsers: nothing but what desks have listed."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.api.routes import Endpoint
from tests.access.asking import ROUTES, Asker, ask, askers, name_of
from tests.town import ORIGIN, Reader, Town
from web.pages.base import Page

FOREIGN = "https://elsewhere.example"
UNSAFE = [route for route in ROUTES if route.method not in ("GET", "HEAD")]
# A program without our cookie may call these; a browser that carries one must prove where it comes from.
SHARED = ("/api/desks/home", "/api/sessions/unknown", "/api/me/sessions", "/widget/loader.js", "/f/unknown/x")


@pytest.mark.parametrize("route", UNSAFE, ids=name_of)
async def test_a_cookie_alone_changes_nothing(town: Town, route: Endpoint | Page) -> None:
    administrator = await _administrator(town)
    # A form that shows again what was typed first looks where that was, and here there is no such place.
    refused = (403, 404) if isinstance(route, Page) and route.stale else (403,)
    for token in ("", "guessed", town.people["lin"].csrf):
        headers = {"Cookie": administrator.headers["Cookie"], "X-CSRF-Token": token, "Origin": FOREIGN}
        answer, text = await ask(town, route, Asker("forged", administrator.actor, headers))
        assert answer.status_code in refused, text
        assert '"csrf"' in text or isinstance(route, Page)


@pytest.mark.parametrize("path", SHARED)
async def test_a_listed_page_may_read_what_the_widget_needs_and_no_other_page_may(
    town: Town, path: str
) -> None:
    for origin, allowed in ((ORIGIN, ORIGIN), (FOREIGN, None), ("null", None), (ORIGIN + ".evil", None)):
        answer = await town.http.get(path, headers={"Origin": origin})
        given = answer.headers.get("access-control-allow-origin")
        assert given in ((allowed, "*") if path.startswith("/widget/") else (allowed,))
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/api/console", "/api/board", "/api/manage/desks", "/api/archive", "/account"]
)
async def test_no_other_page_reads_what_staff_read(town: Town, path: str) -> None:
    for origin in (ORIGIN, FOREIGN):
        answer = await town.people["administrator"].http.get(path, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        asked = await town.http.request(
            "OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": "PUT"}
        )
        assert "access-control-allow-origin" not in asked.headers


async def test_a_socket_opens_only_for_listed_origins(town: Town) -> None:
    address = town.base.replace("http", "ws", 1) + "/api/socket"
    for origin in (FOREIGN, "null", ORIGIN + ".evil"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, origin=origin, compression=None):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code == 403
    async with connect(address, origin=ORIGIN, compression=None):  # type: ignore[arg-type]
        pass


async def test_a_listed_page_does_not_act_as_the_librarian_whose_browser_it_is_in(town: Town) -> None:
    """A desk's origin is trusted with the reader's conversation, never with the cookie of a member of staff."""
    address = town.base.replace("http", "ws", 1) + "/api/socket"
    headers = {"Cookie": f"sid={town.people['lin'].cookie}"}
    async with connect(address, origin=ORIGIN, additional_headers=headers, compression=None) as line:  # type: ignore[arg-type]
        await line.send('{"t":"hello","v":1}')
        said = str(await line.recv())
    assert '"err"' in said or '"bye"' in said
    assert "not_logged_in" in said


async def _administrator(town: Town) -> Asker:
    everybody = await askers(town, Reader("", "x", "x", town.http))
    return next(asker for asker in everybody if asker.name == "administrator")
