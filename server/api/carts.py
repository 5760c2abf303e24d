"""Endpoints of a reader's loan cart, lists, card and address book."""

from server.actions.addresses import drop_address, keep_address, list_addresses
from server.actions.cards import own_card, readers_card, set_card
from server.actions.carts import drop_title, keep_title, show_cart
from server.actions.slots import order_step
from server.api.loan_views import address_view, card_view, cart_view, order_step_view
from server.api.loans import record_of
from server.api.routes import ApiRequest, Endpoint
from server.domain.forms import Form
from server.domain.lending import checked_list
from server.domain.permissions import Verb
from server.wire import loan_bodies as bodies


async def show(r: ApiRequest) -> bodies.CartView:
    return await cart_view(r, await show_cart(r.ctx, r.actor))


async def keep(r: ApiRequest) -> bodies.CartView:
    await keep_title(r.ctx, r.actor, r.body.record, checked_list(r.path["list"]))
    return await show(r)


async def drop(r: ApiRequest) -> bodies.CartView:
    await drop_title(r.ctx, r.actor, record_of(r.path["id"]), checked_list(r.path["list"]))
    return await show(r)


async def card(r: ApiRequest) -> bodies.CardView:
    return card_view(*await own_card(r.ctx, r.actor))


async def show_card(r: ApiRequest) -> bodies.CardView:
    return card_view(*await readers_card(r.ctx, r.actor, r.path["id"]))


async def change_card(r: ApiRequest) -> bodies.CardView:
    body: bodies.SetCard = r.body
    form = Form({"kind": body.kind, "group": body.group, "barred": body.barred})
    return card_view(*await set_card(r.ctx, r.actor, r.path["id"], form))


async def addresses(r: ApiRequest) -> list[bodies.AddressView]:
    return [address_view(each) for each in await list_addresses(r.ctx, r.actor)]


async def add_address(r: ApiRequest) -> bodies.AddressView:
    return address_view(await keep_address(r.ctx, r.actor, _form(r.body)))


async def change_address(r: ApiRequest) -> bodies.AddressView:
    return address_view(await keep_address(r.ctx, r.actor, _form(r.body), address_id=r.path["id"]))


async def forget_address(r: ApiRequest) -> None:
    await drop_address(r.ctx, r.actor, r.path["id"])


async def choices(r: ApiRequest) -> bodies.OrderStepView:
    return order_step_view(await order_step(r.ctx, r.actor))


def _form(body: bodies.KeepAddress) -> Form:
    return Form(
        {
            "name": body.name,
            "phone": body.phone,
            "region": body.region,
            "line": body.line,
            "default": "1" if body.default else "",
        }
    )


ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/me/cart",
        Verb.KEEP_CART,
        show,
        "The reader's cart, saved list and titles asked for, with the card's limits",
        answer=bodies.CartView,
    ),
    Endpoint(
        "POST",
        "/api/me/lists/{list}",
        Verb.KEEP_CART,
        keep,
        "Put a title on a list: cart, saved or asked (R-COM.2, R-COM.4)",
        body=bodies.KeepTitle,
        answer=bodies.CartView,
    ),
    Endpoint(
        "DELETE",
        "/api/me/lists/{list}/{id}",
        Verb.KEEP_CART,
        drop,
        "Take a title off a list",
        answer=bodies.CartView,
    ),
    Endpoint(
        "GET", "/api/me/card", Verb.KEEP_CART, card, "What the reader may borrow", answer=bodies.CardView
    ),
    Endpoint(
        "GET",
        "/api/me/addresses",
        Verb.KEEP_CART,
        addresses,
        "The reader's addresses, the usual one first",
        answer=list[bodies.AddressView],
    ),
    Endpoint(
        "POST",
        "/api/me/addresses",
        Verb.KEEP_CART,
        add_address,
        "Add an address",
        body=bodies.KeepAddress,
        answer=bodies.AddressView,
        status=201,
    ),
    Endpoint(
        "PUT",
        "/api/me/addresses/{id}",
        Verb.KEEP_CART,
        change_address,
        "Change an address",
        body=bodies.KeepAddress,
        answer=bodies.AddressView,
    ),
    Endpoint("DELETE", "/api/me/addresses/{id}", Verb.KEEP_CART, forget_address, "Forget an address"),
    Endpoint(
        "GET",
        "/api/me/order-step",
        Verb.PLACE_ORDER,
        choices,
        "What can be chosen from when ordering: addresses, times, coupons, postage",
        answer=bodies.OrderStepView,
    ),
    Endpoint(
        "GET",
        "/api/manage/readers/{id}/card",
        Verb.KEEP_CARDS,
        show_card,
        "A reader's card",
        answer=bodies.CardView,
    ),
    Endpoint(
        "PUT",
        "/api/manage/readers/{id}/card",
        Verb.KEEP_CARDS,
        change_card,
        "Set a reader's card kind and group, bar it or not (R-COM.1, R-LOAN.9)",
        body=bodies.SetCard,
        answer=bodies.CardView,
    ),
]
