"""Desks, phrases, the board and what managers keep, through the door: who may, and what comes of it."""

import asyncio
from typing import Any

import httpx2 as httpx
import pytest

from server.actions.accounts import resolve_actor
from server.actions.grants import grant_role
from server.actions.policies import list_policies, withdraw_policy
from server.domain.accounts import OPERATOR
from server.domain.errors import Conflict, Invalid
from server.domain.permissions import Grant, Role, ScopeKind
from server.words.catalogue import say
from tests.town import Town

DESK = {"slug": "kids", "name_zh": "少儿咨询台", "name_en": "Children's desk", "mail": "kids@home.test"}
CLOSED = ["", "", "", "", "", "", ""]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_desk_tells_its_readers_everything_in_both_languages(town: Town) -> None:
    desk = (await town.http.get("/api/desks/home")).json()
    assert desk["on_duty"] is False and desk["next_open"] is None
    assert [topic["id"] for topic in desk["topics"]] == ["reference", "platform", "account", "order"]
    for text in ("name", "greeting", "scope", "privacy", "hours_text"):
        assert desk[text]["zh"] and desk[text]["en"], text
    assert "3" in desk["scope"]["zh"] and "180" in desk["privacy"]["en"]
    assert code_of(await town.http.get("/api/desks/nowhere")) == (404, "desk_not_found")


async def test_a_desk_is_on_duty_exactly_while_somebodys_console_is_connected(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin", topics=["reference"], languages=["zh"])
        desk = (await town.http.get("/api/desks/home")).json()
        assert (desk["on_duty"], desk["on_duty_for"]) == (True, {"zh": ["reference"], "en": []})
        board = (await town.people["manager"].http.get("/api/board")).json()
        assert [line["name"] for line in board["staff"] if line["present"]] == [town.people["lin"].name]


async def test_a_private_desk_is_not_there_for_readers(town: Town) -> None:
    manager = town.people["manager"].http
    made = await manager.post(f"/api/manage/libraries/{town.libraries['home']}/desks", json=DESK)
    assert made.status_code == 201 and made.json()["open"] is False
    assert code_of(await town.http.get("/api/desks/kids")) == (404, "desk_not_found")
    await manager.put(f"/api/manage/desks/{made.json()['id']}", json={**DESK, "open": True})
    assert (await town.http.get("/api/desks/kids")).status_code == 200


def paths(town: Town, library: str) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Everything that a manager of that library can do to it."""
    desk, home = town.desks[library], town.libraries[library]
    keep = {"slug": library, "name_zh": "新名", "name_en": "New", "mail": "a@b.cn"}
    person = town.people["lin" if library == "home" else "wu"].id
    return [
        ("GET", f"/api/manage/libraries/{home}", None),
        ("PUT", f"/api/manage/libraries/{home}", keep),
        ("POST", f"/api/manage/libraries/{home}/desks", {**DESK, "slug": f"kids-{library}"}),
        ("GET", f"/api/manage/desks/{desk}", None),
        ("PUT", f"/api/manage/desks/{desk}", keep),
        ("GET", f"/api/manage/desks/{desk}/hours", None),
        ("PUT", f"/api/manage/desks/{desk}/hours", {"days": CLOSED}),
        ("POST", "/api/manage/closures", {"day": "2099-10-01", "desk_id": desk}),
        ("GET", f"/api/manage/closures?desk={desk}", None),
        ("GET", f"/api/manage/policies?library={home}", None),
        ("POST", "/api/manage/policies", {"name": "block_hours", "value": "12", "library_id": home}),
        ("PUT", f"/api/manage/staff/{person}/desks", {"desk_ids": [desk]}),
        ("POST", "/api/phrases", {"level": "library", "owner_id": home, "shortcut": "hi", "text_zh": "您好"}),
    ]


async def test_nobody_else_touches_a_library(town: Town) -> None:
    strangers = ("far_manager", "lin", "inspector", "intern", "agent", "keeper", "reader")
    for http in (town.http, *(town.people[name].http for name in strangers)):
        for method, path, body in paths(town, "home"):
            answer = await http.request(method, path, json=body)
            assert answer.status_code in (401, 403, 404), (method, path, answer.status_code)


@pytest.mark.parametrize("name", ["manager", "duty_manager", "administrator"])
async def test_its_own_manager_and_those_of_the_alliance_do(town: Town, name: str) -> None:
    for method, path, body in paths(town, "home"):
        answer = await town.people[name].http.request(method, path, json=body)
        assert answer.status_code in (200, 201), (method, path, answer.text)


EVERYBODYS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/api/manage/libraries", {"slug": "new", "name_zh": "新馆", "name_en": "New"}),
    ("POST", "/api/manage/closures", {"day": "2099-10-01"}),
    ("GET", "/api/manage/closures", None),
    ("GET", "/api/manage/policies", None),
    ("POST", "/api/manage/policies", {"name": "offer_seconds", "value": "20"}),
    ("POST", "/api/manage/groups", {"name_zh": "同城", "name_en": "City", "desk_ids": []}),
    ("POST", "/api/phrases", {"level": "alliance", "shortcut": "hi", "text_zh": "您好"}),
]


async def test_what_concerns_everybody_is_for_the_alliances_managers(town: Town) -> None:
    for method, path, body in EVERYBODYS:
        refused = await town.people["manager"].http.request(method, path, json=body)
        assert code_of(refused) == (403, "not_allowed"), path
        answer = await town.people["duty_manager"].http.request(method, path, json=body)
        assert answer.status_code in (200, 201), answer.text


async def test_a_manager_lists_only_what_is_theirs(town: Town) -> None:
    mine = town.people["manager"].http
    desks = (await mine.get("/api/manage/desks")).json()["desks"]
    libraries = (await mine.get("/api/manage/libraries")).json()["libraries"]
    assert ([desk["slug"] for desk in desks], [one["slug"] for one in libraries]) == (["home"], ["home"])
    everything = (await town.people["duty_manager"].http.get("/api/manage/desks")).json()["desks"]
    assert [desk["slug"] for desk in everything] == ["home", "other"]
    found = (await town.people["lin"].http.get("/api/desks?query=远方")).json()["desks"]
    assert [desk["slug"] for desk in found] == ["other"]  # any librarian may pass a reader on to any desk


async def test_desks_of_other_libraries_cannot_be_given_and_are_not_taken(town: Town) -> None:
    lin = town.people["lin"].id
    path = f"/api/manage/staff/{lin}/desks"
    both = {"desk_ids": [town.desks["home"], town.desks["other"]]}
    assert code_of(await town.people["manager"].http.put(path, json=both)) == (404, "desk_not_found")
    assert (await town.people["duty_manager"].http.put(path, json=both)).status_code == 200
    kept = await town.people["manager"].http.put(path, json={"desk_ids": []})
    assert kept.json() == {"desk_ids": [town.desks["other"]]}


async def test_two_libraries_cannot_have_one_short_name(town: Town) -> None:
    path = f"/api/manage/libraries/{town.libraries['home']}/desks"
    taken = await town.people["manager"].http.post(path, json={**DESK, "slug": "other"})
    assert code_of(taken) == (409, "slug_taken")


async def test_a_wrong_field_is_named(town: Town) -> None:
    path = f"/api/manage/desks/{town.desks['home']}"
    wrong = await town.people["manager"].http.put(path, json={**DESK, "origins": ["www.home.test"]})
    assert code_of(wrong) == (422, "origin_wrong")
    assert wrong.json()["error"]["field"] == "origins"


async def test_hours_and_closures_come_back_as_they_were_set(town: Town) -> None:
    manager = town.people["manager"].http
    path = f"/api/manage/desks/{town.desks['home']}/hours"
    days = ["8：30—12:00，13:30-17:30", *["9-17"] * 4, "", ""]
    shown = (await manager.put(path, json={"days": days})).json()
    assert shown["days"] == ["08:30-12:00, 13:30-17:30", *["09:00-17:00"] * 4, "", ""]
    day = {"day": "2099-10-01", "desk_id": town.desks["home"], "shifts": "10-12", "note_zh": "国庆节"}
    for _ in range(2):  # the second replaces the first
        await manager.post("/api/manage/closures", json=day)
    (closure,) = (await manager.get(path)).json()["closures"]
    assert (closure["day"], closure["shifts"]) == ("2099-10-01", "10:00-12:00")
    await manager.delete(f"/api/manage/closures/{closure['id']}")
    assert (await manager.get(path)).json()["closures"] == []
    wrong = await manager.put(path, json={"days": ["9-8", *CLOSED[1:]]})
    assert code_of(wrong) == (422, "shift_backwards") and wrong.json()["error"]["field"] == "day0"
    desk = (await town.http.get("/api/desks/home")).json()
    assert "8:30–12:00" in desk["hours_text"]["zh"] and desk["next_open"]


async def test_a_policy_holds_at_once_for_whom_it_was_set(town: Town) -> None:
    wide, mine = town.people["duty_manager"].http, town.people["manager"].http
    home = town.libraries["home"]
    await wide.post("/api/manage/policies", json={"name": "documents_per_session", "value": "5"})
    body = {"name": "documents_per_session", "value": "4", "library_id": home}
    policies = (await mine.post("/api/manage/policies", json=body)).json()["policies"]
    line = next(each for each in policies if each["name"] == "documents_per_session")
    assert (line["value"], line["source"], line["rule"], line["default"]) == (4, "library", "R-LIVE.4", 3)
    assert "4" in (await town.http.get("/api/desks/home")).json()["scope"]["zh"]
    assert "5" in (await town.http.get("/api/desks/other")).json()["scope"]["zh"]
    refused = await mine.post("/api/manage/policies", json={**body, "name": "offer_seconds"})
    assert code_of(refused) == (422, "policy_not_per_library")
    past = await mine.post("/api/manage/policies", json={**body, "valid_from": "2020-01-01T00:00"})
    assert code_of(past) == (422, "moment_past")


async def test_values_that_contradict_each_other_are_refused_by_name(town: Town) -> None:
    """The circle could be widened to the alliance before the group, and nobody of the group was ever asked first."""
    wide, mine, home = town.people["duty_manager"].http, town.people["manager"].http, town.libraries["home"]

    async def set_to(name: str, value: str, http: Any = wide, **more: str) -> Any:
        body = {"name": name, "value": value, **more}
        return await http.post("/api/manage/policies", json=body, headers={"Accept-Language": "en"})

    refused = await set_to("widen_to_group_seconds", "30")
    assert code_of(refused) == (422, "policy_too_much")
    error = refused.json()["error"]
    assert error["field"] == "widen_to_group_seconds" and error["data"]["limit"] == 25
    refusal = Invalid("policy_too_much", "widen_to_group_seconds", **error["data"])
    assert "at most 25, or first set “Widen to the alliance” higher (now 25)" in say(refusal, "en")
    assert "不大于 25 的数，或者先把“扩大到全联盟”调大（现为 25）" in say(refusal, "zh")
    assert (await set_to("widen_to_alliance_seconds", "40")).status_code == 201
    assert (await set_to("widen_to_group_seconds", "30")).status_code == 201
    assert code_of(await set_to("widen_to_alliance_seconds", "")) == (422, "policy_too_little")
    refused = await set_to("default_capacity", "9", mine, library_id=home)
    assert "set for the whole alliance" in say(
        Invalid("policy_too_much", "", **refused.json()["error"]["data"]), "en"
    )
    assert (await set_to("default_capacity", "7", mine, library_id=home)).status_code == 201
    refused = await set_to("max_capacity", "6")
    told = Invalid("policy_too_little", "", **refused.json()["error"]["data"])
    assert "now 7 at Home Library" in say(told, "en") and "书桥图书馆现为 7" in say(told, "zh")


async def test_two_who_set_both_sides_of_a_pair_at_once_do_not_contradict_each_other(town: Town) -> None:
    wide, other = town.people["duty_manager"].http, town.people["administrator"].http
    group = {"name": "widen_to_group_seconds", "value": "24"}
    alliance = {"name": "widen_to_alliance_seconds", "value": "16"}
    answers = await asyncio.gather(
        wide.post("/api/manage/policies", json=group), other.post("/api/manage/policies", json=alliance)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_a_value_to_come_that_another_needs_is_not_withdrawn(town: Town) -> None:
    person = town.people["duty_manager"]
    actor = await resolve_actor(town.ctx, cookie=person.cookie)
    for name, value, day in (
        ("widen_to_alliance_seconds", "90", "2099-01-01T00:00"),
        ("widen_to_group_seconds", "60", "2099-01-02T00:00"),
    ):
        body = {"name": name, "value": value, "valid_from": day}
        assert (await person.http.post("/api/manage/policies", json=body)).status_code == 201
    lines = {line.name: line for line in await list_policies(town.ctx, actor, "")}
    needed, other = (
        lines[name].coming[0].id for name in ("widen_to_alliance_seconds", "widen_to_group_seconds")
    )
    with pytest.raises(Conflict) as refused:
        await withdraw_policy(town.ctx, actor, needed)
    assert "“Widen to the group” fits only together with this value (60 from 2099-01-02 00:00)" in say(
        refused.value, "en"
    )
    await withdraw_policy(town.ctx, actor, other)
    await withdraw_policy(town.ctx, actor, needed)


async def test_the_alliance_words_its_own_notices(town: Town) -> None:
    body = {"name": "scope_zh", "value": "只答事实性问题。"}
    await town.people["administrator"].http.post("/api/manage/policies", json=body)
    scope = (await town.http.get("/api/desks/home")).json()["scope"]
    assert scope["zh"] == "只答事实性问题。" and "facts" in scope["en"]


async def test_phrases_of_three_levels_meet_in_one_list(town: Town) -> None:
    lin, mei = town.people["lin"].http, town.people["mei"].http
    phrase = {"shortcut": "hi", "text_zh": "联盟的问候"}
    await town.people["administrator"].http.post("/api/phrases", json={**phrase, "level": "alliance"})
    await town.people["manager"].http.post(
        "/api/phrases", json={"shortcut": "hi", "text_zh": "本馆的问候", "level": "library"}
    )
    own = (await lin.post("/api/phrases", json={"shortcut": "HI", "text_zh": "我的问候，{reader}"})).json()

    async def texts(http: httpx.AsyncClient) -> list[str]:
        return [each["text_zh"] for each in (await http.get("/api/phrases")).json()["phrases"]]

    assert await texts(lin) == ["我的问候，{reader}"]
    assert await texts(mei) == ["本馆的问候"]
    assert await texts(town.people["wu"].http) == ["联盟的问候"]
    path = f"/api/phrases/{own['id']}"
    for stranger in (mei, town.people["manager"].http, town.people["administrator"].http):
        assert code_of(await stranger.delete(path)) == (404, "phrase_not_found")
    assert code_of(await lin.post("/api/phrases", json={**phrase, "shortcut": "hi"})) == (
        409,
        "shortcut_taken",
    )
    await lin.delete(path)
    assert await texts(lin) == ["本馆的问候"]


async def test_the_board_counts_the_day(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        reader = await town.ask()
        await town.take("lin")
        await town.http.post(f"/api/sessions/{reader.session}/end", json={}, headers=reader.headers)
        await town.http.post(
            f"/api/sessions/{reader.session}/rating",
            json={"rating": "satisfied", "comment": ""},
            headers=reader.headers,
        )
    board = (await town.people["duty_manager"].http.get("/api/board?library=")).json()
    today = board["today"]
    assert (today["sessions"], today["answered"], today["abandoned"]) == (1, 1, 0)
    assert today["ratings"] == {"satisfied": 1} and today["median_wait"] >= 0
    assert [hour["sessions"] for hour in board["hours"]] == [1] and board["queue"] == []


async def test_the_board_shows_who_waits_where(town: Town) -> None:
    await town.ask()
    await town.ask(desk="other")
    board = (await town.people["duty_manager"].http.get("/api/board?library=")).json()
    assert sorted(line["desk_id"] for line in board["queue"]) == sorted(town.desks.values())
    own = (await town.people["manager"].http.get("/api/board")).json()
    assert [line["desk_id"] for line in own["queue"]] == [town.desks["home"]]
    for name in ("lin", "inspector", "reader"):
        assert (await town.people[name].http.get("/api/board")).status_code == 403


async def test_the_board_is_told_when_something_moves(town: Town) -> None:
    async with town.socket(town.people["manager"], topics={"board": 0}) as socket:
        await socket.hear("subbed", topic="board")
        await town.ask()
        await socket.hear("board")
    async with town.socket(town.people["lin"], topics={"board": 0}) as socket:
        await socket.hear("err")


async def test_a_block_is_reviewed_once_and_only_by_its_librarys_manager(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        await town.ask()
        session = await town.take("lin")
        body = {"reason": "反复辱骂", "hours": 24}
        assert (
            await town.people["lin"].http.post(f"/api/sessions/{session}/abuse", json=body)
        ).status_code == 200
    assert (await town.people["far_manager"].http.get("/api/manage/blocks")).json()["blocks"] == []
    (block,) = (await town.people["manager"].http.get("/api/manage/blocks")).json()["blocks"]
    assert block["reason"] == "反复辱骂" and block["blocked_by"] == town.people["lin"].name
    assert "待复核的限制 1 条" in (await town.people["manager"].http.get("/manage/board?lang=zh")).text
    path, lift = f"/api/manage/blocks/{block['id']}/review", {"verdict": "lifted"}
    assert code_of(await town.people["far_manager"].http.post(path, json=lift)) == (404, "desk_not_found")
    assert (await town.people["manager"].http.post(path, json=lift)).status_code == 200
    assert code_of(await town.people["duty_manager"].http.post(path, json=lift)) == (409, "block_reviewed")


async def test_the_audit_trail_tells_a_manager_what_their_people_did(town: Town) -> None:
    path = f"/api/manage/desks/{town.desks['home']}/hours"
    await town.people["manager"].http.put(path, json={"days": CLOSED})
    lines = (await town.people["manager"].http.get("/api/manage/audit?query=hours")).json()["lines"]
    assert [(line["verb"], line["subject"]) for line in lines] == [("hours.set", town.desks["home"])]
    assert (await town.people["far_manager"].http.get("/api/manage/audit?query=hours")).json()["lines"] == []


async def test_a_group_keeps_its_members(town: Town) -> None:
    wide = town.people["duty_manager"].http
    body = {"name_zh": "同城", "name_en": "City", "desk_ids": list(town.desks.values())}
    made = (await wide.post("/api/manage/groups", json=body)).json()
    await wide.put(f"/api/manage/groups/{made['id']}", json={**body, "desk_ids": [town.desks["home"]]})
    (group,) = (await town.people["manager"].http.get("/api/manage/groups")).json()["groups"]
    assert group["desk_ids"] == [town.desks["home"]]
    await wide.delete(f"/api/manage/groups/{made['id']}")
    assert (await wide.get("/api/manage/groups")).json()["groups"] == []


async def test_the_audit_trail_tells_a_manager_who_else_touched_what_is_theirs(town: Town) -> None:
    """A librarian of another library who read a conversation was in nobody's trail but her own manager's (R-LIVE.6)."""
    reader = await town.ask()
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        await town.take("lin")
    read = await town.people["duty_manager"].http.get(f"/api/sessions/{reader.session}/events")
    assert read.status_code == 200, read.text
    await town.people["administrator"].http.put(
        f"/api/manage/desks/{town.desks['home']}/hours", json={"days": ["9-17"] * 7}
    )

    async def trail(name: str) -> set[tuple[str, str]]:
        lines = (await town.people[name].http.get("/api/manage/audit")).json()["lines"]
        return {(line["verb"], line["subject"]) for line in lines}

    deeds = {("transcript.read", reader.session), ("hours.set", town.desks["home"])}
    assert deeds <= await trail("manager")
    assert not deeds & await trail("far_manager")
    page = (await town.people["manager"].http.get("/manage/reviews/audit?lang=zh")).text
    assert f'href="/console/archive#{reader.session}"' in page
    assert "书桥图书馆咨询台" in page and "account:" not in page
    role = Grant(Role.INSPECTOR, ScopeKind.LIBRARY, town.libraries["home"])
    await grant_role(town.ctx, OPERATOR, town.people["lin"].id, role)
    page = (await town.people["manager"].http.get("/manage/reviews/audit?lang=zh")).text
    assert "质检员 · 本馆" in page and "inspector@" not in page
