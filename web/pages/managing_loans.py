"""What the managers' loan screens share: their tabs, the libraries that one may keep things for, money, clocks."""

from typing import Any

from starlette.responses import Response

from server.actions.libraries import list_libraries
from server.domain.desks import Library
from server.domain.permissions import Verb, library_scopes, may
from server.words.catalogue import text
from web.loan_parts import money
from web.pages.base import PageRequest
from web.pages.managing import alliance_wide, show

_TABS = (
    ("/manage/borrowers", "borrowers.menu", Verb.KEEP_CARDS),
    ("/console/orders", "review.nav", Verb.REVIEW_ORDER),
    ("/console/cases", "cases.nav", Verb.WATCH_CASES),
    ("/manage/stores", "stores.menu", Verb.KEEP_STORE),
    ("/console/holdings", "store.figures.nav", Verb.WATCH_HOLDINGS),
    ("/console/stack", "stack.nav", Verb.WATCH_STACK),
    ("/manage/coupons", "coupons.menu", Verb.KEEP_COUPONS),
    ("/manage/slots", "slots.menu", Verb.KEEP_SLOTS),
    ("/manage/notices", "notices.menu", Verb.KEEP_NOTICES),
    ("/manage/suggestions", "suggestions.menu", Verb.KEEP_NOTICES),
)


def show_loans(page: PageRequest, template: str, here: str, *, status: int = 200, **values: Any) -> Response:
    """A manager's loan screen with the tabs to its neighbours."""
    tabs = [(address, text(key, page.language)) for address, key, verb in _TABS if may(page.actor, verb)]
    return show(
        page,
        template,
        status=status,
        loan_tabs=tabs,
        here=here,
        money=lambda cents: money(cents, page.language),
        clock=lambda at: f"{at // 60}:{at % 60:02d}",
        **values,
    )


async def kept_libraries(page: PageRequest, verb: Verb) -> list[Library]:
    """The libraries for which the manager may keep such things."""
    scope = library_scopes(page.actor, verb)
    found = await list_libraries(page.ctx, page.actor, "") if may(page.actor, Verb.KEEP_LIBRARIES) else []
    return [library for library in found if scope is None or library.id in scope]


async def choices(page: PageRequest, verb: Verb, everybody: str) -> list[tuple[str, str]]:
    """The libraries as options; the whole alliance first where the manager keeps all of it."""
    wide = [("", everybody)] if alliance_wide(page, verb) else []
    return wide + [(library.id, library.name(page.language)) for library in await kept_libraries(page, verb)]
