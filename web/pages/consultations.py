"""A reader's own consultations: the list, and each with its state, answer, history and what can be done (R-72.8)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from server.actions.consultations import (
    OwnLine,
    Story,
    cancel_consultation,
    consultation_story,
    my_consultations,
    rate_consultation,
)
from server.actions.conversions import Conversion, carried, convert_consultation, in_words
from server.actions.desks import task_policy, zone_of
from server.domain.citations import LIMITS, Material, citation_fields
from server.domain.consultations import RATINGS, Consultation
from server.domain.errors import Conflict, Invalid, Refusal
from server.domain.forms import FormRefused
from server.domain.permissions import Verb
from server.domain.tasks import Channel, Standing
from server.wire.outcomes import way_of
from server.words.catalogue import say, text
from server.words.consultations import field_name, next_text, state_key, step_text
from web.citation_forms import form_values
from web.log_ins import filled
from web.pages.base import Page, PageRequest

_DONE = ("new", "again", "saved", "converted")
_KINDS = {"exact": "good", "similar": "info", "not_found": "warn", "text": "good"}
_STATES = {"open": "info", "widened": "warn", "answered": "good", "cancelled": ""}


async def listed(page: PageRequest) -> Response:
    """What the reader asked, newest first."""
    before = page.moment("before")
    lines, more = await my_consultations(
        page.ctx, page.actor, before=before, before_id=page.query.get("before_id", "")
    )
    return page.render(
        "consultations.html",
        lines=[_line(page, line) for line in lines],
        older={"before": more[0].isoformat(), "before_id": more[1]} if more else None,
        first=before is None,
        **_frame(page),
    )


async def show(page: PageRequest) -> Response:
    """One consultation."""
    return await _story(page, page.path["id"])


async def cancel(page: PageRequest) -> Response:
    """The reader no longer needs it, and has said so."""
    consultation_id, form = page.path["id"], await page.form()
    try:
        if not filled(form, "consent"):
            raise Invalid("confirm_needed", "consent")
        await cancel_consultation(page.ctx, page.actor, consultation_id)
    except (Invalid, Conflict) as refusal:
        return await _story(page, consultation_id, refusal=refusal)
    return page.redirect(f"/my/consultations/{consultation_id}")


async def rate(page: PageRequest) -> Response:
    """Keep the rating."""
    consultation_id, form = page.path["id"], await page.form()
    rating, comment = filled(form, "rating"), filled(form, "comment")
    try:
        await rate_consultation(page.ctx, page.actor, consultation_id, rating, comment)
    except (Invalid, Conflict) as refusal:
        return await _story(page, consultation_id, refusal=refusal)
    return page.redirect(f"/my/consultations/{consultation_id}", done="saved")


async def show_convert(page: PageRequest) -> Response:
    """What it would become, with everything carried over."""
    c = (await consultation_story(page.ctx, page.actor, page.path["id"])).line.consultation
    return _convert(page, c, carried(c) | {"question": in_words(c)})


async def convert(page: PageRequest) -> Response:
    """Change its kind; the clock goes on as before (R-ANS.4)."""
    c = (await consultation_story(page.ctx, page.actor, page.path["id"])).line.consultation
    form = await page.form()
    values = {name: filled(form, name)[:8000] for name in (*LIMITS, "material", "question")}
    if "switch" in form:
        return _convert(page, c, values | {"material": filled(form, "switch")})
    to = Channel.FORM if c.channel is Channel.DOCUMENT else Channel.DOCUMENT
    citation = {name: values[name] for name in (*LIMITS, "material")} if to is Channel.DOCUMENT else {}
    question = values["question"] if to is Channel.FORM else ""
    try:
        await convert_consultation(page.ctx, page.actor, c.id, Conversion(to, citation, question))
    except Refusal as refusal:
        return _convert(page, c, values, refusal)
    return page.redirect(f"/my/consultations/{c.id}", done="converted")


async def _story(page: PageRequest, consultation_id: str, refusal: Refusal | None = None) -> Response:
    story = await consultation_story(page.ctx, page.actor, consultation_id)
    policy = await task_policy(page.ctx, story.line.consultation.library_id)
    done = page.query.get("done", "")
    said = [(refusal.field, say(refusal, page.language))] if refusal else []
    return page.render(
        "consultation.html",
        status=way_of(refusal).status if refusal else 200,
        story=story,
        c=story.line.consultation,
        asked=_asked(page, story.line.consultation),
        steps=_steps(page, story),
        strict=policy.strict_hours,
        ratings=[(rating, text(f"rating.{rating}", page.language)) for rating in RATINGS],
        kinds=_KINDS,
        done=done if done in _DONE else "",
        open=story.line.consultation.state is Standing.OPEN,
        answered=story.line.consultation.state is Standing.ANSWERED,
        document=story.line.consultation.channel is Channel.DOCUMENT,
        problems=said,
        errors=dict(said),
        stamp=_stamp(story),
        **_line(page, story.line),
        **_frame(page),
    )


def _convert(
    page: PageRequest, c: Consultation, values: Mapping[str, str], refusal: Refusal | None = None
) -> Response:
    problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal] if refusal else []
    said = [(problem.field, say(problem, page.language)) for problem in problems]
    return page.render(
        "convert.html",
        status=way_of(refusal).status if refusal else 200,
        c=c,
        to="form" if c.channel is Channel.DOCUMENT else "document",
        question=values.get("question", ""),
        problems=said,
        errors=dict(said),
        **form_values(values.get("material", ""), values),
        **_frame(page),
    )


def _line(page: PageRequest, line: OwnLine) -> dict[str, Any]:
    """A consultation in words."""
    state = state_key(line.consultation)
    return {
        "line": line,
        "state": text(f"consultation.state.{state}", page.language),
        "state_kind": _STATES[state],
        "next": next_text(line.next, page.language, zone_of(page.ctx), page.ctx.clock.now()),
        "library": line.library.name(page.language),
        "desk": line.desk.name(page.language),
    }


def _asked(page: PageRequest, c: Consultation) -> list[tuple[str, str]]:
    """The fields of a request by their names."""
    if not c.citation or c.channel is not Channel.DOCUMENT:
        return []
    texts = json.loads(c.citation)
    material = Material(texts["material"])
    names = [each.name for each in citation_fields(material) if texts.get(each.name)]
    return [(field_name(material, name, page.language), str(texts[name])) for name in names]


def _steps(page: PageRequest, story: Story) -> list[tuple[str, datetime]]:
    c = story.line.consultation
    said = [(step_text(step, c, page.language), step.at) for step in story.steps]
    return [(words, at) for words, at in said if words]


def _stamp(story: Story) -> str:
    """Changes whenever there is news for the page."""
    answer = story.answers[0].answer.id if story.answers else ""
    return f"{story.line.consultation.state}.{len(story.steps)}.{answer}.{story.line.next.key}"


def _frame(page: PageRequest) -> dict[str, Any]:
    words = [("/my/consultations", "my.title"), ("/account", "account.title")]
    return {"nav_items": [(address, text(key, page.language)) for address, key in words]}


_ONE = "/my/consultations/{id}"
PAGES = [
    Page("GET", "/my/consultations", Verb.READ_CONSULTATION, listed),
    Page("GET", _ONE, Verb.READ_CONSULTATION, show),
    Page("POST", _ONE + "/cancel", Verb.KEEP_CONSULTATION, cancel),
    Page("POST", _ONE + "/rating", Verb.KEEP_CONSULTATION, rate),
    Page("GET", _ONE + "/convert", Verb.KEEP_CONSULTATION, show_convert),
    Page("POST", _ONE + "/convert", Verb.KEEP_CONSULTATION, convert),
]
