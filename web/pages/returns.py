"""The librarian's own grades: what has to be corrected, what was said, how to correct or appeal."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from starlette.datastructures import UploadFile
from starlette.responses import Response

from server.actions.inspection_story import InspectionStory, own_story
from server.actions.inspections import PAGE
from server.actions.returns import Correction, NewFile, appeal, correct_returned, own_inspections
from server.domain.errors import Conflict, Invalid, Refusal
from server.domain.grades import Suggestion
from server.domain.inspections import State
from server.domain.permissions import Verb
from server.domain.tasks import Channel, Kind
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.pages.inspection_words import fact_lines, place_after, place_of
from web.pages.managing import Fill, chosen, filled, refill

_HERE = "/console/returns"
_DONE = frozenset({"appealed", "corrected"})
_END = datetime(3000, 1, 1, tzinfo=UTC)
_CHUNK = 256 * 1024
_FORM_LIMIT = 201 * 1_048_576
_DOCUMENTS = (Kind.EXACT, Kind.SIMILAR, Kind.NOT_FOUND)


async def returns(page: PageRequest) -> Response:
    """One's own sampled answers, those to be corrected first."""
    before = place_of(page.query.get("before", ""), _END)
    to_correct, found = await own_inspections(page.ctx, page.actor, before=before)
    first = not page.query.get("before", "")
    shown = [each for each in found[:PAGE] if each.state is not State.RETURNED]
    return page.render(
        "returns.html",
        nav_items=menu(page),
        flashes=[],
        to_correct=to_correct if first else [],
        found=shown,
        more=place_after(found[PAGE - 1]) if len(found) > PAGE else "",
    )


async def one(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """One answer with its grade, and what can be done about it."""
    told = await own_story(page.ctx, page.actor, page.path["id"])
    inspection, answer = told.inspection, told.versions[0].answer
    if fill is None:
        fill = Fill({"body": answer.body, "link_url": answer.link_url, "kind": str(answer.kind)})
    done = page.query.get("done", "")
    kinds = _DOCUMENTS if told.weighed.asked.channel is Channel.DOCUMENT else (Kind.TEXT,)
    return page.render(
        "return.html",
        status=status,
        nav_items=menu(page),
        flashes=[("good", text(f"returns.done.{done}", page.language))] if done in _DONE else [],
        story=told,
        inspection=inspection,
        answer=answer,
        facts=fact_lines(inspection, _given(told), page.language),
        kinds=[(str(kind), text(f"fact_kind.{kind}", page.language)) for kind in kinds],
        fill=fill,
        may_correct=inspection.state is State.RETURNED and answer.staff_id == page.actor.account_id,
        may_appeal=inspection.state in (State.GRADED, State.RETURNED, State.CORRECTED)
        and not inspection.appealed_once,
        graded=inspection.grade is not None,
    )


def _given(told: InspectionStory) -> Suggestion:
    """What the grade hangs on, as far as the inspector followed the suggestion."""
    followed = told.inspection.grade_row == told.suggestion.row
    return told.suggestion if followed else replace(told.suggestion, facts=())


async def correct(page: PageRequest) -> Response:
    """Send the corrected answer."""
    form = await filled(page)
    correction = Correction(
        kind=form.raw("kind"),
        body=form.raw("body"),
        link_url=form.raw("link_url"),
        link_opened=form.switch("link_opened"),
        keep=tuple(await chosen(page, "keep")),
        file=await _file(page),
    )
    try:
        await correct_returned(page.ctx, page.actor, page.path["id"], correction)
    except (Invalid, Conflict) as refusal:
        return await _again(page, refusal, fallback="body")
    return page.redirect(f"{_HERE}/{page.path['id']}", done="corrected")


async def object_to(page: PageRequest) -> Response:
    """Appeal."""
    form = await filled(page)
    version = form.raw("version")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    try:
        await appeal(page.ctx, page.actor, page.path["id"], version=number, reason=form.raw("reason"))
    except (Invalid, Conflict) as refusal:
        return await _again(page, refusal, fallback="reason")
    return page.redirect(f"{_HERE}/{page.path['id']}", done="appealed")


async def _again(page: PageRequest, refusal: Refusal, *, fallback: str) -> Response:
    """The same page with what is wrong, and everything that was typed."""
    told = await own_story(page.ctx, page.actor, page.path["id"])
    answer = told.versions[0].answer
    typed = await refill(page, refusal, fallback=fallback)
    kept = {"body": answer.body, "link_url": answer.link_url, "kind": str(answer.kind)}
    return await one(page, fill=Fill({**kept, **typed.values}, typed.errors), status=422)


async def _file(page: PageRequest) -> NewFile | None:
    sent = (await page.form()).get("file")
    if not isinstance(sent, UploadFile) or not sent.filename or not sent.size:
        return None
    return NewFile(sent.filename, sent.size, _chunks(sent))


async def _chunks(sent: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await sent.read(_CHUNK):
        yield chunk


PAGES = [
    Page("GET", _HERE, Verb.ANSWER_INSPECTION, returns),
    Page("GET", f"{_HERE}/{{id}}", Verb.ANSWER_INSPECTION, one),
    Page("POST", f"{_HERE}/{{id}}/correct", Verb.ANSWER_INSPECTION, correct, body_limit=_FORM_LIMIT),
    Page("POST", f"{_HERE}/{{id}}/appeal", Verb.ANSWER_INSPECTION, object_to),
]
