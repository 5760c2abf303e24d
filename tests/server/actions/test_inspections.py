"""Spot checks from the answer to the decision, on both databases."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from server.actions.answers import send_answer
from server.actions.consultation_archive import read_consultation
from server.actions.dues import run_due
from server.actions.inspection_entry import look_again
from server.actions.inspection_story import inspection_story, own_story
from server.actions.inspections import Judgement, correct_fact, decide_appeal, inspection_queue
from server.actions.releases import correct_answer, refuse_answer, release_answer
from server.actions.returns import Correction, NewFile, appeal, correct_returned, own_inspections
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.grades import Grade
from server.domain.inspections import State
from server.domain.permissions import Role
from server.domain.samples import Reason
from server.domain.tasks import Channel
from server.domain.verdicts import Verdict
from server.store.answers import latest_of_claim
from server.store.consultations import consultation_by_id, mark_consultation_rated
from server.store.inspections import inspection_by_id
from server.store.probes import WatchedLink, mark_died, watch
from server.store.rows import from_us
from tests.server.actions.conftest import Alliance
from tests.server.actions.inspecting import Bureau, open_bureau
from workers.promises import PROMISES

FIRST = (from_us(0), "")
LAST = (from_us(4_000_000_000_000_000), "~")
THESIS = json.dumps({"material": "thesis", "title": "宁波商帮研究"}, ensure_ascii=False)
WORDS = {"title": "宁波商帮研究", "delivery": "mail_body", "body": "全文如下……"}


@pytest.fixture
async def bureau(alliance: Alliance) -> AsyncIterator[Bureau]:
    yield await open_bureau(alliance)


async def rate(bureau: Bureau, consultation_id: str, rating: str) -> None:
    """The reader says how it was."""
    async with bureau.ctx.transaction() as tx:
        at = bureau.ctx.clock.now()
        await mark_consultation_rated(tx, consultation_id, rating=rating, comment="", at=at)
        await look_again(bureau.ctx, tx, consultation_id)


async def test_chance_brings_its_share_before_the_inspectors(bureau: Bureau) -> None:
    passed_over = await bureau.answered()
    assert await inspection_by_id(bureau.ctx.db.read, passed_over) is None
    inspection = await bureau.inspection(await bureau.queued())
    assert (inspection.state, inspection.reason, inspection.at_random) == (State.QUEUED, Reason.RANDOM, True)
    assert (inspection.suggested_grade, inspection.suggested_row) == (Grade.PASS, "G-P6")


async def test_an_interns_answers_are_all_inspected(bureau: Bureau) -> None:
    asked = await bureau.asked()
    await bureau.answered(asked, by="intern")
    proposed = await latest_of_claim(bureau.ctx.db.read, asked.task_id, 1)
    assert proposed is not None and proposed.state == "proposed"
    bureau.wait(hours=5)  # open to every full librarian of the desk (R-ORG.5)
    await release_answer(bureau.ctx, bureau.people["fang"], proposed.id, "好")
    inspection = await bureau.inspection(asked.id)
    assert (inspection.reason, inspection.at_random) == (Reason.INTERN, False)
    assert inspection.authors == {bureau.people["intern"].account_id, bureau.people["fang"].account_id}


async def test_what_was_not_released_stays_in_the_archive_with_its_comment(bureau: Bureau) -> None:
    """R-ORG.5: both versions, before the inspectors and in the archive of consultations."""
    asked, fang = await bureau.asked(), bureau.people["fang"]
    await bureau.answered(asked, by="intern", body="在二楼。")
    bureau.wait(hours=5)
    first = await latest_of_claim(bureau.ctx.db.read, asked.task_id, 1)
    assert first is not None
    await refuse_answer(bureau.ctx, fang, first.id, "请写明是哪个阅览室。")
    content = {"kind": "text", "body": "在三楼近代文献阅览室。"}
    second = await send_answer(bureau.ctx, bureau.people["intern"], asked.task_id, 1, content)
    bureau.wait(hours=5)
    await release_answer(bureau.ctx, fang, second.id, "好")
    told = [("在三楼近代文献阅览室。", "sent", "好"), ("在二楼。", "refused", "请写明是哪个阅览室。")]
    story = await inspection_story(bureau.ctx, bureau.people["wu"], asked.id)
    assert [(v.answer.body, v.answer.state, v.answer.comment) for v in story.versions] == told
    read = await read_consultation(bureau.ctx, bureau.people["intern"], asked.id)
    assert [(answer.body, answer.state, answer.comment) for answer in read.answers] == told
    assert read.names[fang.account_id]


async def test_a_late_not_found_is_suggested_by_its_row_and_its_phrase(bureau: Bureau) -> None:
    asked = await bureau.asked(Channel.DOCUMENT, material="thesis", citation=THESIS, title="宁波商帮研究")
    bureau.wait(hours=72, seconds=1)
    inspection = await bureau.inspection(await bureau.queued(asked=asked, kind="not_found", body=""))
    assert inspection.suggested_row == "G-P2"
    assert inspection.facts.late and inspection.facts.widened


async def test_a_rating_that_comes_late_counts_until_the_grade_is_given(bureau: Bureau) -> None:
    first, second = await bureau.queued(), await bureau.queued()
    await rate(bureau, first, "satisfied")
    assert (await bureau.inspection(first)).suggested_row == "G-E6"
    await bureau.graded(second, "pass")
    await rate(bureau, second, "satisfied")
    assert (await bureau.inspection(second)).suggested_row == "G-P6"


async def test_a_link_that_dies_brings_a_graded_answer_back(bureau: Bureau) -> None:
    """R-ANS.2: it leads to correction, and is no fail by itself."""
    consultation_id = await bureau.queued()
    graded = await bureau.graded(consultation_id, "pass")
    link = WatchedLink(
        bureau.ctx.ids.new(),
        graded.answer_id,
        "task",
        "https://example.org/a",
        bureau.ctx.clock.now(),
        Verdict.OPENS,
        0,
        False,
        Verdict.OPENS,
        bureau.ctx.clock.now(),
        None,
    )
    async with bureau.ctx.transaction() as tx:
        await watch(tx, link, url_hash="h", probe_id="p")
        await tx.execute(
            "UPDATE answer SET link_url = $2 WHERE id = $1", graded.answer_id, "https://example.org/a"
        )
        await mark_died(tx, link, bureau.ctx.clock.now())
        await look_again(bureau.ctx, tx, consultation_id)
        await look_again(bureau.ctx, tx, consultation_id)
    again = await bureau.inspection(consultation_id)
    assert (again.state, again.suggested_grade, again.facts.link_died) == (State.QUEUED, Grade.PASS, True)
    story = await inspection_story(bureau.ctx, bureau.people["wu"], consultation_id)
    assert [line.step.step for line in story.lines] == ["queue", "grade", "reopen"]


async def test_an_answer_nobody_looked_at_is_not_drawn_again_by_its_rating(bureau: Bureau) -> None:
    consultation_id = await bureau.answered()
    bureau.chance.drawn = 0.0
    await rate(bureau, consultation_id, "fair")
    assert await inspection_by_id(bureau.ctx.db.read, consultation_id) is None


async def test_the_whole_story_is_on_one_page_and_no_reader_is_named_in_it(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    story = await inspection_story(bureau.ctx, bureau.people["wu"], consultation_id)
    assert [claim.outcome for claim in story.claims] == ["answered"]
    assert [version.author for version in story.versions] == ["Lin"]
    assert story.suggestion.if_rated_satisfied == "G-E6"
    assert story.strict_until - story.weighed.asked.submitted_at == timedelta(hours=72)
    assert [line.step.step for line in story.lines] == ["queue"]
    assert story.barred is None
    read = await bureau.ctx.db.read.rows("SELECT * FROM audit_entry WHERE verb = 'inspection.read'")
    assert [row["subject"] for row in read] == [f"consultation:{consultation_id}"]


async def test_an_inspector_confirms_or_says_why_not(bureau: Bureau) -> None:
    confirmed, overridden = await bureau.queued(), await bureau.queued()
    graded = await bureau.graded(confirmed, "pass")
    assert (graded.state, graded.grade, graded.grade_row) == (State.GRADED, Grade.PASS, "G-P6")
    with pytest.raises(Invalid, match="override_needs_reason"):
        await bureau.graded(overridden, "fail", row="G-F2")
    graded = await bureau.graded(overridden, "fail", row="G-F2", reason="答非所问")
    assert (graded.grade, graded.grade_row, graded.sample_grade) == (Grade.FAIL, "G-F2", Grade.FAIL)
    stored = await consultation_by_id(bureau.ctx.db.read, overridden)
    assert stored is not None and (stored.grade, stored.grade_row) == ("fail", "G-F2")


async def test_a_fact_put_right_has_the_suggestion_worked_out_anew(bureau: Bureau) -> None:
    """Sent as the very document, it turns out to be another one of the same subject."""
    asked = await bureau.asked(Channel.DOCUMENT, material="thesis", citation=THESIS, title="宁波商帮研究")
    consultation_id = await bureau.queued(asked=asked, kind="exact", **WORDS)
    assert (await bureau.inspection(consultation_id)).suggested_row == "G-E4"
    wu = bureau.people["wu"]
    fresh = await correct_fact(bureau.ctx, wu, consultation_id, version=1, name="kind", value="similar")
    assert (fresh.suggested_row, fresh.facts_now.kind) == ("G-P3", "similar")
    assert fresh.facts.kind == "exact", "what was recorded stays on record"
    fresh = await correct_fact(bureau.ctx, wu, consultation_id, version=2, name="abstract_only", value="yes")
    assert fresh.suggested_row == "G-F3"
    story = await inspection_story(bureau.ctx, wu, consultation_id)
    assert [line.said for line in story.lines][1:] == [
        {"fact": "kind", "value": "similar"},
        {"fact": "abstract_only", "value": "yes"},
    ]
    graded = await bureau.graded(consultation_id, "fail")
    assert graded.grade_row == "G-F3"
    with pytest.raises(Conflict, match="inspection_moved"):
        await correct_fact(bureau.ctx, wu, consultation_id, version=4, name="kind", value="exact")


async def test_nobody_inspects_their_own_answer_nor_their_own_librarys(bureau: Bureau) -> None:
    alliance = bureau.alliance
    consultation_id = await bureau.queued()
    with pytest.raises(NotAllowed, match="inspects_own_library"):
        await bureau.graded(consultation_id, "pass", by="mei")
    both = await alliance.actor(
        "both", alliance.grant(Role.INSPECTOR), alliance.grant(Role.LIBRARIAN, "home"), library="home"
    )
    bureau.people["both"] = both
    asked = await bureau.asked()
    bureau.chance.drawn = 0.0
    own = await bureau.answered(asked, by="both")
    with pytest.raises(NotAllowed, match="inspects_own"):
        await bureau.graded(own, "pass", by="both")


async def test_ones_own_library_is_inspected_where_no_other_inspector_is(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    async with bureau.ctx.transaction() as tx:
        for name in ("wu", "zhao"):
            gone = bureau.people[name].account_id
            await tx.execute("UPDATE account SET state = 'locked' WHERE id = $1", gone)
    assert (await bureau.graded(consultation_id, "pass", by="mei")).state is State.GRADED


async def test_of_two_inspectors_who_grade_at_once_one_is_told(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    outcomes = await asyncio.gather(
        bureau.graded(consultation_id, "pass", by="wu"),
        bureau.graded(consultation_id, "pass", by="zhao"),
        return_exceptions=True,
    )
    refused = [each for each in outcomes if isinstance(each, Conflict)]
    assert len(refused) == 1 and refused[0].code == "inspection_moved"


async def test_a_returned_answer_is_corrected_and_both_versions_stay(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    returned = await bureau.returned(consultation_id, days=2)
    assert returned.state is State.RETURNED
    assert returned.correct_by == bureau.ctx.clock.now() + timedelta(days=2)
    mail = next(mail for mail in await bureau.alliance.mails() if mail.template == "inspection_returned")
    assert mail.recipient == "lin@library.test" and "楼层" in mail.data["note"]
    lin = bureau.people["lin"]
    to_correct, _ = await own_inspections(bureau.ctx, lin, before=LAST)
    assert [each.consultation_id for each in to_correct] == [consultation_id]
    new = {"kind": "text", "body": "在四楼近代文献阅览室。"}
    await correct_answer(bureau.ctx, lin, returned.answer_id, new)
    corrected = await bureau.inspection(consultation_id)
    assert (corrected.state, corrected.suggested_row) == (State.CORRECTED, "G-P6")
    story = await inspection_story(bureau.ctx, bureau.people["wu"], consultation_id)
    assert [version.answer.body for version in story.versions] == [
        "在四楼近代文献阅览室。",
        "在三楼近代文献阅览室。",
    ]
    again = await bureau.graded(consultation_id, "pass")
    assert (again.grade, again.sample_grade) == (Grade.PASS, Grade.FAIL), "the sample keeps what was sent"


async def _content(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_a_correction_may_bring_the_document_as_a_file(bureau: Bureau) -> None:
    asked = await bureau.asked(Channel.DOCUMENT, material="thesis", citation=THESIS, title="宁波商帮研究")
    consultation_id = await bureau.queued(asked=asked, kind="exact", **WORDS)
    await bureau.returned(consultation_id)
    lin, pdf = bureau.people["lin"], b"%PDF-1.7\n" + bytes(2000)
    correction = Correction(
        "exact", "全文见附件。", file=NewFile("宁波商帮研究.pdf", len(pdf), _content(pdf))
    )
    await correct_returned(bureau.ctx, lin, consultation_id, correction)
    with pytest.raises(Conflict, match="inspection_moved"):
        await correct_returned(bureau.ctx, lin, consultation_id, correction)
    story = await inspection_story(bureau.ctx, bureau.people["wu"], consultation_id)
    newest = story.versions[0]
    assert (newest.answer.version, newest.answer.delivery) == (2, "attachment")
    assert [file.name for file in newest.files] == ["宁波商帮研究.pdf"]
    assert story.inspection.state is State.CORRECTED
    with pytest.raises(NotFound):
        await correct_returned(bureau.ctx, bureau.people["fang"], consultation_id, correction)


async def test_a_correction_that_does_not_come_is_told_to_the_manager_once(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    await bureau.returned(consultation_id, days=1)
    bureau.wait(days=1, seconds=1)
    for _ in range(2):
        await run_due(bureau.ctx, PROMISES)
    mails = [mail for mail in await bureau.alliance.mails() if mail.template == "correction_overdue"]
    assert [mail.recipient for mail in mails] == ["manager@library.test"]
    overdue = await bureau.inspection(consultation_id)
    assert overdue.overdue and overdue.state is State.RETURNED
    await correct_answer(
        bureau.ctx, bureau.people["lin"], overdue.answer_id, {"kind": "text", "body": "在四楼。"}
    )
    assert (await bureau.inspection(consultation_id)).state is State.CORRECTED


async def test_an_appeal_is_decided_by_another_inspector_and_once(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    returned = await bureau.returned(consultation_id)
    lin, wu, zhao = (bureau.people[name] for name in ("lin", "wu", "zhao"))
    with pytest.raises(Invalid, match="appeal_needs_reason"):
        await appeal(bureau.ctx, lin, consultation_id, version=returned.version, reason=" ")
    await appeal(bureau.ctx, lin, consultation_id, version=returned.version, reason="楼层没有写错。")
    bureau.wait(days=4)
    await run_due(bureau.ctx, PROMISES)
    appealed = await bureau.inspection(consultation_id)
    assert (appealed.state, appealed.overdue) == (State.APPEALED, False)
    decision = Judgement(appealed.version, "pass", reason="查证属实。")
    with pytest.raises(NotAllowed, match="decides_own_grade"):
        await decide_appeal(bureau.ctx, wu, consultation_id, decision)
    with pytest.raises(Invalid, match="decision_needs_reason"):
        await decide_appeal(bureau.ctx, zhao, consultation_id, Judgement(appealed.version, "pass"))
    decided = await decide_appeal(bureau.ctx, zhao, consultation_id, decision)
    assert (decided.state, decided.grade, decided.sample_grade) == (State.DECIDED, Grade.PASS, Grade.PASS)
    mail = next(mail for mail in await bureau.alliance.mails() if mail.template == "inspection_decided")
    assert mail.recipient == "lin@library.test" and mail.data["grade"] == "pass"
    with pytest.raises(Conflict):
        await appeal(bureau.ctx, lin, consultation_id, version=decided.version, reason="再申诉")


async def test_only_the_answers_own_librarian_sees_its_inspection(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    assert (await own_story(bureau.ctx, bureau.people["lin"], consultation_id)).inspection
    for name in ("fang", "reader", "manager"):
        with pytest.raises(NotFound):
            await own_story(bureau.ctx, bureau.people[name], consultation_id)
        with pytest.raises(NotFound):
            await inspection_story(bureau.ctx, bureau.people[name], consultation_id)
    with pytest.raises(NotFound):
        await appeal(bureau.ctx, bureau.people["fang"], consultation_id, version=1, reason="不服")


async def test_a_librarian_learns_what_was_said_and_not_by_whom(bureau: Bureau) -> None:
    consultation_id = await bureau.queued()
    await bureau.returned(consultation_id)
    story = await own_story(bureau.ctx, bureau.people["lin"], consultation_id)
    assert [(line.step.step, line.actor) for line in story.lines] == [("queue", ""), ("return", "")]


async def test_the_queue_is_read_page_by_page_longest_waiting_first(bureau: Bureau) -> None:
    ids = []
    for _ in range(3):
        ids.append(await bureau.queued())
        bureau.wait(minutes=1)
    wu = bureau.people["wu"]
    found, counts = await inspection_queue(bureau.ctx, wu, "waiting", after=FIRST)
    assert [each.inspection.consultation_id for each in found] == ids
    assert counts[State.QUEUED] == 3
    assert (found[0].author, found[0].library("zh")) == ("Lin", "书桥图书馆")
    rest, _ = await inspection_queue(
        bureau.ctx,
        wu,
        "waiting",
        after=(found[0].inspection.waiting_from, found[0].inspection.consultation_id),
    )
    assert [each.inspection.consultation_id for each in rest] == ids[1:]
    await bureau.graded(ids[1], "pass")
    found, counts = await inspection_queue(bureau.ctx, wu, "waiting", after=FIRST)
    assert [each.inspection.consultation_id for each in found] == [ids[0], ids[2]]
    bureau.wait(minutes=1)
    await bureau.graded(ids[0], "pass")
    done, _ = await inspection_queue(bureau.ctx, wu, "done", after=LAST)
    assert [each.inspection.consultation_id for each in done] == [ids[0], ids[1]]
