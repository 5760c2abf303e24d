"""A desk's own page: who answers here and when, with the live chat filling most of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from server.actions.desks import DeskInfo, show_desk, zone_of
from server.actions.widget_logins import code_for_chat, code_for_known
from server.domain.citations import LIMITS
from server.domain.errors import NotFound, Refusal
from server.domain.order_numbers import read_number, spoken
from server.domain.permissions import Verb
from server.wire.outcomes import way_of
from server.words import times
from server.words.catalogue import say, text
from web.pages.base import Page, PageRequest

_TYPED = frozenset({*LIMITS, "question", "paste"})
_CARRIED = ("title", "isbn", "issn", "material")


async def show(page: PageRequest) -> Response:
    """The desk of a library, complete and useful before any script has run.

    A closed one shows nothing of itself, but the chat in which this browser, or who is logged in, has a conversation.
    """
    slug = page.path["slug"]
    try:
        info = await show_desk(page.ctx, slug, page.actor)
    except NotFound as refusal:
        message = say(refusal, page.language)
        return page.render("desk_closed.html", status=404, message=message, slug=slug[:60])
    if not info.desk.open:  # their log-in goes along: what they asked from another device is theirs here
        return page.render(
            "desk_closed.html",
            message=text("refusal.desk_closed", page.language),
            slug=slug,
            login=await code_for_chat(page.ctx, page.actor, info.desk),
            accent=info.desk.colour,
            name=info.library.name(page.language),
        )
    number = read_number(page.query.get("order", ""))
    return page.render(
        "desk.html",
        practice="practice" in page.query,
        about=text("loans.help.about", page.language, number=spoken(number)) if number else "",
        login=await code_for_known(page.ctx, page.actor, info.desk, number),
        **desk_values(page, info),
    )


def turned_away(page: PageRequest, refusal: Refusal, typed: Mapping[str, str], *, way: str) -> Response:
    """The desk closed while its form was filled in: what was typed is there to copy, and another library to choose.

    The same for a desk that there never was: nobody learns of one from it.
    """
    carried = {name: typed[name][:300] for name in _CARRIED if typed.get(name)} if way == "document" else {}
    return page.render(
        "desk_turned_away.html",
        status=way_of(refusal).status,
        message=say(refusal, page.language),
        typed="\n".join(value for name, value in typed.items() if name in _TYPED and value.strip()),
        others="/portal/libraries?" + urlencode({"for": way} | carried),
    )


def desk_values(page: PageRequest, info: DeskInfo) -> dict[str, Any]:
    """What the desk's pages say of it, in the reader's language."""
    language = page.language
    special = info.hours.days.get(info.today)
    values = {"days": info.policy.transcript_days, "documents": info.policy.documents_per_session}
    greeting = info.desk.greeting(language)
    name = info.library.name(language)
    return {
        "desk": info.desk,
        "library": info.library,
        "library_name": name,
        "accent": info.desk.colour,
        "greeting": greeting or text("desk.greeting", language, library=name),
        "on_duty": info.on_duty,
        "open_now": info.open_now,
        "today": times.shifts_text(info.hours.on(info.today), language),
        "week": times.hours_text(info.hours.week, language),
        "next_open": _next(page, info.next_open),
        "notice": (special.note_zh if language == "zh" else special.note_en) if special else "",
        "scope": info.texts.get(f"scope_{language}") or text("desk.scope", language, **values),
        "privacy": info.texts.get(f"privacy_{language}") or text("desk.privacy", language, **values),
    }


def _next(page: PageRequest, at: datetime | None) -> str:
    return "" if at is None else times.moment(at, zone_of(page.ctx), page.language, page.ctx.clock.now())


PAGES = [Page("GET", "/d/{slug}", Verb.ENTER, show)]
