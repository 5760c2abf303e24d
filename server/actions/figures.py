"""Figures as managers see them, and the official statement of somebody's service in a period (R-ORG.6)."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from server.actions.desks import zone_of
from server.context import Context
from server.domain.errors import Invalid, NotFound
from server.domain.figures import Figures, pieces
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.domain.reports import LINES, Choice, Line, Report, checked
from server.store.accounts import account_by_id
from server.store.figures import Part, by_kind, by_library, by_period, by_person, mark_of
from server.store.libraries import libraries_by_ids, library_by_id, library_names
from server.store.people import names_of

LONGEST = 366 * 10  # days of a statement


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person or a library has done in a period, by channel, as the figures stood at a moment."""

    library_zh: str
    library_en: str
    person: str
    first: date
    last: date
    whole: Figures
    by_channel: tuple[tuple[str, Figures], ...]
    counted_at: datetime
    made_at: datetime

    def library(self, language: str) -> str:
        return self.library_en if language == "en" and self.library_en else self.library_zh


async def show_figures(ctx: Context, actor: Actor, choice: Choice, *, page: int | None = 1) -> Report:
    """The figures of a period; managers of a library see their own library's. Raises NotAllowed, NotFound, Invalid.

    Of libraries and people a page has fifty lines, who answered most first; None asks for all of them.
    """
    demand(actor, Verb.WATCH_FIGURES)
    choice = _within(actor, checked(choice))
    db, key = ctx.db.read, choice.key
    periods = await by_period(db, choice.inner, key)
    span = [(choice.span, choice.start), (choice.span, choice.before)]
    spans = await by_period(db, [(name, replace(choice, day=day).start) for name, day in span], key)
    subject = await _subject(ctx, choice)
    part = (0, None) if page is None else ((page - 1) * LINES, LINES)
    lines, lines_in_all = await _lines(ctx, choice, periods, part)
    return Report(
        choice,
        spans.get(choice.start, Figures()),
        spans.get(replace(choice, day=choice.before).start, Figures()),
        tuple((start, periods.get(start, Figures())) for _, start in choice.inner),
        lines,
        lines_in_all,
        *subject,
    )


async def libraries_to_choose(ctx: Context, actor: Actor) -> list[tuple[str, str, str]]:
    """The libraries whose figures the actor may see: id and both names."""
    demand(actor, Verb.WATCH_FIGURES)
    scope = library_scopes(actor, Verb.WATCH_FIGURES)
    return await library_names(ctx.db.read, scope)


async def make_statement(
    ctx: Context, actor: Actor, library_id: str, staff_id: str, days: tuple[date, date]
) -> Statement:
    """The official statement for a library, or for one of its people (R-ORG.6). Raises NotFound, Invalid."""
    demand(actor, Verb.READ_STATEMENT)
    first, last = days
    if not staff_id and not library_id:
        library_id = actor.library_id
    if not may(
        actor, Verb.READ_STATEMENT, Thing(library_id, frozenset({staff_id}) if staff_id else frozenset())
    ):
        raise NotFound("library_not_found")
    if last < first or (last - first).days > LONGEST:
        raise Invalid("figures_period", "last", days=LONGEST)
    library = await library_by_id(ctx.db.read, library_id)
    person = await account_by_id(ctx.db.read, staff_id) if staff_id else None
    if library is None or (staff_id and person is None):
        raise NotFound("library_not_found")
    kinds = await by_kind(ctx.db.read, pieces(first, last), library_id=library_id, staff_id=staff_id)
    if person is not None and person.library_id != library_id and not kinds:
        raise NotFound("library_not_found")  # somebody of another library, who never answered for this one
    now = ctx.clock.now()
    return Statement(
        library.name_zh,
        library.name_en,
        person.name if person else "",
        first,
        last,
        kinds.get(("", ""), Figures()),
        tuple(
            (channel, figures)
            for (channel, material), figures in sorted(kinds.items())
            if channel and not material
        ),
        await mark_of(ctx.db.read, "figures") or now,
        now,
    )


def today_of(ctx: Context) -> date:
    """The installation's day."""
    return ctx.clock.now().astimezone(zone_of(ctx)).date()


async def counted_at(ctx: Context) -> datetime | None:
    """As of when the figures are complete."""
    return await mark_of(ctx.db.read, "figures")


def _within(actor: Actor, choice: Choice) -> Choice:
    """The choice held to the actor's libraries."""
    scope = library_scopes(actor, Verb.WATCH_FIGURES)
    if scope is not None:
        own = choice.library_id or (actor.library_id if actor.library_id in scope else min(scope, default=""))
        if own not in scope:
            raise NotFound("library_not_found")
        choice = replace(choice, library_id=own)
    if choice.staff_id and not choice.library_id:
        raise NotFound("library_not_found")
    if choice.table == "library" and choice.library_id:
        choice = replace(choice, table="person")
    return replace(choice, table="kind") if choice.staff_id and choice.table == "person" else choice


async def _subject(ctx: Context, choice: Choice) -> tuple[str, str]:
    if choice.staff_id:
        name = (await names_of(ctx.db.read, [choice.staff_id])).get(choice.staff_id, "")
        return name, name
    if not choice.library_id:
        return "", ""
    library = await library_by_id(ctx.db.read, choice.library_id)
    if library is None:
        raise NotFound("library_not_found")
    return library.name_zh, library.name_en


async def _lines(
    ctx: Context, choice: Choice, periods: dict[date, Figures], part: Part
) -> tuple[tuple[Line, ...], int]:
    db, period = ctx.db.read, (choice.span, choice.start)
    match choice.table:
        case "library":
            found, count = await by_library(
                db, period, channel=choice.channel, material=choice.material, part=part
            )
            libraries = await libraries_by_ids(db, sorted(key.library_id for key, _ in found))
            lines = [
                Line(library.id, library.name_zh, library.name_en, figures)
                for key, figures in found
                if (library := libraries.get(key.library_id))
            ]
        case "person":
            found, count = await by_person(
                db, period, library_id=choice.library_id, channel=choice.channel, part=part
            )
            names = await names_of(db, sorted({key.staff_id for key, _ in found}))
            lines = [
                Line(f"{key.library_id}/{key.staff_id}", names.get(key.staff_id, ""), "", figures)
                for key, figures in found
            ]
        case "kind":
            kinds = await by_kind(db, [period], library_id=choice.library_id, staff_id=choice.staff_id)
            lines = [
                Line(f"{channel}/{material}" if material else channel, "", "", figures)
                for (channel, material), figures in sorted(kinds.items())
                if channel and choice.channel in ("", channel) and choice.material in ("", material)
            ]
            count = len(lines)
        case _:
            days = [start for _, start in choice.inner]
            lines = [Line(day.isoformat(), "", "", periods.get(day, Figures())) for day in days]
            count = len(lines)
    return tuple(lines), count
