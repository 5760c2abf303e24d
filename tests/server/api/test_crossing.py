"""A request finds its route by its first words as it would by trying one route after the other."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, Route, Router

from server.api.crossing import Crossing
from server.assembly import build_app
from tests.hall import settings_for


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("")


def _found(routes: list[BaseRoute], method: str, path: str) -> tuple[Match, str]:
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    best: tuple[Match, str] = (Match.NONE, "")
    for route in routes:
        match, child = route.matches(scope)
        named = child.get("crossed_to", route)
        if match is Match.FULL:
            return match, named.path
        if match is Match.PARTIAL and best[0] is Match.NONE:
            best = match, named.path
    return best


def test_every_route_is_found_where_trying_all_of_them_would_find_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    app = build_app(settings_for(f"sqlite://{tmp_path / 'x.sqlite3'}", tmp_path))
    assert isinstance(app, Starlette) and isinstance(app.router, Router)
    [crossing] = [route for route in app.routes if isinstance(route, Crossing)]
    one_by_one: list[BaseRoute] = list(crossing.routes)
    assert len(one_by_one) > 100
    for route in crossing.routes:
        for filled in ("x1", "new"):
            path = "/".join(filled if "{" in word else word for word in route.path.split("/"))
            for asked in (path, path + "/", path + "/more"):
                for method in ("GET", "POST", "PUT", "DELETE"):
                    assert _found([crossing], method, asked) == _found(one_by_one, method, asked), asked


@pytest.mark.parametrize("path", ["", "/", "//", "/nowhere", "/a/b/c/d"])
def test_what_nobody_serves_is_not_found(path: str) -> None:
    crossing = Crossing([Route("/api/one/{id}", _answer), Route("/{word}/two", _answer)])
    assert _found([crossing], "GET", path)[0] is Match.NONE
    assert _found([crossing], "GET", "/any/two") == (Match.FULL, "/{word}/two")
