"""Staff as their managers keep them: who they are, where they answer, and who is free now."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actions.access import audit
from server.context import Context
from server.domain.accounts import Account, answering_role
from server.domain.boards import StaffLine
from server.domain.desks import Desk
from server.domain.duty import topics_after, usual_capacity
from server.domain.errors import NotFound
from server.domain.forms import Form
from server.domain.permissions import Actor, Grant, Role, ScopeKind, Thing, Verb, demand, may
from server.store.accounts import account_by_id, grants_of
from server.store.boards import staff_named, staff_of_desk, staff_on_board
from server.store.duty import lock_duty
from server.store.libraries import desks_by_ids
from server.store.policies import policy_at
from server.store.postings import close_duty, desk_ids_of_staff, leave_desk, open_duty, post_to_desk
from server.store.rows import Transaction


@dataclass(frozen=True, slots=True)
class StaffView:
    """A staff member with their roles and the desks at which they answer."""

    account: Account
    grants: tuple[Grant, ...]
    desks: tuple[Desk, ...]


async def show_staff(ctx: Context, actor: Actor, staff_id: str) -> StaffView:
    """One of the staff that the actor keeps. Raises NotFound, the same for those of other libraries."""
    account = await account_by_id(ctx.db.read, staff_id)
    grants = await grants_of(ctx.db.read, staff_id) if account else []
    if account is None or not grants or not _kept(actor, account, grants):
        raise NotFound("account_not_found")
    desks = await desks_by_ids(ctx.db.read, await desk_ids_of_staff(ctx.db.read, staff_id))
    return StaffView(account, tuple(grants), tuple(sorted(desks.values(), key=lambda desk: desk.slug)))


async def own_desks(ctx: Context, actor: Actor) -> list[Desk]:
    """The desks at which somebody answers, by short name."""
    demand(actor, Verb.STAND_DUTY)
    desks = await desks_by_ids(ctx.db.read, await desk_ids_of_staff(ctx.db.read, actor.account_id))
    return sorted(desks.values(), key=lambda desk: desk.slug)


async def set_desks(
    ctx: Context, actor: Actor, staff_id: str, desk_ids: list[str], *, form: Form | None = None
) -> tuple[Desk, ...]:
    """Say at which of the actor's desks somebody answers; their desks elsewhere are not touched.

    Raises NotFound for who is not the actor's staff, and for desks that are not theirs, Conflict ``changed_meanwhile``
    where the form's edition is no longer what stands.
    """
    view = await show_staff(ctx, actor, staff_id)
    wanted = await desks_by_ids(ctx.db.read, desk_ids[:300])
    if set(desk_ids) - wanted.keys() or not all(_keeps_desk(actor, desk) for desk in wanted.values()):
        raise NotFound("desk_not_found")
    before = {desk.id for desk in view.desks if _keeps_desk(actor, desk)}
    async with ctx.transaction() as tx:
        await tx.lock(f"desks_of:{staff_id}")  # two managers who save at once must not mix what they ticked
        now = await desk_ids_of_staff(tx, staff_id)
        if form is not None:
            form.demand_edition(now, tuple(sorted(set(now) - before | wanted.keys())))
        for desk_id in sorted(before - wanted.keys()):
            await leave_desk(tx, desk_id, staff_id)
        for desk_id in sorted(wanted.keys() - before):
            await post_to_desk(tx, desk_id, staff_id)
        names = ", ".join(sorted(desk.slug for desk in wanted.values()))
        await audit(ctx, tx, actor, "staff.desks", f"account:{staff_id}", detail=names[:500])
    return (await show_staff(ctx, actor, staff_id)).desks


async def seat_staff(ctx: Context, tx: Transaction, account_id: str, desk_ids: Sequence[str] = ()) -> None:
    """Let somebody answer at these desks too, and fit their duty row to the roles they hold now.

    Who holds no answering role takes no conversations; a row that still counts one stays until it is handed over.
    """
    account = await account_by_id(tx, account_id)
    if account is None:
        raise NotFound("account_not_found")
    for desk_id in desk_ids:
        await post_to_desk(tx, desk_id, account_id)
    grants = await grants_of(tx, account_id)
    answering = answering_role(grants)
    if answering is None:
        await close_duty(tx, account_id)
        return
    supports = any(grant.role is Role.SUPPORT_AGENT for grant in grants)
    before = await lock_duty(tx, account_id)
    topics = topics_after(before.topics if before else None, answering.role, supports=supports)
    now, library_id = ctx.clock.now(), account.library_id or answering.scope_id
    await open_duty(
        tx,
        account_id,
        role=str(answering.role),
        library_id=library_id,
        capacity=usual_capacity(await policy_at(tx, library_id, now)),
        topics=topics,
        languages="zh,en" if account.language == "en" else "zh",
        at=now,
    )


async def list_colleagues(
    ctx: Context, actor: Actor, *, desk_id: str = "", name: str = ""
) -> list[StaffLine]:
    """Who takes conversations: of that name anywhere, at a desk, or at the actor's own library."""
    demand(actor, Verb.USE_PHRASES)
    now = ctx.clock.now()
    if name:
        return await staff_named(ctx.db.read, name, now)
    if desk_id:
        return await staff_of_desk(ctx.db.read, desk_id, now)
    return await staff_on_board(ctx.db.read, actor.library_id, now)


def _kept(actor: Actor, account: Account, grants: list[Grant]) -> bool:
    """Somebody is kept by their own library's manager, and by those of libraries that gave them a role."""
    libraries = {account.library_id} | {
        grant.scope_id for grant in grants if grant.scope is ScopeKind.LIBRARY
    }
    return any(may(actor, Verb.KEEP_STAFF, Thing(library_id=library_id)) for library_id in libraries)


def _keeps_desk(actor: Actor, desk: Desk) -> bool:
    return may(actor, Verb.KEEP_DESK, Thing(library_id=desk.library_id))
