"""Policy values: what is in force, and setting one from a moment on, for the alliance or a library."""

from datetime import datetime

from server.actions.access import audit
from server.actions.desks import zone_of
from server.actions.libraries import access_library
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.forms import Form
from server.domain.permissions import Actor, Thing, Verb, demand
from server.domain.policies import (
    PER_LIBRARY,
    TEXTS,
    ChatPolicy,
    PolicyEntry,
    PolicyLine,
    parse_policy_value,
    policy_lines,
)
from server.store.policies import add_entry, entries_of, entry_by_id, policy_at, remove_entry


async def list_policies(ctx: Context, actor: Actor, library_id: str) -> list[PolicyLine]:
    """Every value that a library (empty id: the alliance) may set, with what holds now and why."""
    await _demand(ctx, actor, library_id)
    entries = await entries_of(ctx.db.read, "")
    if library_id:
        entries += await entries_of(ctx.db.read, library_id)
    return policy_lines(entries, library_id, ctx.clock.now())


async def policy_for(ctx: Context, actor: Actor) -> ChatPolicy:
    """What is in force now where somebody works."""
    demand(actor, Verb.STAND_DUTY)
    return await policy_at(ctx.db.read, actor.library_id, ctx.clock.now())


async def set_policy(ctx: Context, actor: Actor, library_id: str, *, form: Form) -> PolicyEntry:
    """Set the value ``name`` from ``valid_from`` on (empty: now); an empty value gives back what lies below.

    Raises NotAllowed, FormRefused naming the field of the value or ``valid_from``.
    """
    await _demand(ctx, actor, library_id)
    name = form.raw("name")
    if library_id and name not in PER_LIBRARY | TEXTS:
        raise Invalid("policy_not_per_library", "name", name=name)
    value = form.read(lambda: parse_policy_value(name, form.raw("value")), None)
    starts = form.read(lambda: _moment(ctx, form.raw("valid_from")), ctx.clock.now())
    form.demand()
    entry = PolicyEntry(ctx.ids.new(), library_id, name, value, starts, actor.account_id)
    async with ctx.transaction() as tx:
        await add_entry(tx, entry)
        await audit(ctx, tx, actor, "policy.set", library_id or "alliance", detail=f"{name} = {value}"[:500])
    return entry


async def withdraw_policy(ctx: Context, actor: Actor, entry_id: str) -> PolicyEntry:
    """Take back a value that has not come into force yet. Raises NotFound, Conflict ``policy_in_force``."""
    entry = await entry_by_id(ctx.db.read, entry_id)
    if entry is None:
        raise NotFound("policy_not_found")
    await _demand(ctx, actor, entry.library_id)
    if entry.valid_from_at <= ctx.clock.now():
        raise Conflict("policy_in_force")  # what once held stays on record
    async with ctx.transaction() as tx:
        await remove_entry(tx, entry.id)
        await audit(ctx, tx, actor, "policy.withdraw", entry.library_id or "alliance", detail=entry.name)
    return entry


def _moment(ctx: Context, text: str) -> datetime:
    now = ctx.clock.now()
    if not text:
        return now
    try:
        starts = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("moment_wrong", "valid_from", text=text) from None
    starts = starts if starts.tzinfo else starts.replace(tzinfo=zone_of(ctx))
    if starts < now:
        raise Invalid("moment_past", "valid_from", text=text)
    return starts


async def _demand(ctx: Context, actor: Actor, library_id: str) -> None:
    if library_id:
        await access_library(ctx, actor, library_id, Verb.KEEP_POLICIES)
    else:
        demand(actor, Verb.KEEP_POLICIES, Thing())
