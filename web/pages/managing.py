"""What the managers' screens share: their menu, forms with what is wrong in them, and what was just done."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from server.actions.desks import PAGE, list_desks
from server.domain.desks import Desk
from server.domain.errors import Conflict, Invalid, Refusal
from server.domain.forms import Form, FormRefused
from server.domain.permissions import Thing, Verb, may
from server.words.catalogue import say, text
from web.pages.base import PageRequest

DONE = frozenset({"saved", "added", "removed", "invited", "reviewed", "recorded"})
_MENU = (
    ("/manage/board", "board", Verb.WATCH_BOARD),
    ("/manage/figures", "figures", Verb.WATCH_FIGURES),
    ("/console/consultations", "past", Verb.SEARCH_CONSULTATIONS),
    ("/manage/desks", "desks", Verb.KEEP_DESK),
    ("/manage/libraries", "libraries", Verb.KEEP_LIBRARIES),
    ("/manage/staff", "staff", Verb.KEEP_STAFF),
    ("/manage/readers", "readers", Verb.IMPORT_READERS),
    ("/manage/borrowers", "loans", Verb.KEEP_CARDS),
    ("/console/phrases", "phrases", Verb.KEEP_OWN_PHRASES),
    ("/manage/policies", "policies", Verb.KEEP_POLICIES),
    ("/manage/calendar", "calendar", Verb.KEEP_CALENDAR),
    ("/manage/reviews", "reviews", Verb.REVIEW_BLOCK),
    ("/manage/quality", "quality", Verb.READ_SAMPLES),
    ("/console", "console", Verb.STAND_DUTY),
)
_CHOICES = {"language": "language.", "position": "manage.position.", "kind": "manage.kind."}


@dataclass(frozen=True, slots=True)
class Fill:
    """A form as it is shown: what stands in its fields, and what is wrong with each, in the asker's language."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    @property
    def problems(self) -> list[tuple[str, str]]:
        return list(self.errors.items())


def show(page: PageRequest, template: str, *, status: int = 200, **values: Any) -> Response:
    """A manager's screen with its menu and, after a change, a word that it was made."""
    done = page.query.get("done", "")
    flashes = [("good", text(f"manage.done.{done}", page.language))] if done in DONE else []
    return page.render(template, status=status, nav_items=menu(page), flashes=flashes, **values)


def menu(page: PageRequest) -> list[tuple[str, str]]:
    """The screens that this manager may open."""
    return [
        (address, text(f"manage.menu.{name}", page.language))
        for address, name, verb in _MENU
        if (alliance_wide(page, verb) if verb is Verb.KEEP_CALENDAR else may(page.actor, verb))
    ]


async def every_desk(page: PageRequest) -> list[Desk]:
    """All desks that the manager keeps, by short name."""
    desks: list[Desk] = []
    while len(desks) < 1000:  # the alliance has some 300 desks
        some = await list_desks(page.ctx, page.actor, "", after=desks[-1].slug if desks else "")
        desks += some[:PAGE]
        if len(some) <= PAGE:
            break
    return desks


async def filled(page: PageRequest) -> Form:
    """The posted fields as a form to be judged."""
    return Form({name: value for name, value in (await page.form()).items() if isinstance(value, str)})


async def chosen(page: PageRequest, name: str) -> list[str]:
    """Every value that was ticked under one name."""
    return [value for value in (await page.form()).getlist(name) if isinstance(value, str)]


async def refill(page: PageRequest, refusal: Refusal, *, fallback: str = "") -> Fill:
    """The posted form again, with what is wrong; a refusal without a field stands at ``fallback``."""
    form = await page.form()
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    return Fill(values, said(page, refusal, fallback=fallback))


async def overtaken(page: PageRequest, refusal: Refusal, current: Fill, *, fallback: str = "") -> Fill:
    """The posted form again; where somebody saved meanwhile, beside each field what stands there now.

    Saving once more goes before what stands, now that its writer has seen it.
    """
    fill = await refill(page, refusal, fallback=fallback)
    if refusal.code != "changed_meanwhile":
        return fill
    errors = {"": say(refusal, page.language)}
    for name, now in current.values.items():
        if name != "edition" and fill.value(name).replace("\r\n", "\n").strip() != now.strip():
            errors[name] = _stands(page, name, now)
    return Fill({**fill.values, "edition": current.value("edition")}, errors)


def with_ticks(page: PageRequest, fill: Fill, *, now: Collection[str], mine: Collection[str]) -> Fill:
    """The same fill, saying of ticked choices how many stand otherwise now."""
    different = len(set(now) ^ set(mine))
    words = {"desks": text("manage.now_ticked", page.language, n=different)} if different else {}
    return Fill(fill.values, {**fill.errors, **words})


def _stands(page: PageRequest, name: str, now: str) -> str:
    """What stands in a field now, as the page words it."""
    if name == "open":
        now = text("manage.open" if now else "manage.private", page.language)
    elif name in _CHOICES:
        now = text(_CHOICES[name] + now, page.language)
    field = text(_label(name), page.language)
    return text("manage.now_stands" if now else "manage.now_empty", page.language, field=field, now=now)


def _label(name: str) -> str:
    if name.startswith("day") and name[3:].isdigit():
        return f"time.weekday.{name[3:]}"
    return "manage.desk_open" if name == "open" else f"manage.field.{name}"


def said(page: PageRequest, refusal: Refusal, *, fallback: str = "") -> dict[str, str]:
    """What is wrong by field, in words."""
    problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal]
    return {problem.field or fallback: say(problem, page.language) for problem in problems}


CORRECTABLE = (FormRefused, Invalid, Conflict)  # shown beside the fields; anything else is a page of its own


def alliance_wide(page: PageRequest, verb: Verb) -> bool:
    """Whether the manager may do this for the whole alliance."""
    return may(page.actor, verb, Thing())
