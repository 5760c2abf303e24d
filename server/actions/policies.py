"""Policy values: what is in force, and setting one from a moment on, for the alliance or a library."""

from datetime import datetime
from typing import Any

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
from server.domain.policy_pairs import Contradiction, contradiction, partners
from server.store.libraries import library_by_id
from server.store.policies import add_entry, entries_named, entries_of, entry_by_id, policy_at, remove_entry
from server.store.rows import Reader, Transaction


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

    Raises NotAllowed, FormRefused naming the field of the value or ``valid_from``, Invalid for a value that would not
    fit another one.
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
        known = await _hold_partners(tx, name)
        if clash := contradiction(name, known, [*known, entry], starts):
            code = "policy_too_much" if clash.too_much else "policy_too_little"
            raise Invalid(code, name, limit=clash.limit, **await _told(ctx, tx, clash, library_id))
        await add_entry(tx, entry)
        await audit(ctx, tx, actor, "policy.set", library_id or "alliance", detail=f"{name} = {value}"[:500])
    return entry


async def withdraw_policy(ctx: Context, actor: Actor, entry_id: str) -> PolicyEntry:
    """Take back a value that has not come into force yet.

    Raises NotFound, Conflict ``policy_in_force`` and ``policy_needed`` where another value fits only together with it.
    """
    entry = await entry_by_id(ctx.db.read, entry_id)
    if entry is None:
        raise NotFound("policy_not_found")
    await _demand(ctx, actor, entry.library_id)
    if entry.valid_from_at <= ctx.clock.now():
        raise Conflict("policy_in_force")  # what once held stays on record
    async with ctx.transaction() as tx:
        known = await _hold_partners(tx, entry.name)
        rest = [each for each in known if each.id != entry.id]
        if clash := contradiction(entry.name, known, rest, entry.valid_from_at):
            raise Conflict("policy_needed", **await _told(ctx, tx, clash, entry.library_id))
        await remove_entry(tx, entry.id)
        await audit(ctx, tx, actor, "policy.withdraw", entry.library_id or "alliance", detail=entry.name)
    return entry


async def _hold_partners(tx: Transaction, name: str) -> list[PolicyEntry]:
    """What was ever set under this name and those that have to fit it; nobody sets one until the transaction ends."""
    names = partners(name)
    if not names:
        return []
    await tx.lock("policies")
    return await entries_named(tx, names)


async def _told(ctx: Context, db: Reader, clash: Contradiction, changed_at: str) -> dict[str, Any]:
    """What does not fit, for the words that refuse it: which other value, where and from when it holds, and why."""
    library = await library_by_id(db, clash.library_id) if clash.library_id else None
    return {
        "other": clash.other,
        "other_value": clash.other_value,
        "stands": clash.stands(changed_at, ctx.clock.now()),
        "because": clash.pair.why,
        "library_zh": library.name_zh if library else "",
        "library_en": library.name_en if library else "",
        "moment": f"{clash.at.astimezone(zone_of(ctx)):%Y-%m-%d %H:%M}",
    }


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
