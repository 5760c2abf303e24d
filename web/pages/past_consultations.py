"""The archive of answered consultations: searched, and read one by one with a note in the audit trail."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from server.actions.consultation_archive import Line, Question, read_consultation, search_consultations
from server.domain.citations import Material
from server.domain.errors import Invalid
from server.domain.forms import is_number
from server.domain.permissions import Verb
from server.domain.tasks import Channel
from server.words.catalogue import say, text, words
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.pages.managing import menu as managing_menu

_NAMES = ("q", "librarian", "kind", "first", "last")
_LENGTH = 200


async def archive(page: PageRequest) -> Response:
    """What the address asks for, newest first; without words everything that one may see."""
    given = {name: page.query.get(name, "").strip()[:_LENGTH] for name in _NAMES}
    lines: list[Line] = []
    more, problem = None, ""
    try:
        below = page.query.get("below", "")
        lines, more = await search_consultations(
            page.ctx, page.actor, _question(given), below=int(below) if is_number(below) else None
        )
    except Invalid as refusal:
        problem = say(refusal, page.language)
    kinds = [("", text("past.any", page.language))]
    kinds += [(str(c), text(f"consultation.channel.{c}", page.language)) for c in Channel]
    kinds += [(str(m), text(f"material.{m}", page.language)) for m in Material]
    return page.render(
        "past_consultations.html",
        nav_items=_menu(page),
        given=given,
        lines=lines,
        problem=problem,
        kinds=kinds,
        more=_address(given, below=more) if more is not None else "",
        newest=_address(given) if page.query.get("below") else "",
    )


async def one(page: PageRequest) -> Response:
    """One consultation with its story and every version of the answer; the reading is noted (R-LIVE.6)."""
    read = await read_consultation(page.ctx, page.actor, page.path["id"])
    c = read.line.consultation
    citation = json.loads(c.citation) if c.citation else {}
    known = words().starting("citation.field.", page.language)
    steps = words().starting("past.step.", page.language)
    return page.render(
        "past_consultation.html",
        nav_items=_menu(page),
        read=read,
        c=c,
        citation=[
            (known[name], value)
            for name, value in citation.items()
            if name in known and name != "material" and value
        ],
        steps=[(steps.get(step.kind, steps["other"]), step) for step in read.steps],
    )


def _question(given: dict[str, str]) -> Question:
    kind = given["kind"]
    if kind and kind not in {*map(str, Channel), *map(str, Material)}:
        raise Invalid("figures_choice", "kind", value=kind)
    return Question(given["q"], given["librarian"], kind, _day(given, "first"), _day(given, "last"))


def _day(given: dict[str, str], name: str) -> date | None:
    if not given[name]:
        return None
    try:
        day = date.fromisoformat(given[name][:10])
    except ValueError:
        raise Invalid("day_wrong", name, text=given[name][:40]) from None
    if not 1990 <= day.year <= 2200:
        raise Invalid("day_wrong", name, text=given[name][:40])
    return day


def _address(given: dict[str, str], **more: Any) -> str:
    said = {name: value for name, value in given.items() if value}
    return "/console/consultations?" + urlencode(said | more)


def _menu(page: PageRequest) -> list[tuple[str, str]]:
    """Who works at a desk has the desk's screens, everybody else the managers'."""
    return menu(page) if page.actor.is_staff and len(menu(page)) > 2 else managing_menu(page)


PAGES = [
    Page("GET", "/console/consultations", Verb.SEARCH_CONSULTATIONS, archive),
    Page("GET", "/console/consultations/{id}", Verb.SEARCH_CONSULTATIONS, one),
]
