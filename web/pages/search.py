"""The search box over the alliance's records: who holds what, and from each hit a request for it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from server.actions.catalogue import MOST, Hits, desks_for, search_records
from server.actions.desks import DeskInfo, show_desk
from server.actions.portal import own_desk
from server.domain.citations import Material
from server.domain.errors import Invalid
from server.domain.forms import is_number
from server.domain.permissions import Verb
from server.domain.search_words import ALSO, QUERY_LIMIT, SearchField, search_from
from server.words.catalogue import say, text
from web.citation_forms import address_fields
from web.pages.base import Page, PageRequest

_WORDS = ("q", *map(str, ALSO))
_NAMES = (*_WORDS, "field", "kind", "language", "desk")
CHOOSE_DESK = "/portal/libraries?for=document"


async def show(page: PageRequest) -> Response:
    """What was found for the words in the address, or of a type or language; without any only the box."""
    given = given_in(page)
    desk = await show_desk(page.ctx, given["desk"]) if given["desk"] else None
    hits, problem, cursor = None, "", _cursor(page)
    if any(given[name] for name in (*_WORDS, "kind", "language")):
        try:
            hits = await _found(page, given, cursor)
        except Invalid as refusal:
            problem = say(refusal, page.language)
    desks = await desks_for(page.ctx, page.actor, hits.holdings, wished=given["desk"]) if hits else {}
    mine = desk.desk if desk else await own_desk(page.ctx, page.actor)
    wanted = address_fields(given["title"] or given["q"], author=given["author"], material=given["kind"])
    return page.render(
        "search.html",
        given=given,
        worded=any(given[name] for name in _WORDS),
        ask=(f"/d/{mine.slug}/request?" if mine else f"{CHOOSE_DESK}&") + urlencode(wanted),
        choose_desk=CHOOSE_DESK,
        hits=hits,
        problem=problem,
        desks=desks,
        place_name=_place(desk, page.language),
        limit=QUERY_LIMIT,
        first=cursor + 1,
        next_page=_address(given, hits.next_cursor) if hits and hits.next_cursor else "",
        **narrowing(page),
    )


def given_in(page: PageRequest) -> dict[str, str]:
    """What the address asks for."""
    return {name: page.query.get(name, "").strip() for name in _NAMES}


def narrowing(page: PageRequest) -> dict[str, Any]:
    """What the advanced search offers (R-ANS.7)."""
    return {
        "kinds": _choices(page, "search.material.any", "material", list(Material)),
        "fields": _choices(page, "search.field.any", "search.field", list(SearchField)[1:]),
        "languages": _choices(page, "search.language.any", "search.language", ("zh", "foreign")),
        "besides": [str(field) for field in ALSO],
    }


async def _found(page: PageRequest, given: dict[str, str], cursor: int) -> Hits:
    narrowed = {name: given[name] for name in ("field", "kind", "language")}
    search = search_from(given["q"], **narrowed, also=given)
    return await search_records(page.ctx, page.actor, search, cursor=cursor)


def _cursor(page: PageRequest) -> int:
    cursor = page.query.get("cursor", "")
    return min(int(cursor), 2 * MOST) if is_number(cursor) else 0


def _address(given: dict[str, str], cursor: int) -> str:
    said = {name: value for name, value in given.items() if value}
    return "/search?" + urlencode({**said, "cursor": cursor})


def _place(desk: DeskInfo | None, language: str) -> str:
    return desk.library.name(language) if desk else ""


def _choices(page: PageRequest, nothing: str, prefix: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Values with their names, after one that stands for any of them."""
    named = [(str(value), text(f"{prefix}.{value}", page.language)) for value in values]
    return [("", text(nothing, page.language)), *named]


PAGES = [Page("GET", "/search", Verb.SEARCH_RECORDS, show)]
