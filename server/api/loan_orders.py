"""Endpoints of a reader's loan orders: place, watch, cancel, renew, return."""

from server.actions.desks import zone_of
from server.actions.my_orders import my_orders, own_orders
from server.actions.order_views import event_words, order_story
from server.actions.order_wishes import Return, book_return, cancel_lines, cancel_return, renew_line
from server.actions.place_order import Wanted, place_order
from server.api.loan_views import card_view, order_view, own_line_view
from server.api.routes import ApiRequest, Endpoint
from server.domain.permissions import Verb
from server.domain.slots import pickups
from server.wire import loan_bodies as bodies
from server.wire.frames import iso


async def place(r: ApiRequest) -> bodies.OrderView:
    body: bodies.PlaceOrder = r.body
    slot_id, _, day = body.slot.partition("/")
    wanted = Wanted(
        body.client_id,
        tuple(body.records),
        body.way,
        address_id=body.address,
        slot_id=slot_id,
        day=day,
        coupon_code=body.coupon,
        note=body.note,
    )
    return await _order(r, (await place_order(r.ctx, r.actor, wanted)).id)


async def mine(r: ApiRequest) -> bodies.MyOrdersView:
    page = await my_orders(r.ctx, r.actor, before=r.instant("before"), before_id=r.query.get("before_id", ""))
    return bodies.MyOrdersView(
        at_home=[own_line_view(r, line) for line in page.at_home],
        under_way=[order_view(r, own) for own in page.under_way],
        over=[order_view(r, own) for own in page.over],
        more=bodies.Place(iso(page.more[0]), page.more[1]) if page.more else None,
        card=card_view(page.card, page.policy),
    )


async def show(r: ApiRequest) -> bodies.OrderStoryView:
    story = await order_story(r.ctx, r.actor, r.path["id"], public_only=True)
    (own,) = await own_orders(r.ctx, r.actor, [story.order])
    events = [
        bodies.EventView(
            event.number,
            event.kind,
            str(event.mouth),
            event.line_id,
            event_words(event, r.language),
            iso(event.at),
        )
        for event in story.events
    ]
    return bodies.OrderStoryView(order_view(r, own), events)


async def cancel(r: ApiRequest) -> bodies.OrderView:
    await cancel_lines(r.ctx, r.actor, r.path["id"], r.body.lines, reason=r.body.reason)
    return await _order(r, r.path["id"])


async def renew(r: ApiRequest) -> bodies.OrderView:
    await renew_line(r.ctx, r.actor, r.path["id"], r.body.line)
    return await _order(r, r.path["id"])


async def send_back(r: ApiRequest) -> list[bodies.BookedReturn]:
    body: bodies.BookReturn = r.body
    wanted = Return(tuple(body.lines), body.address, body.pickup)
    return [
        bodies.BookedReturn(parcel.id, parcel.courier, parcel.waybill, parcel.pickup)
        for parcel in await book_return(r.ctx, r.actor, r.path["id"], wanted)
    ]


async def keep_after_all(r: ApiRequest) -> bodies.OrderView:
    await cancel_return(r.ctx, r.actor, r.path["id"], r.body.lines)
    return await _order(r, r.path["id"])


async def pickup_times(r: ApiRequest) -> list[bodies.PickupView]:
    return [
        bodies.PickupView(each.id, each.day.isoformat(), each.clock)
        for each in pickups(r.ctx.clock.now(), zone_of(r.ctx))
    ]


async def _order(r: ApiRequest, order_id: str) -> bodies.OrderView:
    story = await order_story(r.ctx, r.actor, order_id, public_only=True)
    (own,) = await own_orders(r.ctx, r.actor, [story.order])
    return order_view(r, own)


_O = "/api/me/orders/{id}"
ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/me/orders",
        Verb.PLACE_ORDER,
        place,
        "Order titles; pressed twice, the first order is returned (R-COM.3, R-COM.9)",
        body=bodies.PlaceOrder,
        answer=bodies.OrderView,
        status=201,
    ),
    Endpoint(
        "GET",
        "/api/me/orders",
        Verb.READ_ORDER,
        mine,
        "Books at home, orders under way and past ones, newest first (R-COM.4)",
        answer=bodies.MyOrdersView,
    ),
    Endpoint(
        "GET",
        _O,
        Verb.READ_ORDER,
        show,
        "One order and what happened to it, as its reader is told",
        answer=bodies.OrderStoryView,
    ),
    Endpoint(
        "POST",
        _O + "/cancel",
        Verb.CHANGE_ORDER,
        cancel,
        "Cancel books of an order, or all of it",
        body=bodies.CancelLines,
        answer=bodies.OrderView,
    ),
    Endpoint(
        "POST",
        _O + "/renew",
        Verb.CHANGE_ORDER,
        renew,
        "Keep a book longer, once (R-COM.9)",
        body=bodies.RenewLine,
        answer=bodies.OrderView,
    ),
    Endpoint(
        "POST",
        _O + "/return",
        Verb.CHANGE_ORDER,
        send_back,
        "Have a courier fetch books (R-LOAN.1)",
        body=bodies.BookReturn,
        answer=list[bodies.BookedReturn],
        status=201,
    ),
    Endpoint(
        "POST",
        _O + "/keep",
        Verb.CHANGE_ORDER,
        keep_after_all,
        "Take the return of books back",
        body=bodies.KeepLines,
        answer=bodies.OrderView,
    ),
    Endpoint(
        "GET",
        "/api/me/pickup-times",
        Verb.CHANGE_ORDER,
        pickup_times,
        "When a courier can come for a return",
        answer=list[bodies.PickupView],
    ),
]
