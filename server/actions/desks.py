"""Consultation desks: what a reader is told before asking, and what their managers set."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from server.actions.access import access_open_desk, audit, has_asked_at
from server.actions.talk_links import session_of_link, takes_request
from server.context import Context
from server.domain.chat import Topic
from server.domain.desks import LANGUAGES, Desk, DeskSettings, Library, desk_settings
from server.domain.errors import Conflict, NotAllowed, NotFound
from server.domain.forms import Form
from server.domain.hours import Hours, next_open, open_at
from server.domain.permissions import NOBODY, Actor, Thing, Verb, demand, library_scopes, may
from server.domain.policies import ChatPolicy
from server.domain.routing import topics_served
from server.domain.task_policies import TaskPolicy
from server.store.hours import hours_of
from server.store.libraries import (
    desk_by_id,
    desk_by_slug,
    desks_like,
    libraries_by_ids,
    library_by_id,
    save_desk,
)
from server.store.policies import policy_at, task_policy_at, texts_at
from server.store.rosters import skills_on_duty
from server.store.rows import Duplicate

PAGE = 50


@dataclass(frozen=True, slots=True)
class DeskInfo:
    """A desk as its readers see it before they ask: who answers, in what scope, when (R-LIVE.1, .2)."""

    desk: Desk
    library: Library
    hours: Hours
    policy: ChatPolicy
    texts: dict[str, str]  # scope and privacy in the alliance's or library's own words
    on_duty_for: dict[str, list[Topic]]  # by language
    open_now: bool
    next_open: datetime | None
    today: date

    @property
    def on_duty(self) -> bool:
        """Whether anybody is there, for whatever topic and in whatever language."""
        return any(self.on_duty_for.values())


@dataclass(frozen=True, slots=True)
class HomeCard:
    """The home-library card of a reader's desk, for whoever answers from elsewhere."""

    desk: Desk
    library: Library
    hours: Hours
    open_now: bool
    next_open: datetime | None


async def show_desk(ctx: Context, slug: str, actor: Actor = NOBODY) -> DeskInfo:
    """What a reader is told at a desk's door. Raises NotFound, also for a private desk (R-ORG.3).

    Whoever has asked at a desk that is closed since then still comes in, to finish and to read their conversation.
    """
    desk = await desk_by_slug(ctx.db.read, slug)
    if desk is None or not (desk.open or await has_asked_at(ctx.db.read, actor, desk)):
        raise NotFound("desk_not_found", slug=slug)
    return await _told(ctx, desk)


async def desk_to_ask(ctx: Context, actor: Actor, slug: str, *, talk: str = "") -> DeskInfo:
    """The same for who wants to ask something there, perhaps from a conversation by its own link.

    Raises NotFound for a desk that is not open, NotAllowed ``desk_closed`` to who has asked there.
    """
    session = await session_of_link(ctx, talk) if talk else None
    desk = await desk_by_slug(ctx.db.read, slug)
    if desk is None or not takes_request(desk, session, ctx.clock.now()):
        if desk is not None and session is not None and session.desk_id == desk.id:
            raise NotAllowed("desk_closed", "R-ORG.3")
        desk = await access_open_desk(ctx.db.read, actor, slug)
    return await _told(ctx, desk)


async def _told(ctx: Context, desk: Desk) -> DeskInfo:
    """What there is to tell of a desk now."""
    now, zone = ctx.clock.now(), zone_of(ctx)
    hours = await hours_of(ctx.db.read, desk.id)
    return DeskInfo(
        desk=desk,
        library=await library_of(ctx, desk),
        hours=hours,
        policy=await policy_at(ctx.db.read, desk.library_id, now),
        texts=await texts_at(ctx.db.read, desk.library_id, now),
        on_duty_for=topics_served(await skills_on_duty(ctx.db.read, now), LANGUAGES) if desk.open else {},
        open_now=open_at(hours, now, zone),
        next_open=next_open(hours, now, zone),
        today=now.astimezone(zone).date(),
    )


async def task_policy(ctx: Context, library_id: str) -> TaskPolicy:
    """The pool's rules in force for what is asked at a library's desk now."""
    return await task_policy_at(ctx.db.read, library_id, ctx.clock.now())


async def home_card(ctx: Context, desk_id: str) -> HomeCard:
    """The card of a desk's library, with its hours as they stand now."""
    desk = await desk_by_id(ctx.db.read, desk_id)
    if desk is None:
        raise NotFound("desk_not_found")
    now, zone = ctx.clock.now(), zone_of(ctx)
    hours = await hours_of(ctx.db.read, desk.id)
    return HomeCard(
        desk, await library_of(ctx, desk), hours, open_at(hours, now, zone), next_open(hours, now, zone)
    )


async def find_desks(
    ctx: Context, actor: Actor, search: str, *, after: str = ""
) -> list[tuple[Desk, Library]]:
    """Desks of the whole alliance to which a conversation may be passed on, by short name."""
    demand(actor, Verb.USE_PHRASES)
    desks = await desks_like(ctx.db.read, search, scope=None, after=after, limit=PAGE)
    return [(desk, await library_of(ctx, desk)) for desk in desks if desk.open]


async def open_desks(ctx: Context, search: str, *, after: str = "") -> list[tuple[Desk, Library]]:
    """Desks that anybody may ask, by short name, a page after the given one (one more where there are more)."""
    found: list[Desk] = []
    while len(found) <= PAGE:
        desks = await desks_like(ctx.db.read, search, scope=None, after=after, limit=PAGE + 1)
        found += [desk for desk in desks if desk.open]
        if len(desks) <= PAGE:
            break
        after = desks[-1].slug
    libraries = await libraries_by_ids(ctx.db.read, [desk.library_id for desk in found])
    return [(desk, libraries[desk.library_id]) for desk in found[: PAGE + 1]]


async def list_desks(ctx: Context, actor: Actor, search: str, *, after: str = "") -> list[Desk]:
    """The desks that the actor keeps, by short name, a page after the given one."""
    demand(actor, Verb.KEEP_DESK)
    scope = library_scopes(actor, Verb.KEEP_DESK)
    return await desks_like(ctx.db.read, search, scope=scope, after=after, limit=PAGE + 1)


async def access_desk(ctx: Context, actor: Actor, desk_id: str, verb: Verb = Verb.KEEP_DESK) -> Desk:
    """The desk, for someone who may do this with it. Raises NotFound, the same for what is not theirs."""
    desk = await desk_by_id(ctx.db.read, desk_id)
    if desk is None or not may(actor, verb, Thing(library_id=desk.library_id)):
        raise NotFound("desk_not_found")
    return desk


async def open_desk(ctx: Context, actor: Actor, library_id: str, *, form: Form) -> Desk:
    """Set up another desk of a library. Raises NotAllowed, FormRefused, Conflict ``slug_taken``."""
    demand(actor, Verb.KEEP_DESK, Thing(library_id=library_id))
    if await library_by_id(ctx.db.read, library_id) is None:
        raise NotFound("library_not_found")
    settings = desk_settings(form)
    form.demand()
    desk = desk_from(ctx, settings, library_id=library_id)
    await _keep(ctx, actor, desk, "desk.open", form)
    return desk


async def change_desk(ctx: Context, actor: Actor, desk_id: str, *, form: Form) -> Desk:
    """Change a desk's settings. Raises NotFound, FormRefused, Conflict ``slug_taken`` and ``changed_meanwhile``."""
    before = await access_desk(ctx, actor, desk_id)
    settings = desk_settings(form)
    form.demand()
    desk = replace(
        desk_from(ctx, settings, library_id=before.library_id), id=before.id, created_at=before.created_at
    )
    await _keep(ctx, actor, desk, "desk.change", form)
    return desk


def desk_from(ctx: Context, settings: DeskSettings, *, library_id: str) -> Desk:
    """A new desk of a library with these settings."""
    return Desk(
        id=ctx.ids.new(),
        library_id=library_id,
        slug=settings.slug,
        name_zh=settings.name_zh,
        name_en=settings.name_en,
        greeting_zh=settings.greeting_zh,
        greeting_en=settings.greeting_en,
        mail=settings.mail,
        colour=settings.colour,
        position=settings.position,
        language=settings.language,
        origins=settings.origins,
        open=settings.open,
        created_at=ctx.clock.now(),
    )


async def library_of(ctx: Context, desk: Desk) -> Library:
    """The library whose desk it is."""
    library = await library_by_id(ctx.db.read, desk.library_id)
    if library is None:
        raise NotFound("library_not_found")
    return library


def zone_of(ctx: Context) -> ZoneInfo:
    """The installation's zone, in which days and opening hours are reckoned (R-LOAN.4)."""
    return ZoneInfo(ctx.settings.zone)


async def _keep(ctx: Context, actor: Actor, desk: Desk, what: str, form: Form) -> None:
    try:
        async with ctx.transaction() as tx:
            await tx.lock(f"desk:{desk.id}")  # two managers who save at once: the later one is told
            form.demand_edition(await desk_by_id(tx, desk.id), desk)
            await save_desk(tx, desk)
            await audit(ctx, tx, actor, what, desk.id, detail=desk.slug)
    except Duplicate:
        raise Conflict("slug_taken", slug=desk.slug) from None
