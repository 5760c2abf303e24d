"""Spot checks over the HTTP API: from the queue to the published result, by several people."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.actions.accounts import resolve_actor
from server.actions.answers import send_answer
from server.actions.pool import claim_task
from server.domain.permissions import Grant, Role, ScopeKind
from server.domain.tasks import Channel
from tests.asking import asked
from tests.town import Town, add_person, open_town

DAYS = {"first": "2026-01-01", "last": "2026-01-31"}


class Chance:
    """Draws every answer."""

    def token(self) -> str:
        return "t" * 43

    def uniform(self, low: float, high: float) -> float:
        return low


@pytest.fixture
async def town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """The town with a second inspector."""
    async with open_town(database_url, tmp_path) as town:
        async with town.ctx.transaction() as tx:
            grant = Grant(Role.INSPECTOR, ScopeKind.ALLIANCE)
            town.people["zhao"] = await add_person(town.ctx, tx, town, "zhao", library="other", grant=grant)
        yield town


async def queued(town: Town) -> str:
    """An answer of Lin's that chance brings before the inspectors."""
    ctx = replace(town.ctx, rng=Chance())
    more = {"channel": Channel.FORM, "material": "", "citation": "", "question": "民国报纸在哪里看？"}
    found = await asked(ctx, desk_id=town.desks["home"], library_id=town.libraries["home"], **more)
    lin = await resolve_actor(ctx, cookie=town.people["lin"].cookie)
    number = await claim_task(ctx, lin, found.task_id)
    await send_answer(ctx, lin, found.task_id, number, {"kind": "text", "body": "在三楼近代文献阅览室。"})
    return found.id


async def post(town: Town, name: str, path: str, **body: Any) -> dict[str, Any]:
    answer = await town.people[name].http.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def test_an_answer_goes_from_the_queue_through_return_and_appeal_to_the_decision(town: Town) -> None:
    number = await queued(town)
    wu, lin = town.people["inspector"].http, town.people["lin"].http
    page = (await wu.get("/api/inspections")).json()
    assert [line["inspection"]["id"] for line in page["rows"]] == [number] and page["counts"]["waiting"] == 1
    story = (await wu.get(f"/api/inspections/{number}")).json()
    assert (story["suggestion"]["grade"], story["suggestion"]["row"]) == ("pass", "G-P6")
    assert story["facts"]["kind"] == "text" and story["barred"] == ""
    assert [version["body"] for version in story["versions"]] == ["在三楼近代文献阅览室。"]
    assert "读者" not in str([line["by"] for line in story["steps"]])
    seen = story["inspection"]["version"]
    bare = await wu.post(f"/api/inspections/{number}/grade", json={"version": seen, "grade": "fail"})
    assert bare.status_code == 422
    returned = await post(
        town,
        "inspector",
        f"/api/inspections/{number}/return",
        **{"version": seen, "grade": "fail", "row": "G-F2", "note": "楼层写错了", "days": 3},
    )
    assert (returned["state"], returned["grade"], returned["grade_row"]) == ("returned", "fail", "G-F2")
    stale = await wu.post(f"/api/inspections/{number}/grade", json={"version": seen, "grade": "pass"})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "inspection_moved")
    mine = (await lin.get("/api/returns")).json()
    assert [each["id"] for each in mine["to_correct"]] == [number] and mine["to_correct"][0]["correct_by"]
    own = (await lin.get(f"/api/returns/{number}")).json()
    assert own["suggestion"] is None and "楼层写错了" in str(own["steps"])
    assert {step["by"] for step in own["steps"]} <= {"", "Lin"}, "who inspects is not told"
    path = f"/api/returns/{number}/appeal"
    appealed = await post(town, "lin", path, version=returned["version"], reason="三楼没有错")
    assert (appealed["state"], appealed["appealed"]) == ("appealed", True)
    judged = {"version": appealed["version"], "grade": "pass", "row": "G-P6", "reason": "确在三楼"}
    same = await wu.post(f"/api/inspections/{number}/decide", json=judged)
    assert same.status_code == 403, "another inspector decides"
    decided = await post(town, "zhao", f"/api/inspections/{number}/decide", **judged)
    assert (decided["state"], decided["grade"]) == ("decided", "pass")
    assert (await wu.get("/api/inspections?view=done")).json()["rows"][0]["inspection"]["id"] == number


async def test_a_fact_is_put_right_and_a_returned_answer_corrected(town: Town) -> None:
    number = await queued(town)
    path = f"/api/inspections/{number}"
    wrong = await town.people["inspector"].http.post(path + "/facts", json={"version": 1, "name": "late"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "fact_not_correctable")
    returned = await post(town, "inspector", path + "/return", version=1, grade="pass", note="请写明楼层")
    body = {"kind": "text", "body": "在四楼近代文献阅览室。", "keep": []}
    sent = await post(town, "lin", f"/api/returns/{number}/correct", **body)
    assert sent["version"] == 2
    story = (await town.people["inspector"].http.get(path)).json()
    assert story["inspection"]["state"] == "corrected"
    assert story["inspection"]["version"] > returned["version"]
    assert [version["body"] for version in story["versions"]] == [body["body"], "在三楼近代文献阅览室。"]
    graded = await post(
        town, "inspector", path + "/grade", version=story["inspection"]["version"], grade="pass"
    )
    assert graded["state"] == "graded"
    shown = (await town.people["duty_manager"].http.get("/api/quality/samples")).json()
    home = next(each for each in shown["samples"] if each["library_id"] == town.libraries["home"])
    assert (home["sampled"], home["failed"], home["lacking"]) == (1, 0, 298)
    today = town.ctx.clock.now().astimezone(ZoneInfo(town.ctx.settings.zone)).date().isoformat()
    answer = await town.people["duty_manager"].http.post(
        "/api/quality/publications", json={"first": today, "last": today}
    )
    assert answer.status_code == 201, answer.text
    again = (await town.people["manager"].http.get("/api/quality/samples")).json()
    assert [each["id"] for each in again["published"]] == [answer.json()["id"]]
    assert (await town.people["inspector"].http.get(path)).json()["inspection"]["state"] == "published"


async def test_strangers_to_an_inspection_learn_nothing(town: Town) -> None:
    number = await queued(town)
    assert (await town.people["mei"].http.get(f"/api/returns/{number}")).status_code == 404
    for name in ("lin", "reader", "manager"):
        assert (await town.people[name].http.get(f"/api/inspections/{number}")).status_code == 403
    refused = await town.people["manager"].http.post("/api/quality/publications", json=DAYS)
    assert refused.status_code == 403
