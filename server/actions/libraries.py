"""Member libraries, their home-library cards, and the groups in which desks help each other."""

from dataclasses import replace

from server.actions.access import audit
from server.context import Context
from server.domain.desks import DeskGroup, Library, LibrarySettings, library_settings
from server.domain.errors import Conflict, NotFound
from server.domain.forms import Form
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.store.groups import group_by_id, groups, remove_group, save_group
from server.store.libraries import desks_by_ids, libraries_like, library_by_id, save_library
from server.store.rows import Duplicate

PAGE = 50


async def list_libraries(ctx: Context, actor: Actor, search: str, *, after: str = "") -> list[Library]:
    """The libraries that the actor keeps, by short name, a page after the given one."""
    demand(actor, Verb.KEEP_LIBRARIES)
    scope = library_scopes(actor, Verb.KEEP_LIBRARIES)
    return await libraries_like(ctx.db.read, search, scope=scope, after=after, limit=PAGE + 1)


async def access_library(
    ctx: Context, actor: Actor, library_id: str, verb: Verb = Verb.KEEP_LIBRARIES
) -> Library:
    """The library, for someone who may do this with it. Raises NotFound."""
    library = await library_by_id(ctx.db.read, library_id)
    if library is None or not may(actor, verb, Thing(library_id=library_id)):
        raise NotFound("library_not_found")
    return library


async def admit_library(ctx: Context, actor: Actor, *, form: Form) -> Library:
    """Take a new member into the alliance. Raises NotAllowed, FormRefused, Conflict ``slug_taken``."""
    demand(actor, Verb.KEEP_LIBRARIES, Thing())  # only who keeps the whole alliance
    settings = library_settings(form)
    form.demand()
    library = library_from(ctx, settings)
    await _keep(ctx, actor, library, "library.admit", form)
    return library


async def change_library(ctx: Context, actor: Actor, library_id: str, *, form: Form) -> Library:
    """Change a library's data and card; field ``card_checked`` says that the card was checked today.

    Raises NotFound, FormRefused, Conflict ``slug_taken`` and ``changed_meanwhile``.
    """
    before = await access_library(ctx, actor, library_id)
    settings = library_settings(form)
    form.demand()
    library = replace(
        library_from(ctx, settings),
        id=before.id,
        created_at=before.created_at,
        card_checked_at=ctx.clock.now() if form.switch("card_checked") else before.card_checked_at,
    )
    await _keep(ctx, actor, library, "library.change", form)
    return library


def library_from(ctx: Context, settings: LibrarySettings) -> Library:
    """A new library with these settings."""
    return Library(
        id=ctx.ids.new(),
        slug=settings.slug,
        kind=settings.kind,
        name_zh=settings.name_zh,
        name_en=settings.name_en,
        city=settings.city,
        address=settings.address,
        phone=settings.phone,
        website=settings.website,
        card_zh=settings.card_zh,
        card_en=settings.card_en,
        card_checked_at=None,
        created_at=ctx.clock.now(),
    )


async def list_groups(ctx: Context, actor: Actor) -> list[DeskGroup]:
    """Every group of desks; any manager may look."""
    demand(actor, Verb.KEEP_DESK)
    return await groups(ctx.db.read)


async def keep_group(
    ctx: Context, actor: Actor, group_id: str, *, form: Form, desk_ids: list[str]
) -> DeskGroup:
    """Name a group (empty id: a new one) and its desks.

    Raises NotAllowed, NotFound, FormRefused, Conflict ``changed_meanwhile``.
    """
    demand(actor, Verb.KEEP_DESK, Thing())  # it decides for several libraries
    if group_id and await group_by_id(ctx.db.read, group_id) is None:
        raise NotFound("group_not_found")
    name_zh, name_en = (form.text(f"name_{code}", limit=120, required=True) for code in ("zh", "en"))
    form.demand()
    known = await desks_by_ids(ctx.db.read, desk_ids[:300])
    members = tuple(desk_id for desk_id in dict.fromkeys(desk_ids) if desk_id in known)
    group = DeskGroup(group_id or ctx.ids.new(), name_zh, name_en, members)
    async with ctx.transaction() as tx:
        await tx.lock(f"group:{group.id}")  # two managers who save at once must not mix their members
        form.demand_edition(await group_by_id(tx, group.id), group)
        await save_group(tx, group)
        await audit(ctx, tx, actor, "group.keep", group.id, detail=group.name_zh)
    return group


async def drop_group(ctx: Context, actor: Actor, group_id: str) -> None:
    """Dissolve a group; its desks stay."""
    demand(actor, Verb.KEEP_DESK, Thing())
    async with ctx.transaction() as tx:
        await remove_group(tx, group_id)
        await audit(ctx, tx, actor, "group.drop", group_id)


async def _keep(ctx: Context, actor: Actor, library: Library, what: str, form: Form) -> None:
    try:
        async with ctx.transaction() as tx:
            await tx.lock(f"library:{library.id}")  # two managers who save at once: the later one is told
            form.demand_edition(await library_by_id(tx, library.id), library)
            await save_library(tx, library)
            await audit(ctx, tx, actor, what, library.id, detail=library.slug)
    except Duplicate:
        raise Conflict("slug_taken", slug=library.slug) from None
