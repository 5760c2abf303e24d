"""What managers offer readers: freight coupons, times of delivery and collection (R-LOAN.9, R-COM.3)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from server.actions.access import audit
from server.actions.desks import zone_of
from server.context import Context
from server.domain.coupons import CODE_LIMIT, Coupon
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.forms import Form
from server.domain.loan_orders import WAYS
from server.domain.loan_policies import GROUPS
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.domain.slots import Slot
from server.store.coupon_keeping import (
    KeptSlot,
    change_coupon,
    change_slot,
    coupon_by_id,
    coupons_of,
    insert_coupon,
    insert_slot,
    kept_slot,
    kept_slots,
)

MAX_CENTS = 100_000
MAX_QUOTA = 1_000_000


async def kept_coupons(ctx: Context, actor: Actor) -> list[Coupon]:
    """The coupons that the actor keeps, the newest first, with what was used of each."""
    demand(actor, Verb.KEEP_COUPONS)
    return await coupons_of(ctx.db.read, library_scopes(actor, Verb.KEEP_COUPONS))


async def add_coupon(ctx: Context, actor: Actor, library_id: str, form: Form) -> Coupon:
    """Begin a campaign: ``code``, ``name_zh``, ``name_en``, ``amount`` (in yuan, 0 waives all), ``group``, ``quota``
    (0: without end), ``from``, ``until`` (days, both included). Raises FormRefused, Conflict ``coupon_code_taken``.
    """
    demand(actor, Verb.KEEP_COUPONS, Thing(library_id))
    code = form.text("code", limit=CODE_LIMIT, required=True).upper()
    blank = Coupon(ctx.ids.new(), library_id, code, "", "", 0, "", "", 0, 0, ctx.clock.now(), ctx.clock.now())
    coupon = _coupon(ctx, form, blank)
    async with ctx.transaction() as tx:
        if not await insert_coupon(tx, coupon):
            raise Conflict("coupon_code_taken", "R-LOAN.9", taken=code)
        await audit(ctx, tx, actor, "coupon.add", library_id or "alliance", detail=coupon.code)
    return coupon


async def edit_coupon(ctx: Context, actor: Actor, coupon_id: str, form: Form) -> Coupon:
    """Change a campaign; its code stays, and what was used of it. Raises NotFound, FormRefused."""
    before = await coupon_by_id(ctx.db.read, coupon_id)
    if before is None or not may(actor, Verb.KEEP_COUPONS, Thing(before.library_id)):
        raise NotFound("coupon_not_found")
    coupon = _coupon(ctx, form, before)
    async with ctx.transaction() as tx:
        await change_coupon(tx, coupon)
        await audit(ctx, tx, actor, "coupon.change", coupon.library_id or "alliance", detail=coupon.code)
    return coupon


async def kept_times(ctx: Context, actor: Actor) -> list[KeptSlot]:
    """The weekly times that the actor keeps, by library, way and weekday."""
    demand(actor, Verb.KEEP_SLOTS)
    return await kept_slots(ctx.db.read, library_scopes(actor, Verb.KEEP_SLOTS))


async def add_slots(
    ctx: Context, actor: Actor, library_id: str, form: Form, weekdays: list[str]
) -> list[Slot]:
    """Offer a time on some weekdays: ``way``, ``place``, ``opens``, ``closes`` (clock times), ``capacity``.

    Raises FormRefused, NotAllowed.
    """
    demand(actor, Verb.KEEP_SLOTS, Thing(library_id))
    way = form.choice("way", WAYS)
    place = form.text("place", limit=120, required=way == "collection")
    opens, closes = form.read(lambda: _clock(form, "opens"), 0), form.read(lambda: _clock(form, "closes"), 1)
    if opens >= closes:
        form.refuse(Invalid("slot_backwards", "closes", "R-COM.3"))
    days = sorted({int(day) for day in weekdays if day in {"0", "1", "2", "3", "4", "5", "6"}})
    if not days:
        form.refuse(Invalid("field_required", "weekdays"))
    capacity = form.number("capacity", low=1, high=10_000)
    form.demand()
    slots = [Slot(ctx.ids.new(), library_id, way, place, day, opens, closes, capacity) for day in days]
    async with ctx.transaction() as tx:
        for slot in slots:
            await insert_slot(tx, slot)
        await audit(ctx, tx, actor, "slot.add", library_id or "alliance", detail=f"{way} {slots[0].clock}")
    return slots


async def edit_slot(ctx: Context, actor: Actor, slot_id: str, form: Form) -> KeptSlot:
    """Change how many orders a time takes (``capacity``) and whether it is offered (``active``).

    Orders that have chosen it keep it. Raises NotFound, FormRefused.
    """
    before = await kept_slot(ctx.db.read, slot_id)
    if before is None or not may(actor, Verb.KEEP_SLOTS, Thing(before.slot.library_id)):
        raise NotFound("slot_not_found")
    capacity, active = form.number("capacity", low=1, high=10_000), form.switch("active")
    form.demand()
    async with ctx.transaction() as tx:
        await change_slot(tx, slot_id, capacity=capacity, active=active)
        await audit(ctx, tx, actor, "slot.change", before.slot.library_id or "alliance", detail=f"{capacity}")
    return KeptSlot(replace(before.slot, capacity=capacity), active)


def _coupon(ctx: Context, form: Form, before: Coupon) -> Coupon:
    first = form.read(lambda: _day(form, "from"), date.min)
    last = form.read(lambda: _day(form, "until"), date.max - timedelta(days=2))
    if first > last:
        form.refuse(Invalid("coupon_backwards", "until", "R-LOAN.9"))
    coupon = replace(
        before,
        name_zh=form.text("name_zh", limit=120, required=True),
        name_en=form.text("name_en", limit=120),
        cents=form.amount("amount", high=MAX_CENTS),
        group=form.choice("group", ("", *GROUPS)),
        quota=form.number("quota", low=0, high=MAX_QUOTA),
    )
    form.demand()
    zone = zone_of(ctx)
    begins = datetime.combine(first, time(), zone).astimezone(UTC)
    ends = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return replace(coupon, valid_from=begins, valid_until=ends)


def _day(form: Form, name: str) -> date:
    try:
        return date.fromisoformat(form.raw(name))
    except ValueError:
        raise Invalid("day_wrong", name, text=form.raw(name)[:20]) from None


def _clock(form: Form, name: str) -> int:
    """Minutes since midnight of a clock time like 9:00; 24:00 ends a day."""
    hours, _, minutes = form.raw(name).partition(":")
    if hours.isdigit() and minutes.isdigit() and len(hours) <= 2 and len(minutes) == 2:
        at = int(hours) * 60 + int(minutes)
        if at <= 1440 and int(minutes) < 60:
            return at
    raise Invalid("clock_wrong", name, text=form.raw(name)[:20])
