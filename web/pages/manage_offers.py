"""The managers' screens of freight coupons and of delivery and collection times (R-LOAN.9, R-COM.3)."""

from datetime import timedelta

from starlette.responses import Response

from server.actions.desks import zone_of
from server.actions.loan_offers import add_coupon, add_slots, edit_coupon, edit_slot, kept_coupons, kept_times
from server.domain.coupons import Coupon
from server.domain.forms import yuan
from server.domain.loan_orders import WAYS
from server.domain.loan_policies import GROUPS
from server.domain.permissions import Verb
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, chosen, filled, refill
from web.pages.managing_loans import choices, show_loans

_COUPONS, _SLOTS = "/manage/coupons", "/manage/slots"


async def coupons(
    page: PageRequest, *, fill: Fill | None = None, wrong: str = "", status: int = 200
) -> Response:
    """All coupons with what was used of each, and the form for a new one. ``wrong``: which form was sent."""
    now, zone = page.ctx.clock.now(), zone_of(page.ctx)
    today = now.astimezone(zone).date()
    fresh = {
        "amount": yuan(0),
        "quota": "0",
        "from": today.isoformat(),
        "until": (today + timedelta(30)).isoformat(),
    }

    def days(coupon: Coupon) -> tuple[str, str]:
        last = (coupon.valid_until - timedelta(microseconds=1)).astimezone(zone)
        return coupon.valid_from.astimezone(zone).date().isoformat(), last.date().isoformat()

    def as_filled(coupon: Coupon) -> Fill:
        values = {name: str(getattr(coupon, name)) for name in ("name_zh", "name_en", "group", "quota")}
        span = dict(zip(("from", "until"), days(coupon), strict=True))
        return Fill(values | span | {"amount": yuan(coupon.cents)})

    return show_loans(
        page,
        "manage_coupons.html",
        _COUPONS,
        status=status,
        coupons=await kept_coupons(page.ctx, page.actor),
        days=days,
        as_filled=as_filled,
        fill=fill or Fill(fresh),
        wrong=wrong,
        groups=[
            ("", text("coupons.everybody", page.language)),
            *((group, text(f"loans.group.{group}", page.language)) for group in GROUPS),
        ],
        libraries=await choices(page, Verb.KEEP_COUPONS, text("coupons.alliance", page.language)),
    )


async def new_coupon(page: PageRequest) -> Response:
    form = await filled(page)
    try:
        await add_coupon(page.ctx, page.actor, form.raw("library"), form)
    except CORRECTABLE as refusal:
        return await coupons(page, fill=await refill(page, refusal, fallback="code"), wrong="new", status=422)
    return page.redirect(_COUPONS, done="added")


async def change_coupon(page: PageRequest) -> Response:
    try:
        await edit_coupon(page.ctx, page.actor, page.path["id"], await filled(page))
    except CORRECTABLE as refusal:
        fill = await refill(page, refusal, fallback="name_zh")
        return await coupons(page, fill=fill, wrong=page.path["id"], status=422)
    return page.redirect(_COUPONS, done="saved")


async def slots(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """All weekly times, and the form for new ones."""
    ticked = await chosen(page, "weekday") if page.request.method == "POST" else []
    libraries = await choices(page, Verb.KEEP_SLOTS, text("coupons.alliance", page.language))
    return show_loans(
        page,
        "manage_slots.html",
        _SLOTS,
        status=status,
        kept=await kept_times(page.ctx, page.actor),
        fill=fill or Fill({"way": "delivery", "opens": "9:00", "closes": "12:00", "capacity": "20"}),
        ticked=ticked,
        ways=[(way, text(f"slots.{way}", page.language)) for way in WAYS],
        libraries=[each for each in libraries if each[0]],
        named=dict(libraries),
    )


async def new_slots(page: PageRequest) -> Response:
    form = await filled(page)
    try:
        await add_slots(page.ctx, page.actor, form.raw("library"), form, await chosen(page, "weekday"))
    except CORRECTABLE as refusal:
        return await slots(page, fill=await refill(page, refusal, fallback="opens"), status=422)
    return page.redirect(_SLOTS, done="added")


async def change_slot(page: PageRequest) -> Response:
    try:
        await edit_slot(page.ctx, page.actor, page.path["id"], await filled(page))
    except CORRECTABLE as refusal:
        return await slots(page, fill=await refill(page, refusal, fallback="capacity"), status=422)
    return page.redirect(_SLOTS, done="saved")


PAGES = [
    Page("GET", _COUPONS, Verb.KEEP_COUPONS, coupons),
    Page("POST", _COUPONS, Verb.KEEP_COUPONS, new_coupon),
    Page("POST", f"{_COUPONS}/{{id}}", Verb.KEEP_COUPONS, change_coupon),
    Page("GET", _SLOTS, Verb.KEEP_SLOTS, slots),
    Page("POST", _SLOTS, Verb.KEEP_SLOTS, new_slots),
    Page("POST", f"{_SLOTS}/{{id}}", Verb.KEEP_SLOTS, change_slot),
]
