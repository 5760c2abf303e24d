"""My loan cart: what was picked and put by, what is on loan; then one step to the order (R-COM.2, R-COM.9)."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from server.actions.addresses import drop_address, keep_address, list_addresses
from server.actions.carts import show_cart
from server.actions.my_orders import my_orders
from server.actions.place_order import Wanted, place_order
from server.actions.slots import OrderStep, order_step
from server.domain.coupons import Coupon, postage
from server.domain.errors import Refusal
from server.domain.forms import Form
from server.domain.loan_orders import COLLECTION, DELIVERY, NOTE_LIMIT, WAYS
from server.domain.permissions import Verb
from server.domain.slots import Opening
from server.wire.outcomes import way_of
from server.words.catalogue import text
from server.words.times import short_day
from web.loan_parts import back_to, frame, money, shown, told
from web.log_ins import filled
from web.pages.base import Page, PageRequest

_ADDRESS = ("name", "phone", "region", "line")
_NEW = "new"


async def show(page: PageRequest) -> Response:
    """The cart, the lists beside it, and the books that the reader has."""
    cart = await show_cart(page.ctx, page.actor)
    titles = await shown(page, cart.cart)
    mine = await my_orders(page.ctx, page.actor)
    free = [each for each in titles if each.title.copies.free]
    return page.render(
        "loans_cart.html",
        cart=cart,
        titles=titles,
        saved=await shown(page, cart.saved),
        asked=await shown(page, cart.asked),
        at_home=mine.at_home,
        fits=0 < len(free) <= cart.card.free(cart.policy),
        can_go=len(free),
        left=cart.card.free(cart.policy),
        here_address="/loans/cart",
        **await frame(page),
    )


async def show_step(page: PageRequest) -> Response:
    """Everything that is to be said for an order, on one page."""
    return await _step(page, {})


async def order(page: PageRequest) -> Response:
    """Place it. An address filled in for the first time is kept in the address book."""
    values = {name: str(value) for name, value in (await page.form()).items()}
    cart = await show_cart(page.ctx, page.actor)
    chosen = tuple(title.id for title in cart.cart if title.copies.free)
    way = values.get("way", "")
    slot_id, _, day = values.get(f"slot_{way}", "").partition("/")
    try:
        address_id = await _address(page, values) if way == DELIVERY else ""
        wanted = Wanted(
            values.get("client_id", ""),
            chosen,
            way,
            address_id=address_id,
            slot_id=slot_id,
            day=day,
            coupon_code=values.get("code", "").strip() or values.get("coupon", ""),
            note=values.get("note", ""),
        )
        placed = await place_order(page.ctx, page.actor, wanted)
    except Refusal as refusal:
        return await _step(page, values, refusal)
    return page.redirect(f"/loans/orders/{placed.id}", done="ordered")


async def show_addresses(page: PageRequest) -> Response:
    """The address book."""
    return await _addresses(page, {})


async def keep(page: PageRequest) -> Response:
    """Add an address, or change one."""
    form = await page.form()
    values = {name: filled(form, name) for name in (*_ADDRESS, "default", "id", "back")}
    try:
        await keep_address(page.ctx, page.actor, Form(values), address_id=values["id"])
    except Refusal as refusal:
        return await _addresses(page, values, refusal)
    return page.redirect(back_to(values["back"], "/loans/addresses"), done="address")


async def forget(page: PageRequest) -> Response:
    """Forget an address."""
    await drop_address(page.ctx, page.actor, page.path["id"])
    return page.redirect("/loans/addresses")


async def _address(page: PageRequest, values: Mapping[str, str]) -> str:
    """The chosen address; a new one is kept first. Raises FormRefused."""
    chosen = values.get("address", "")
    if chosen and chosen != _NEW:
        return chosen
    kept = await keep_address(page.ctx, page.actor, Form({name: values.get(name, "") for name in _ADDRESS}))
    return kept.id


async def _step(page: PageRequest, values: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    cart = await show_cart(page.ctx, page.actor)
    titles = [each for each in await shown(page, cart.cart) if each.title.copies.free]
    if not titles and refusal is None:
        return page.redirect("/loans/cart")
    step = await order_step(page.ctx, page.actor)
    problems = told(page, refusal)
    return page.render(
        "loans_order_step.html",
        status=way_of(refusal).status if refusal else 200,
        step=step,
        cart=cart,
        titles=titles,
        values=_defaults(page, step, values),
        offered={way: _dated(page, step.openings[way]) for way in WAYS},
        coupons=_coupons(page, step),
        note_limit=NOTE_LIMIT,
        problems=[(_place_of(field, values), said) for field, said in problems],
        errors=dict(problems),
        **await frame(page),
    )


def _defaults(page: PageRequest, step: OrderStep, values: Mapping[str, str]) -> dict[str, str]:
    """What the form shows chosen: what was sent, else the usual."""
    usual = step.addresses[0].id if step.addresses else _NEW
    first = {
        "client_id": page.ctx.ids.new(),
        "way": DELIVERY,
        "address": usual,
        "coupon": step.best.code if step.best else "",
        "code": "",
        "note": "",
        "name": page.actor.name,
        "phone": "",
        "region": "",
        "line": "",
        **{f"slot_{way}": _first_open(step.openings[way]) for way in WAYS},
    }
    return {**first, **{name: value for name, value in values.items() if name in first}}


def _first_open(openings: list[Opening]) -> str:
    return next((each.id for each in openings if each.left), "")


def _dated(page: PageRequest, openings: list[Opening]) -> list[tuple[str, Opening]]:
    """The times on offer, each with its day as people say it."""

    def day(each: Opening) -> str:
        weekday = text(f"time.weekday.{each.day.weekday()}", page.language)
        return f"{short_day(each.day, page.language)} {weekday}"

    return [(day(each), each) for each in openings]


def _coupons(page: PageRequest, step: OrderStep) -> list[tuple[str, str, str]]:
    """Offers as choices: code, name, what is left to pay with it."""

    def left(coupon: Coupon | None) -> str:
        cents = postage(step.policy, DELIVERY, coupon)
        if not cents:
            return text("loans.offer_all", page.language)
        return text("loans.step.with_coupon", page.language, amount=money(cents, page.language))

    found = [(coupon.code, coupon.name(page.language), left(coupon)) for coupon in step.coupons]
    return [*found, ("", text("loans.step.no_coupon", page.language), left(None))] if found else []


def _place_of(field: str, values: Mapping[str, str]) -> str:
    """Where on the page the field stands."""
    if field == "slot":
        return f"slot_{COLLECTION if values.get('way') == COLLECTION else DELIVERY}"
    return {"coupon": "code", "titles": ""}.get(field, field)


async def _addresses(
    page: PageRequest, values: Mapping[str, str], refusal: Refusal | None = None
) -> Response:
    addresses = await list_addresses(page.ctx, page.actor)
    chosen = page.query.get("id", "") or values.get("id", "")
    known = next((each for each in addresses if each.id == chosen), None)
    begun: dict[str, Any] = {name: getattr(known, name) if known else "" for name in _ADDRESS}
    begun |= {"default": "1" if known and known.is_default else "", "id": known.id if known else ""}
    problems = told(page, refusal)
    return page.render(
        "loans_addresses.html",
        status=way_of(refusal).status if refusal else 200,
        addresses=addresses,
        known=known,
        values={**begun, **values} if refusal else begun,
        problems=problems,
        errors=dict(problems),
        back=back_to(page.query.get("back", ""), ""),
        **await frame(page),
    )


PAGES = [
    Page("GET", "/loans/cart", Verb.KEEP_CART, show),
    Page("GET", "/loans/cart/order", Verb.PLACE_ORDER, show_step),
    Page("POST", "/loans/cart/order", Verb.PLACE_ORDER, order),
    Page("GET", "/loans/addresses", Verb.KEEP_CART, show_addresses),
    Page("POST", "/loans/addresses", Verb.KEEP_CART, keep),
    Page("POST", "/loans/addresses/{id}/forget", Verb.KEEP_CART, forget),
]
