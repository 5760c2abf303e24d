"""Titles, carts and orders as the HTTP API shows them to their reader."""

from collections.abc import Iterable, Mapping

from server.actions.carts import Cart
from server.actions.loan_catalogue import Title, stores
from server.actions.my_orders import OwnLine, OwnOrder
from server.actions.slots import OrderStep
from server.api.routes import ApiRequest
from server.api.views import maybe, names
from server.domain.lending import TitleComment
from server.domain.loan_orders import Address, Card
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import Store
from server.domain.slots import Opening
from server.domain.told import Told
from server.wire import loan_bodies as bodies
from server.wire.frames import iso
from server.words.catalogue import text


async def title_views(r: ApiRequest, titles: Iterable[Title]) -> list[bodies.TitleView]:
    """Titles with their copies, stores by name."""
    known = await stores(r.ctx)
    return [title_view(title, known) for title in titles]


def title_view(title: Title, known: Mapping[str, Store]) -> bodies.TitleView:
    record = title.record
    return bodies.TitleView(
        record=title.id,
        title=record.title,
        authors=record.authors,
        publisher=record.publisher,
        date=record.date,
        isbns=list(record.isbns),
        class_number=record.class_number,
        cover=f"/covers/{title.id}.svg",
        free=title.copies.free,
        copies=title.copies.whole,
        stores=[
            bodies.StoreCopiesView(each.store_id, names(store.name_zh, store.name_en), each.free, each.out)
            for each in title.copies.stores
            if (store := known.get(each.store_id))
        ],
        lists=sorted(map(str, title.lists)),
    )


def comment_view(comment: TitleComment, by: str) -> bodies.CommentView:
    return bodies.CommentView(comment.id, comment.record_id, by, comment.text, iso(comment.at))


def notice_view(told: Told) -> bodies.NoticeView:
    return bodies.NoticeView(
        id=told.id,
        kind=told.kind,
        title=names(told.title_zh, told.title_en),
        text=names(told.text_zh, told.text_en),
        since=iso(told.shown_from),
        until=maybe(told.shown_until),
        stops=told.stops,
    )


def card_view(card: Card, policy: LoanPolicy) -> bodies.CardView:
    return bodies.CardView(
        kind=card.kind,
        group=card.group,
        limit=policy.items(card.kind),
        held=card.held,
        free=card.free(policy),
        barred=card.barred,
        loan_days=policy.days(card.group),
    )


async def cart_view(r: ApiRequest, cart: Cart) -> bodies.CartView:
    return bodies.CartView(
        await title_views(r, cart.cart),
        await title_views(r, cart.saved),
        await title_views(r, cart.asked),
        card_view(cart.card, cart.policy),
    )


def address_view(address: Address) -> bodies.AddressView:
    return bodies.AddressView(
        address.id, address.name, address.phone, address.region, address.line, address.is_default
    )


def order_step_view(step: OrderStep) -> bodies.OrderStepView:
    def offered(found: Iterable[Opening]) -> list[bodies.OpeningView]:
        return [
            bodies.OpeningView(each.id, each.day.isoformat(), each.slot.clock, each.slot.place, each.left)
            for each in found
        ]

    return bodies.OrderStepView(
        card=card_view(step.card, step.policy),
        addresses=[address_view(address) for address in step.addresses],
        delivery=offered(step.openings["delivery"]),
        collection=offered(step.openings["collection"]),
        coupons=[
            bodies.CouponView(
                coupon.code, names(coupon.name_zh, coupon.name_en), coupon.cents, iso(coupon.valid_until)
            )
            for coupon in step.coupons
        ],
        suggested=step.best.code if step.best else "",
        postage_cents=step.postage_cents,
        stopped=notice_view(step.stopped) if step.stopped else None,
    )


def own_line_view(r: ApiRequest, own: OwnLine) -> bodies.OwnLineView:
    line = own.line
    return bodies.OwnLineView(
        id=line.id,
        record=line.record_id,
        title=line.title,
        authors=line.authors,
        stage=str(line.state),
        said=text(f"loans.stage.{line.state}", r.language),
        lent_at=maybe(line.lent_at),
        due_at=maybe(line.due_at),
        overdue=own.overdue,
        renewals=line.renewals,
        can_renew=not own.why_not,
        can_return=own.can_return,
        can_cancel=own.can_cancel,
    )


def order_view(r: ApiRequest, own: OwnOrder) -> bodies.OrderView:
    order = own.order
    return bodies.OrderView(
        id=order.id,
        number=order.number,
        state=str(order.state),
        said=text(f"loans.state.{order.state}", r.language),
        way=order.way,
        address=order.address,
        slot=order.slot_text,
        postage_cents=order.postage_cents,
        note=order.note,
        reason=order.reason,
        placed_at=iso(order.placed_at),
        dispatch_due_at=iso(order.dispatch_due_at),
        last=order.events,
        lines=[own_line_view(r, line) for line in own.lines],
    )
