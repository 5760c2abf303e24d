"""The librarian's screens: the console, past conversations, canned phrases. Their scripts get the words they need."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from server.actions.policies import policy_for
from server.actions.sessions import practice_link
from server.actions.staff import own_desks
from server.domain.citations import Material
from server.domain.errors import NotFound
from server.domain.permissions import ANSWERING, Role, Verb, may
from server.domain.phrases import PLACEHOLDERS, kept_levels
from server.words.catalogue import LANGUAGES, script_json, text, words
from web.citation_forms import fields_by_material
from web.pages.base import Page, PageRequest

_SHARED = (
    "common",
    "topic",
    "state",
    "end_reason",
    "rating",
    "question_type",
    "outcome",
    "availability",
    "language",
    "time",
    "material",
    "citation.field",
)
_MENU = (
    ("/console", "console.nav.desk", Verb.STAND_DUTY),
    ("/console/pool", "console.nav.pool", Verb.WATCH_POOL),
    ("/console/archive", "console.nav.archive", Verb.READ_ARCHIVE),
    ("/console/consultations", "console.nav.past", Verb.SEARCH_CONSULTATIONS),
    ("/console/phrases", "console.nav.phrases", Verb.KEEP_OWN_PHRASES),
    ("/console/phone", "call.nav", Verb.ENTER_PHONE),
    ("/console/cases", "cases.nav", Verb.WATCH_CASES),
    ("/console/orders", "review.nav", Verb.REVIEW_ORDER),
    ("/console/practice", "console.nav.practice", Verb.STAND_DUTY),
    ("/console/inspection", "inspection.menu.queue", Verb.INSPECT),
    ("/console/returns", "inspection.menu.returns", Verb.ANSWER_INSPECTION),
    ("/console/store", "store.nav", Verb.WORK_STORE),
    ("/console/holdings", "store.figures.nav", Verb.WATCH_HOLDINGS),
    ("/console/stack", "stack.nav", Verb.WATCH_STACK),
    ("/manage/board", "console.nav.board", Verb.WATCH_BOARD),
)


async def console(page: PageRequest) -> Response:
    """The desk itself; everything on it comes over the API and the socket."""
    policy = await policy_for(page.ctx, page.actor)
    limits = {
        "capacity_limit": policy.max_capacity,
        "message_limit": policy.message_characters,
        "block_hours": policy.block_hours,
    }
    citations = {
        "materials": [str(material) for material in Material],
        "citation_fields": fields_by_material(page.language),
    }
    limits["makes_cases"] = may(page.actor, Verb.WORK_CASE)
    limits["practises"] = _only_practises(page, policy.intern_live)
    return _screen(page, "console.html", upload_limit=page.ctx.settings.upload_limit, **limits, **citations)


async def archive(page: PageRequest) -> Response:
    """Past conversations that one may read; each full reading is logged (R-LIVE.6)."""
    return _screen(page, "console_archive.html")


async def phrases(page: PageRequest) -> Response:
    """Canned phrases one may use, and those one may change (R-LIVE.3)."""
    mine = {str(level): owner for level, owner in kept_levels(page.actor).items()}
    return _screen(page, "console_phrases.html", levels=mine, placeholders=PLACEHOLDERS)


async def practice(page: PageRequest) -> Response:
    """Go and play the reader at the first desk where one answers (R-ORG.5)."""
    desks = [desk for desk in await own_desks(page.ctx, page.actor) if desk.open]
    if not desks:
        raise NotFound("desk_not_found")
    path, _, query = practice_link(page.ctx, desks[0].slug).partition("?")
    return page.redirect(path, **dict(parse_qsl(query)))


def script_words(language: str) -> dict[str, str]:
    """The console's own texts by their short keys, the shared ones by full ones, and what readers are told in both."""
    catalogue = words()
    texts = catalogue.starting("console.", language)
    for area in _SHARED:
        texts |= {f"{area}.{key}": said for key, said in catalogue.starting(f"{area}.", language).items()}
    for spoken in LANGUAGES:
        said = catalogue.starting("console.said.", spoken)
        texts |= {f"said.{key}_{spoken}": pattern for key, pattern in said.items()}
    return texts


def menu(page: PageRequest) -> list[tuple[str, str]]:
    """The screens that this person may open."""
    return [(address, text(key, page.language)) for address, key, verb in _MENU if may(page.actor, verb)]


def _only_practises(page: PageRequest, intern_live: str) -> bool:
    """Whether no reader is ever offered to them: an intern without the certificate, unless supervised (R-ORG.5)."""
    return page.actor.roles & ANSWERING == {Role.INTERN} and intern_live == "practice"


def _screen(page: PageRequest, template: str, **data: Any) -> Response:
    jargon: Mapping[str, Any] = {language: words().starting("jargon.", language) for language in LANGUAGES}
    block = {
        "language": page.language,
        "words": script_words(page.language),
        "me": {"id": page.actor.account_id},
        "jargon": jargon,
        **data,
    }
    return page.render(template, nav_items=menu(page), data=script_json(block))


PAGES = [
    Page("GET", "/console", Verb.STAND_DUTY, console),
    Page("GET", "/console/archive", Verb.READ_ARCHIVE, archive),
    Page("GET", "/console/practice", Verb.STAND_DUTY, practice),
    Page("GET", "/console/phrases", Verb.KEEP_OWN_PHRASES, phrases),
]
