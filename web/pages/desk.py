"""A desk's own page: who answers here and when, with the live chat filling most of it."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from server.actions.desks import DeskInfo, show_desk, zone_of
from server.actions.widget_logins import code_for_order
from server.domain.errors import NotFound
from server.domain.order_numbers import read_number, spoken
from server.domain.permissions import Verb
from server.words import times
from server.words.catalogue import say, text
from web.pages.base import Page, PageRequest


async def show(page: PageRequest) -> Response:
    """The desk of a library, complete and useful before any script has run.

    A closed one shows nothing of itself, but the chat in which this browser keeps a conversation.
    """
    slug = page.path["slug"]
    try:
        info = await show_desk(page.ctx, slug)
    except NotFound as refusal:
        message = say(refusal, page.language)
        return page.render("desk_closed.html", status=404, message=message, slug=slug[:60])
    number = read_number(page.query.get("order", ""))
    return page.render(
        "desk.html",
        practice="practice" in page.query,
        about=text("loans.help.about", page.language, number=spoken(number)) if number else "",
        login=await code_for_order(page.ctx, page.actor, info.desk, number),
        **desk_values(page, info),
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
