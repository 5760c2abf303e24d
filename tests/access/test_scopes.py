"""A manager of one library keeps that library's things, and nothing of any other's."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from server.api.routes import Endpoint
from server.domain.permissions import Verb
from tests.access.asking import ROUTES, Asker, ask, askers, name_of
from tests.town import Reader, Town, open_town
from web.pages.base import Page

KEEPING = frozenset(
    {
        Verb.KEEP_STAFF,
        Verb.KEEP_DESK,
        Verb.KEEP_LIBRARY_PHRASES,
        Verb.KEEP_OWN_PHRASES,
        Verb.KEEP_LIBRARIES,
        Verb.KEEP_POLICIES,
        Verb.REVIEW_BLOCK,
        Verb.WRAP_UP,
        Verb.PUBLISH_QUALITY,
    }
)
CHANGING = [r for r in ROUTES if r.verb in KEEPING and r.method != "GET"]
SHOWING = [  # groups of desks are for every manager to see
    r
    for r in ROUTES
    if r.verb in KEEPING and r.method == "GET" and "{id}" in r.path and "groups" not in r.path
]
# What asking and refusing may leave behind: log-ins seen again, attempts counted, trails.
PASSING = ("audit", "web_session", "throttle", "process_lease", "line", "attempt", "presence")


@pytest.fixture(scope="module")
async def town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """The town without its workers: what they write by themselves would be laid to who asked in that moment."""
    folder = tmp_path_factory.mktemp("scopes")
    copy(sqlite_template, folder / "shuqiao.sqlite3")
    url = f"sqlite://{folder / 'shuqiao.sqlite3'}"
    async with open_town(url, folder, embedded_worker=False) as town:
        yield town


async def rows(town: Town) -> dict[str, list[Any]]:
    """Everything that the database holds, but what passes."""
    tables = await town.ctx.db.read.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    names = [str(table["name"]) for table in tables]
    return {
        name: sorted(str(tuple(row)) for row in await town.ctx.db.read.rows(f'SELECT * FROM "{name}"'))
        for name in names
        if not any(part in name for part in PASSING)
    }


async def things(town: Town) -> dict[str, str]:
    """One thing of each kind that belongs to the other library, by the part of the address that names its kind."""
    admin, desk, library = town.people["administrator"].http, town.desks["other"], town.libraries["other"]
    closure = await admin.post("/api/manage/closures", json={"day": "2030-01-01", "desk_id": desk})
    assert closure.status_code < 300, closure.text
    phrase = await admin.post(
        "/api/phrases", json={"shortcut": "hi", "text_zh": "您好", "level": "library", "owner_id": library}
    )
    assert phrase.status_code < 300, phrase.text
    group = await admin.post(
        "/api/manage/groups", json={"name_zh": "组", "name_en": "Group", "desk_ids": [desk]}
    )
    assert group.status_code < 300, group.text
    policy = await admin.post(
        "/api/manage/policies",
        json={
            "name": "documents_per_session",
            "value": "2",
            "library_id": library,
            "valid_from": "2030-01-01T00:00",
        },
    )
    assert policy.status_code < 300, policy.text
    talk = await town.ask(desk="other")
    return {
        "libraries": library,
        "desks": desk,
        "closures": closure.json()["id"],
        "phrases": phrase.json()["id"],
        "groups": group.json()["id"],
        "policies": "unknown",
        "staff": town.people["wu"].id,
        "sessions": talk.session,
        "records": talk.session,
        "reviews": "unknown",
        "blocks": "unknown",
        "comments": "unknown",
    }


@pytest.fixture(scope="module")
async def theirs(town: Town) -> dict[str, str]:
    return await things(town)


def id_in(path: str, theirs: dict[str, str]) -> str:
    parts = path.split("/")
    return theirs[parts[parts.index("{id}") - 1]]


@pytest.mark.parametrize("route", [r for r in CHANGING if "{id}" in r.path], ids=name_of)
async def test_a_manager_of_one_library_changes_nothing_of_another(
    town: Town, theirs: dict[str, str], route: Endpoint | Page
) -> None:
    manager = await _asker(town, "manager")
    before = await rows(town)
    answer, text = await ask(town, route, manager, id=id_in(route.path, theirs))
    assert answer.status_code in (403, 404, 422), text
    assert await rows(town) == before


@pytest.mark.parametrize("route", SHOWING, ids=name_of)
async def test_a_manager_of_one_library_does_not_see_into_another(
    town: Town, theirs: dict[str, str], route: Endpoint | Page
) -> None:
    manager, keeper = await _asker(town, "manager"), await _asker(town, "far_manager")
    answer, text = await ask(town, route, manager, id=id_in(route.path, theirs))
    assert answer.status_code in (403, 404), text
    answer, text = await ask(town, route, keeper, id=id_in(route.path, theirs))
    assert answer.status_code == 200, text


async def test_what_a_body_names_is_held_to_the_scope_too(town: Town) -> None:
    http, other, wu = town.people["manager"].http, town.libraries["other"], town.people["wu"].id
    before = await rows(town)
    for path, body in (
        ("/api/manage/closures", {"day": "2030-02-02", "desk_id": town.desks["other"]}),
        ("/api/manage/closures", {"day": "2030-02-02"}),
        ("/api/manage/policies", {"name": "documents_per_session", "value": "1", "library_id": other}),
        ("/api/manage/policies", {"name": "documents_per_session", "value": "1"}),
        ("/api/manage/groups", {"name_zh": "组", "name_en": "G", "desk_ids": [town.desks["other"]]}),
        ("/api/phrases", {"shortcut": "x", "text_zh": "嗨", "level": "library", "owner_id": other}),
        ("/api/phrases", {"shortcut": "x", "text_zh": "嗨", "level": "alliance"}),
    ):
        answer = await http.post(path, json=body)
        assert answer.status_code in (403, 404), (path, body, answer.text)
    for path, form in (
        (
            "/manage/staff/invite",
            {"mail": "new@x.test", "name": "New", "library": other, "role": "librarian"},
        ),
        (f"/manage/staff/{wu}/roles", {"role": "manager", "library": town.libraries["home"]}),
        (f"/manage/staff/{wu}/account", {"state": "locked"}),
        ("/manage/libraries/new", {"slug": "new", "name_zh": "新", "name_en": "New", "kind": "public"}),
    ):
        answer = await http.post(path, data=form)
        assert answer.status_code in (403, 404, 422), (path, answer.text)
    assert await rows(town) == before


async def test_nobody_grants_more_than_they_hold(town: Town) -> None:
    http, mine = town.people["manager"].http, town.people["mei"].id
    before = await rows(town)
    for form in (
        {"role": "administrator", "scope": "alliance"},
        {"role": "manager", "scope": "alliance"},
        {"role": "librarian", "library": town.libraries["other"]},
        {"role": "inspector", "scope": "alliance"},
    ):
        answer = await http.post(f"/manage/staff/{mine}/roles", data=form)
        assert answer.status_code in (403, 404, 422), (form, answer.text)
    assert await rows(town) == before


async def _asker(town: Town, name: str) -> Asker:
    stranger = Reader("", "x", "x", town.http)
    return next(asker for asker in await askers(town, stranger) if asker.name == name)
