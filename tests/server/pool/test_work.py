"""A librarian's work at the pool, through the interface: claim, hand back, answer as the clock allows."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from server.domain.task_policies import TaskPolicy
from tests.server.pool.conftest import GIVEN, Pool

FOUND = {"kind": "exact", "delivery": "mail_body", "body": "原文如下……", "document": GIVEN}
SIMILAR = {
    "kind": "similar",
    "delivery": "mail_body",
    "body": "相近文献如下……",
    "document": {**GIVEN, "title": "古籍数字化"},
}
NOT_FOUND = {"kind": "not_found", "body": ""}


async def code(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["rule"]


async def test_one_claims_and_the_other_is_told_that_it_is_taken(pool: Pool) -> None:
    asked = await pool.ask()
    await pool.claim("lin", asked.task_id)
    again = await pool.post("lin", f"/api/tasks/{asked.task_id}/claim")
    assert (again.status_code, again.json()["claim_number"]) == (200, 1)
    assert await code(await pool.post("mei", f"/api/tasks/{asked.task_id}/claim")) == (
        409,
        "task_taken",
        "R-72.1",
    )


async def test_a_task_stands_first_at_its_own_desk_and_after_twelve_hours_open_to_all(pool: Pool) -> None:
    asked = await pool.ask()
    refused = await pool.post("wu", f"/api/tasks/{asked.task_id}/claim")
    assert await code(refused) == (403, "task_not_open_yet", "R-72.7")
    listed = (await pool.town.people["wu"].http.get("/api/pool")).json()
    assert listed["rows"] == []
    await pool.later(hours=12)
    listed = (await pool.town.people["wu"].http.get("/api/pool")).json()
    assert [row["id"] for row in listed["rows"]] == [asked.task_id]
    await pool.claim("wu", asked.task_id)


async def test_a_clock_in_the_list_runs_under_the_values_of_its_submission(pool: Pool) -> None:
    await pool.ask(open_now=True, policy=TaskPolicy(strict_hours=24))
    (row,) = (await pool.town.people["lin"].http.get("/api/pool")).json()["rows"]
    since, until = (datetime.fromisoformat(row[name]) for name in ("clock_from_at", "strict_until_at"))
    assert until - since == timedelta(hours=24)


async def test_the_list_is_narrowed_by_the_documents_language(pool: Pool) -> None:
    await pool.ask(open_now=True)
    await pool.ask(open_now=True, channel="form", reader="another")
    http = pool.town.people["lin"].http
    for written, found in (("", 2), ("zh", 1), ("foreign", 0)):
        page = (await http.get(f"/api/pool?written={written}")).json()
        assert (len(page["rows"]), page["counts"]["new"]) == (found, found)
    assert (await http.get("/api/pool?written=latin")).status_code == 422


async def test_nobody_holds_more_than_ten(pool: Pool) -> None:
    for number in range(11):
        asked = await pool.ask(channel="form", reader=f"reader{number}")
        answer = await pool.post("lin", f"/api/tasks/{asked.task_id}/claim")
        assert answer.status_code == (200 if number < 10 else 409)
    assert await code(answer) == (409, "claims_full", "R-72.5")
    mine = (await pool.town.people["lin"].http.get("/api/pool?view=mine")).json()
    assert len(mine["rows"]) == 10 and mine["counts"]["mine"] == 10


async def test_a_hand_back_opens_it_to_all_with_the_trail_and_is_not_offered_again_to_the_same(
    pool: Pool,
) -> None:
    asked = await pool.ask()
    number = await pool.claim("lin", asked.task_id)
    path = f"/api/tasks/{asked.task_id}/hand-back"
    assert await code(await pool.post("lin", path, claim_number=number)) == (422, "trail_missing", "R-72.2")
    trail = [{"place": "中国知网", "outcome": "citation_only", "note": "只有题录"}]
    assert (await pool.post("lin", path, claim_number=number, entries=trail)).status_code == 200
    assert await code(await pool.post("lin", f"/api/tasks/{asked.task_id}/claim")) == (
        403,
        "handed_back_before",
        "R-72.7",
    )
    number = await pool.claim("wu", asked.task_id)
    seen = (await pool.town.people["wu"].http.get(f"/api/tasks/{asked.task_id}")).json()
    assert [(each["place"], each["outcome"]) for each in seen["trail"]] == [("中国知网", "citation_only")]
    assert seen["claim_number"] == number == 2 and seen["held"]


async def test_before_72_hours_only_the_very_document_may_be_sent(pool: Pool) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("lin", asked.task_id)
    path = f"/api/tasks/{asked.task_id}/answer"
    for content, refused in ((SIMILAR, "similar_too_early"), (NOT_FOUND, "not_found_too_early")):
        answer = await pool.post("lin", path, claim_number=number, content=content)
        assert await code(answer) == (403, refused, "R-72.2")
    other = await pool.post(
        "lin", path, claim_number=number, content={**FOUND, "document": {**GIVEN, "title": "另一篇"}}
    )
    assert await code(other) == (422, "document_differs", "R-72.2")
    sent = await pool.post("lin", path, claim_number=number, content=FOUND)
    assert (sent.status_code, sent.json()["state"]) == (200, "sent")
    again = await pool.post("lin", path, claim_number=number, content=FOUND)
    assert again.json()["id"] == sent.json()["id"]
    row = await pool.row("consultation", asked.id)
    assert (row["state"], row["answer_kind"], row["answered_by"]) == (
        "answered",
        "exact",
        pool.town.people["lin"].id,
    )
    assert (await pool.row("task", asked.task_id))["state"] == "done"


@pytest.mark.parametrize("content", [SIMILAR, NOT_FOUND])
async def test_past_72_hours_the_mandatory_phrase_is_put_in_front(
    pool: Pool, content: dict[str, Any]
) -> None:
    asked = await pool.ask(open_now=True)
    await pool.later(hours=72)
    number = await pool.claim("lin", asked.task_id)
    path = f"/api/tasks/{asked.task_id}/answer"
    at_72 = await pool.post("lin", path, claim_number=number, content=content)
    # The file clock runs on: a moment after 72:00:00 it is past.
    assert at_72.status_code == 200, at_72.text
    body = (await pool.row("answer", at_72.json()["id"]))["body"]
    assert body.startswith("经三天的检索" if content is SIMILAR else "经检索，咨询员均没有")


async def test_a_lease_ends_after_a_day_and_a_late_answer_becomes_a_draft_for_the_next(pool: Pool) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("lin", asked.task_id)
    await pool.later(hours=22)
    assert "lease_reminder" in await pool.mails()
    await pool.later(hours=2)
    assert (await pool.row("task", asked.task_id))["state"] == "open"
    second = await pool.claim("wu", asked.task_id)
    path = f"/api/tasks/{asked.task_id}/answer"
    late = await pool.post("lin", path, claim_number=number, content=FOUND)
    assert await code(late) == (409, "lease_over", "R-72.5")
    seen = (await pool.town.people["wu"].http.get(f"/api/tasks/{asked.task_id}")).json()
    assert [(each["by"], each["content"]["body"]) for each in seen["late_drafts"]] == [("Lin", "原文如下……")]
    assert (await pool.post("wu", path, claim_number=second, content=FOUND)).status_code == 200
    count = await pool.town.ctx.db.read.rows(
        "SELECT staff_id, open_claims FROM claim_count ORDER BY staff_id"
    )
    assert all(row["open_claims"] == 0 for row in count)


async def test_every_deadline_is_called_out_once_even_by_a_worker_that_slept(pool: Pool) -> None:
    asked = await pool.ask()
    await pool.later(hours=100)
    await pool.later(hours=1)
    steps = await pool.town.ctx.db.read.rows(
        "SELECT kind FROM consultation_step WHERE consultation_id = $1 ORDER BY at, id", asked.id
    )
    assert [row["kind"] for row in steps] == ["received", "opened", "due_soon", "escalated", "overdue"]
    assert (await pool.mails()).count("task_escalated_manager") == 1
    assert (await pool.mails()).count("task_overdue_manager") == 1
    listed = (await pool.town.people["lin"].http.get("/api/pool?stage=overdue")).json()
    assert [row["stage"] for row in listed["rows"]] == ["overdue"]


async def test_equal_requests_share_the_work_and_each_keeps_its_clock(pool: Pool) -> None:
    first = await pool.ask(open_now=True)
    await pool.later(hours=48)
    second = await pool.ask(reader="zhao")
    assert second.task_id == first.task_id and second.id != first.id
    await pool.later(hours=25)
    number = await pool.claim("lin", first.task_id)
    seen = await pool.post("lin", f"/api/tasks/{first.task_id}/preview", claim_number=number, content=SIMILAR)
    assert (seen.json()["allowed"], seen.json()["of"]) == (1, 2)
    sent = await pool.post("lin", f"/api/tasks/{first.task_id}/answer", claim_number=number, content=SIMILAR)
    assert sent.status_code == 200
    assert (await pool.row("consultation", first.id))["state"] == "answered"
    assert (await pool.row("consultation", second.id))["state"] == "open"
    task = await pool.row("task", first.task_id)
    assert (task["state"], task["consultations"], task["stage"]) == ("open", 1, 0)
    number = await pool.claim("mei", first.task_id)
    sent = await pool.post("mei", f"/api/tasks/{first.task_id}/answer", claim_number=number, content=FOUND)
    assert sent.status_code == 200, sent.text
    assert (await pool.row("consultation", second.id))["answer_kind"] == "exact"


async def test_an_interns_answer_waits_for_a_full_librarian_and_comes_back_with_a_comment(pool: Pool) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("intern", asked.task_id)
    path = f"/api/tasks/{asked.task_id}/answer"
    proposed = (await pool.post("intern", path, claim_number=number, content=FOUND)).json()
    assert proposed["state"] == "proposed"
    assert (await pool.row("consultation", asked.id))["state"] == "open"
    refuse = f"/api/answers/{proposed['id']}/refuse"
    assert await code(await pool.post("wu", refuse, comment="x")) == (403, "release_not_yet", "R-ORG.5")
    assert (await pool.post("mei", refuse, comment="请注明出处")).status_code == 200
    assert await code(await pool.post("lin", refuse, comment="x")) == (409, "release_over", "R-ORG.5")
    second = (await pool.post("intern", path, claim_number=number, content=FOUND)).json()
    assert second["version"] == 2
    await pool.later(hours=12)
    released = await pool.post("wu", f"/api/answers/{second['id']}/release", comment="好")
    assert released.status_code == 200, released.text
    row = await pool.row("consultation", asked.id)
    assert (row["state"], row["answered_by"]) == ("answered", pool.town.people["intern"].id)
    versions = await pool.town.ctx.db.read.rows("SELECT state FROM answer ORDER BY version")
    assert [each["state"] for each in versions] == ["refused", "sent"]


async def test_an_intern_names_who_shall_release_her_answer(pool: Pool) -> None:
    """For 4 hours it is only theirs, then any full librarian's of the library (R-ORG.5)."""
    lin, wu = pool.town.people["lin"], pool.town.people["wu"]
    asked = await pool.ask(open_now=True)
    number = await pool.claim("intern", asked.task_id)
    seen = (await pool.town.people["intern"].http.get(f"/api/tasks/{asked.task_id}")).json()
    assert {each["name"] for each in seen["reviewers"]} == {lin.name, pool.town.people["mei"].name}
    path = f"/api/tasks/{asked.task_id}/answer"
    stranger = await pool.post("intern", path, claim_number=number, content={**FOUND, "reviewer_id": wu.id})
    assert await code(stranger) == (422, "reviewer_unknown", "R-ORG.5")
    named = {**FOUND, "reviewer_id": lin.id}
    proposed = (await pool.post("intern", path, claim_number=number, content=named)).json()
    (row,) = (await lin.http.get("/api/pool?view=release")).json()["rows"]
    assert row["reviewer"] == {"id": lin.id, "name": lin.name}
    assert "release_waiting" in await pool.mails()
    for name, may in (("lin", True), ("mei", False)):
        there = (await pool.town.people[name].http.get(f"/api/tasks/{asked.task_id}")).json()
        assert there["may_release"] is may
    release = f"/api/answers/{proposed['id']}/release"
    assert await code(await pool.post("mei", release)) == (403, "release_not_yet", "R-ORG.5")

    async def seen_by(name: str) -> tuple[int, int]:
        page = (await pool.town.people[name].http.get("/api/pool?view=release")).json()
        return len(page["rows"]), page["counts"]["release"]

    assert [await seen_by(name) for name in ("lin", "mei", "wu")] == [(1, 1), (0, 0), (0, 0)]
    await pool.later(hours=4)
    assert [await seen_by(name) for name in ("mei", "wu")] == [(1, 1), (0, 0)]
    await pool.later(hours=8)
    assert await seen_by("wu") == (1, 1)
    assert (await pool.post("mei", release)).status_code == 200


async def test_a_full_librarian_names_nobody(pool: Pool) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("lin", asked.task_id)
    seen = (await pool.town.people["lin"].http.get(f"/api/tasks/{asked.task_id}")).json()
    assert seen["reviewers"] == []
    content = {**FOUND, "reviewer_id": pool.town.people["mei"].id}
    sent = await pool.post("lin", f"/api/tasks/{asked.task_id}/answer", claim_number=number, content=content)
    assert sent.json()["state"] == "sent"


async def test_the_grade_is_shown_with_its_row_before_sending(pool: Pool) -> None:
    asked = await pool.ask(open_now=True)
    number = await pool.claim("lin", asked.task_id)
    path = f"/api/tasks/{asked.task_id}/preview"
    seen = (await pool.post("lin", path, claim_number=number, content=FOUND)).json()
    assert [(each["grade"], each["row"]) for each in seen["grades"]] == [("excellent", "G-E4")]
    assert {each["field"]: each["verdict"] for each in seen["comparison"]} == dict.fromkeys(
        ("title", "author", "source", "date"), "agree"
    )
    barred = (await pool.post("lin", path, claim_number=number, content=NOT_FOUND)).json()
    assert [(each["code"], each["rule"]) for each in barred["problems"]] == [
        ("not_found_too_early", "R-72.2")
    ]


async def test_a_corrected_answer_keeps_both_versions(pool: Pool) -> None:
    asked = await pool.ask(channel="form", open_now=True)
    number = await pool.claim("lin", asked.task_id)
    text = {"kind": "text", "body": "周一闭馆"}
    sent = (
        await pool.post("lin", f"/api/tasks/{asked.task_id}/answer", claim_number=number, content=text)
    ).json()
    path = f"/api/answers/{sent['id']}/correct"
    assert (await pool.post("mei", path, content=text)).status_code == 404
    better = await pool.post("lin", path, content={"kind": "text", "body": "周二闭馆"})
    assert better.status_code == 200, better.text
    assert (await pool.row("consultation", asked.id))["answer_id"] == better.json()["id"]
    rows = await pool.town.ctx.db.read.rows("SELECT state, version FROM answer ORDER BY version")
    assert [(row["state"], row["version"]) for row in rows] == [("replaced", 1), ("sent", 2)]
