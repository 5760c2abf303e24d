"""The task pool's screens for librarians: the live list, and a page for each task. All on them comes over the API."""

from typing import Any

from starlette.responses import Response

from server.actions.desks import open_desks
from server.actions.staff import own_desks
from server.domain.citations import Material
from server.domain.permissions import Verb, may
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import SEARCH_OUTCOMES
from server.words.catalogue import script_json, text
from web.citation_forms import fields_by_material
from web.pages.base import Page, PageRequest
from web.pages.console import menu
from web.script_words import words_of

# Words that the pool's scripts share with the console's, by their short keys, and with everybody's, by full ones.
_OF_CONSOLE = ("dialog.", "problem.", "line.", "file.", "keys.")
_SHARED = (
    "common.",
    "time.",
    "language.",
    "material.",
    "citation.field.",
    "grade.",
    "grade_row.",
    "finding.",
    "pool.",
)


async def pool(page: PageRequest) -> Response:
    """The live list."""
    return _screen(page, "pool.html", desks=await _desks(page))


async def task(page: PageRequest) -> Response:
    """One task: the request, the joined trail, the claim and the answer."""
    return _screen(
        page,
        "pool_task.html",
        task_id=page.path["id"],
        citation_fields=fields_by_material(page.language),
        file_limit=page.ctx.settings.answer_upload_limit,
    )


def script_words(language: str) -> dict[str, str]:
    """What the pool's scripts say."""
    return words_of(_SHARED, language, of_console=_OF_CONSOLE)


async def _desks(page: PageRequest) -> list[dict[str, Any]]:
    """Every open desk for the filter, one's own first."""
    own = (
        {desk.id for desk in await own_desks(page.ctx, page.actor)}
        if may(page.actor, Verb.STAND_DUTY)
        else set()
    )
    found: dict[str, dict[str, Any]] = {}
    after = ""
    while True:
        desks = await open_desks(page.ctx, "", after=after)
        fresh = [(desk, library) for desk, library in desks if desk.id not in found]
        if not fresh:
            return list(found.values())
        for desk, _ in fresh:
            name = {"zh": desk.name_zh, "en": desk.name_en}
            found[desk.id] = {"id": desk.id, "name": name, "own": desk.id in own}
        after = fresh[-1][0].slug


def _screen(page: PageRequest, template: str, **data: Any) -> Response:
    actor = page.actor
    block = {
        "language": page.language,
        "words": script_words(page.language),
        "now": page.ctx.clock.now().isoformat(),
        "me": {"id": actor.account_id, "name": actor.name},
        "may_work": may(actor, Verb.WORK_TASK),
        "may_release": may(actor, Verb.RELEASE_ANSWER),
        "may_enter_phone": may(actor, Verb.ENTER_PHONE),
        "claims_held": TaskPolicy().claims_held,
        "outcomes": SEARCH_OUTCOMES,
        "places": text("pool.trail.places", page.language).split("|"),
        "materials": [str(material) for material in Material],
        **data,
    }
    return page.render(template, nav_items=menu(page), data=script_json(block))


PAGES = [
    Page("GET", "/console/pool", Verb.WATCH_POOL, pool),
    Page("GET", "/console/pool/{id}", Verb.WATCH_POOL, task),
]
