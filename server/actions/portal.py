"""The alliance's public portal: the day's service in figures and what was done lately, within bounds (R-ANS.7)."""

from dataclasses import dataclass
from datetime import date, datetime

from server.actions.desks import zone_of
from server.context import Context
from server.domain.desks import Desk, Library
from server.domain.figures import Figures, Key
from server.domain.permissions import Actor
from server.store.boards import anyone_on_duty
from server.store.figures import by_period, mark_of
from server.store.libraries import desks_of, libraries_by_ids, libraries_like, library_by_id
from server.store.people import names_of
from server.store.policies import task_policy_at
from server.store.portal import Answered, first_desks, latest_answers

FEED = 12
FRESH_SECONDS = 5.0  # however many look at it
PAGE = 50


@dataclass(frozen=True, slots=True)
class Service:
    """Something done for a reader, as everybody may see it: never the reader, the rest as far as it was agreed."""

    at: datetime
    channel: str
    material: str
    title: str  # only where the reader agreed
    library: Library
    librarian: str  # only as the library decides


@dataclass(frozen=True, slots=True)
class Today:
    """The portal's living part, as of a moment."""

    at: datetime
    day: date
    figures: Figures  # all channels
    live: Figures
    counted_at: datetime | None
    on_duty: bool
    services: tuple[Service, ...]


async def portal_today(ctx: Context) -> Today:
    """The day's figures and the latest services; at most a few seconds old, and never a look over the archive."""
    now = ctx.clock.now()
    kept: Today | None = ctx.shelf.get("portal")
    if kept is None or not 0 <= (now - kept.at).total_seconds() < FRESH_SECONDS:
        kept = ctx.shelf["portal"] = await _read(ctx, now)
    return kept


async def member_libraries(
    ctx: Context, search: str, *, after: str = ""
) -> list[tuple[Library, Desk | None]]:
    """Member libraries with their open desk, by name or city: a page after the given one, and one more if there is."""
    libraries = await libraries_like(ctx.db.read, search, scope=None, after=after, limit=PAGE + 1)
    desks = await first_desks(ctx.db.read, [library.id for library in libraries])
    return [(library, desks.get(library.id)) for library in libraries]


async def own_desk(ctx: Context, actor: Actor) -> Desk | None:
    """The open desk of the reader's own library, where their questions go without a choice."""
    if not actor.library_id:
        return None
    return next((desk for desk in await desks_of(ctx.db.read, actor.library_id) if desk.open), None)


async def own_library(ctx: Context, actor: Actor) -> Library | None:
    """The reader's own library, whose service phone they call (R-LOAN.17)."""
    return await library_by_id(ctx.db.read, actor.library_id) if actor.library_id else None


async def _read(ctx: Context, now: datetime) -> Today:
    db, day = ctx.db.read, now.astimezone(zone_of(ctx)).date()
    whole = await by_period(db, [("day", day)], Key())
    live = await by_period(db, [("day", day)], Key(channel="live"))
    return Today(
        now,
        day,
        whole.get(day, Figures()),
        live.get(day, Figures()),
        await mark_of(db, "figures"),
        await anyone_on_duty(db, now),
        tuple(await _services(ctx, await latest_answers(db, now, limit=FEED))),
    )


async def _services(ctx: Context, found: list[Answered]) -> list[Service]:
    db, now = ctx.db.read, ctx.clock.now()
    libraries = await libraries_by_ids(db, sorted({each.library_id for each in found}))
    # Whose librarians may be named is for each library to say, within the alliance's own word.
    naming = {
        library_id: (await task_policy_at(db, library_id, now)).portal_names_librarians
        for library_id in libraries
    }
    names = await names_of(db, sorted({each.staff_id for each in found if naming.get(each.library_id)}))
    return [
        Service(
            each.at,
            each.channel,
            each.material,
            each.title if each.show_title else "",
            libraries[each.library_id],
            names.get(each.staff_id, "") if naming[each.library_id] else "",
        )
        for each in found
        if each.library_id in libraries
    ]
