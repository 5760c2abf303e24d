"""The alliance's public portal: one search box, every channel, the members, and what was done lately (R-ANS.7)."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from server.actions.portal import PAGE, member_libraries, own_desk, portal_today
from server.domain.citations import Material
from server.domain.errors import NotFound
from server.domain.permissions import Verb
from server.domain.search_words import QUERY_LIMIT
from server.words.catalogue import text, words
from web.pages.base import Page, PageRequest
from web.pages.search import given_in, narrowing

# Ways to ask, and where each leads at a library's desk.
WAYS = {
    "document": "/d/{slug}/request",
    "form": "/d/{slug}/ask",
    "knowledge": "/d/{slug}/ask?channel=knowledge",
    "live": "/d/{slug}",
    "phone": "/d/{slug}/ask?kind=phone",
}
# What a request begins with goes along while its library is chosen: a record of ours, or what was looked for.
CARRIED = ("record", "title", "isbn", "issn", "id", "au", "material")
TEXTS = ("charter", "guide", "join")
_SEARCH_LENGTH = 60


async def portal(page: PageRequest) -> Response:
    """The whole page."""
    desk = await own_desk(page.ctx, page.actor)
    choose = "/portal/libraries?for={way}"
    ways = [
        (way, address.format(slug=desk.slug) if desk else choose.format(way=way))
        for way, address in WAYS.items()
    ]
    return page.render(
        "portal.html",
        ways=ways,
        limit=QUERY_LIMIT,
        materials=[str(material) for material in Material],
        given=given_in(page),
        **narrowing(page),
        **await _living(page),
    )


async def living(page: PageRequest) -> Response:
    """What moves on it, as one fragment."""
    return page.render("portal_parts.html", **await _living(page))


async def libraries(page: PageRequest) -> Response:
    """Member libraries by name and city; a chosen way to ask leads straight to it at each."""
    search = page.query.get("q", "").strip()[:_SEARCH_LENGTH]
    way = page.query.get("for", "")
    way = way if way in WAYS else ""
    carried = {
        name: page.query.get(name, "")[:300] for name in CARRIED if page.query.get(name) and way == "document"
    }
    found = await member_libraries(page.ctx, search, after=page.query.get("after", "")[:60])
    return page.render(
        "portal_libraries.html",
        search=search,
        way=way,
        address=WAYS.get(way, "/d/{slug}") + (f"?{urlencode(carried)}" if carried else ""),
        carried=carried,
        found=found[:PAGE],
        more=len(found) > PAGE,
    )


async def told(page: PageRequest) -> Response:
    """The charter, the guide, or how to join: a page of the catalogue's texts."""
    name = page.path["name"]
    if name not in TEXTS:
        raise NotFound()
    parts = words().starting(f"portal.{name}.part.", page.language)
    numbers = sorted({int(key.split(".")[0]) for key in parts})
    return page.render(
        "portal_text.html",
        name=name,
        others=[other for other in TEXTS if other != name],
        parts=[(parts[f"{n}.title"], parts[f"{n}.text"]) for n in numbers],
    )


async def _living(page: PageRequest) -> dict[str, Any]:
    today = await portal_today(page.ctx)
    return {
        "today": today,
        "said": [
            (_title(page, service.channel, service.material), service.title, service)
            for service in today.services
        ],
    }


def _title(page: PageRequest, channel: str, material: str) -> str:
    return text(f"material.{material}" if material else f"consultation.channel.{channel}", page.language)


PAGES = [
    Page("GET", "/portal", Verb.ENTER, portal),
    Page("GET", "/portal/parts", Verb.ENTER, living),
    Page("GET", "/portal/libraries", Verb.ENTER, libraries),
    Page("GET", "/portal/{name}", Verb.ENTER, told),
]
