"""The inspectors' screens: what waits, and the whole story of one answer with the grade to give."""

from datetime import UTC, datetime

from starlette.responses import Response

from server.actions.inspection_story import inspection_story
from server.actions.inspections import (
    PAGE,
    VIEWS,
    Judgement,
    correct_fact,
    decide_appeal,
    grade_answer,
    inspection_queue,
    return_answer,
)
from server.domain.errors import Conflict, Invalid
from server.domain.forms import Form
from server.domain.grades import Grade
from server.domain.inspections import State
from server.domain.permissions import Verb
from server.words.catalogue import say, text
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.pages.inspection_words import corrections, fact_lines, place_after, place_of, rows_to_choose
from web.pages.managing import Fill, filled, refill

_HERE = "/console/inspection"
_DONE = frozenset({"graded", "returned", "corrected_fact", "decided"})
_START, _END = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


async def queue(page: PageRequest) -> Response:
    """What waits for an inspector, longest first; appeals; what is being corrected; what is graded, newest first."""
    view = page.query.get("view", "")
    view = view if view in VIEWS else "waiting"
    after = place_of(page.query.get("after", ""), _END if view == "done" else _START)
    found, counts = await inspection_queue(page.ctx, page.actor, view, after=after)
    numbers = {name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()}
    return page.render(
        "inspection_queue.html",
        nav_items=menu(page),
        flashes=_flashes(page),
        view=view,
        tabs=[
            (f"{_HERE}?view={name}", text(f"inspection.view.{name}", page.language), numbers[name] or None)
            for name in VIEWS
        ],
        found=found[:PAGE],
        more=place_after(found[PAGE - 1].inspection) if len(found) > PAGE else "",
    )


async def story(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """Everything that bears on one answer's grade, and the form to give it."""
    told = await inspection_story(page.ctx, page.actor, page.path["id"])
    inspection, language = told.inspection, page.language
    if fill is None:
        days = str(told.weighed.policy.correction_days)
        fill = Fill({"grade": str(told.suggestion.grade or ""), "days": days})
    return page.render(
        "inspection.html",
        status=status,
        nav_items=menu(page),
        flashes=_flashes(page),
        story=told,
        inspection=inspection,
        facts=fact_lines(inspection, told.suggestion, language),
        changes=corrections(inspection, language),
        rows=rows_to_choose(language),
        grades=[(str(grade), text(f"grade.{grade}", language)) for grade in Grade],
        fill=fill,
        may_grade=told.barred is None and inspection.state in (State.QUEUED, State.CORRECTED),
        may_return=told.barred is None and inspection.state in (State.GRADED, State.DECIDED),
        may_decide=told.barred is None and inspection.state is State.APPEALED,
        barred=say(told.barred, language) if told.barred else "",
    )


async def fact(page: PageRequest) -> Response:
    """Put a fact right, and see what the grade would be."""
    form = await filled(page)
    name, _, value = form.raw("change").partition("=")
    version = _number(form, "version")
    return await _acted(
        page,
        "corrected_fact",
        correct_fact(page.ctx, page.actor, page.path["id"], version=version, name=name, value=value),
    )


async def grade(page: PageRequest) -> Response:
    """Confirm or override."""
    judgement = _judgement(await filled(page))
    return await _acted(page, "graded", grade_answer(page.ctx, page.actor, page.path["id"], judgement))


async def give_back(page: PageRequest) -> Response:
    """Return for correction."""
    judgement = _judgement(await filled(page))
    return await _acted(page, "returned", return_answer(page.ctx, page.actor, page.path["id"], judgement))


async def decide(page: PageRequest) -> Response:
    """Decide an appeal."""
    judgement = _judgement(await filled(page))
    return await _acted(page, "decided", decide_appeal(page.ctx, page.actor, page.path["id"], judgement))


async def _acted(page: PageRequest, done: str, action: object) -> Response:
    """Back to the story with a word of what was done; what is wrong is said in the form."""
    try:
        await action  # type: ignore[misc]
    except (Invalid, Conflict) as refusal:
        return await story(page, fill=await refill(page, refusal, fallback="reason"), status=422)
    return page.redirect(f"{_HERE}/{page.path['id']}", done=done)


def _judgement(form: Form) -> Judgement:
    return Judgement(
        version=_number(form, "version"),
        grade=form.raw("grade"),
        row=form.raw("row"),
        reason=form.raw("reason"),
        note=form.raw("note"),
        days=_number(form, "days"),
    )


def _number(form: Form, name: str) -> int:
    digits = form.raw(name)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def _flashes(page: PageRequest) -> list[tuple[str, str]]:
    done = page.query.get("done", "")
    return [("good", text(f"inspection.done.{done}", page.language))] if done in _DONE else []


PAGES = [
    Page("GET", _HERE, Verb.INSPECT, queue),
    Page("GET", f"{_HERE}/{{id}}", Verb.INSPECT, story),
    Page("POST", f"{_HERE}/{{id}}/facts", Verb.INSPECT, fact),
    Page("POST", f"{_HERE}/{{id}}/grade", Verb.INSPECT, grade),
    Page("POST", f"{_HERE}/{{id}}/return", Verb.INSPECT, give_back),
    Page("POST", f"{_HERE}/{{id}}/decide", Verb.INSPECT, decide),
]
