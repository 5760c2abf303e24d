"""When a desk is open: its week, its closures, and those of the whole alliance."""

from dataclasses import replace
from datetime import date

from server.actions.access import audit
from server.actions.desks import access_desk, zone_of
from server.context import Context
from server.domain.errors import Invalid, NotFound
from server.domain.forms import Form
from server.domain.hours import Closure, Hours, Shifts, parse_shifts
from server.domain.permissions import Actor, Thing, Verb, demand
from server.store.hours import (
    closure_by_id,
    closures_of,
    hours_of,
    remove_closure,
    replace_week,
    save_closure,
)


async def show_hours(ctx: Context, actor: Actor, desk_id: str) -> Hours:
    """The desk's hours, for whoever may set them."""
    await access_desk(ctx, actor, desk_id)
    return await hours_of(ctx.db.read, desk_id)


async def set_week(ctx: Context, actor: Actor, desk_id: str, *, form: Form) -> tuple[Shifts, ...]:
    """Set the shifts of the week, fields ``day0`` (Monday) to ``day6``.

    Raises NotFound, FormRefused, Conflict ``changed_meanwhile``.
    """
    desk = await access_desk(ctx, actor, desk_id)
    week = tuple(_day(form, f"day{weekday}") for weekday in range(7))
    form.demand()
    async with ctx.transaction() as tx:
        await tx.lock(f"hours:{desk.id}")  # two managers who save at once must not mix their weeks
        form.demand_edition((await hours_of(tx, desk.id)).week, week)
        await replace_week(tx, desk.id, week)
        await audit(ctx, tx, actor, "hours.set", desk.id)
    return week


async def list_closures(ctx: Context, actor: Actor, desk_id: str) -> list[Closure]:
    """Coming days with other hours: a desk's own, or with an empty id the alliance's."""
    await _demand(ctx, actor, desk_id)
    today = ctx.clock.now().astimezone(zone_of(ctx)).date()
    return await closures_of(ctx.db.read, desk_id, since=today)


async def set_closure(ctx: Context, actor: Actor, desk_id: str, *, form: Form) -> Closure:
    """Set a day's own hours (none: closed), for a desk or with an empty id for all. Raises FormRefused."""
    await _demand(ctx, actor, desk_id)
    closure = closure_from(form, closure_id=ctx.ids.new(), desk_id=desk_id)
    if date.min < closure.day < ctx.clock.now().astimezone(zone_of(ctx)).date():
        form.refuse(
            Invalid("date_past", "day", text=form.raw("day"))
        )  # else it is kept where nobody sees it again
    form.demand()
    async with ctx.transaction() as tx:
        await tx.lock(f"hours:{desk_id}")
        await save_closure(tx, closure)
        await audit(ctx, tx, actor, "closure.set", desk_id or "alliance", detail=closure.day.isoformat())
    return closure


async def drop_closure(ctx: Context, actor: Actor, closure_id: str) -> Closure:
    """Give a day its weekday's hours again. Raises NotFound."""
    closure = await closure_by_id(ctx.db.read, closure_id)
    if closure is None:
        raise NotFound("closure_not_found")
    await _demand(ctx, actor, closure.desk_id)
    async with ctx.transaction() as tx:
        await remove_closure(tx, closure.id)
        subject = closure.desk_id or "alliance"
        await audit(ctx, tx, actor, "closure.drop", subject, detail=closure.day.isoformat())
    return closure


def closure_from(form: Form, *, closure_id: str, desk_id: str) -> Closure:
    """The closure as filled in: day, shifts (empty: closed all day), notes. Problems stay in the form."""
    day = form.read(lambda: _date(form.raw("day")), date.min)
    shifts = _day(form, "shifts")
    blank = Closure(closure_id, desk_id, day, shifts)
    return replace(blank, note_zh=form.text("note_zh", limit=200), note_en=form.text("note_en", limit=200))


def _day(form: Form, name: str) -> Shifts:
    return form.read(lambda: parse_shifts(form.raw(name), field=name), ())


def _date(text: str) -> date:
    if not text:
        raise Invalid("field_required", "day")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("date_wrong", "day", text=text) from None


async def _demand(ctx: Context, actor: Actor, desk_id: str) -> None:
    if desk_id:
        await access_desk(ctx, actor, desk_id)
    else:
        demand(actor, Verb.KEEP_DESK, Thing())  # every desk's: only who keeps the whole alliance
