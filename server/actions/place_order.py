"""A reader orders what is in the cart: judged by rules, written once, approved at once where the case is clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actions.desks import zone_of
from server.actions.orders import Fact, tell
from server.actions.slots import opening_text, openings_at, stopped_by
from server.context import Context
from server.domain.calendar import deadline
from server.domain.catalogue import BibliographicRecord
from server.domain.coupons import CODE_LIMIT, Coupon, demand_coupon, postage
from server.domain.errors import Conflict, Invalid, NotAllowed, TooMany
from server.domain.lending import List
from server.domain.loan_fold import OrderState
from server.domain.loan_orders import (
    DELIVERY,
    NOTE_LIMIT,
    WAYS,
    Address,
    Card,
    Standing,
    demand_card,
    demand_nothing_overdue,
    demand_open,
    demand_titles,
    why_review,
)
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import House, Stage
from server.domain.order_numbers import order_number
from server.domain.permissions import Actor, Verb, demand
from server.domain.slots import Opening, demand_opening
from server.store.calendar import read_calendar
from server.store.cards import address_of, lock_card, standing_of, take_places, use_address
from server.store.carts import take_off_list
from server.store.catalogue import records_by_ids
from server.store.coupons import coupon_by_code, take_slot, use_coupon
from server.store.dues import set_due
from server.store.loan_catalogue import copies_of
from server.store.loan_policies import keep_loan_policy
from server.store.orders import insert_order, order_by_client_id, order_by_id, order_by_number
from server.store.policies import loan_policy_at
from server.store.rows import Transaction

_LOST_FOR = timedelta(days=365)  # a book lost within a year is a reason to look (R-COM.3)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader orders. ``client_id`` names one press of the button, so that a double click orders once.

    ``slot_id`` and ``day`` name a time on offer, empty where none are offered.
    """

    client_id: str
    record_ids: tuple[int, ...]
    way: str
    address_id: str = ""
    slot_id: str = ""
    day: str = ""
    coupon_code: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found to be right, to be written."""

    policy: LoanPolicy
    records: Sequence[tuple[int, BibliographicRecord]]
    address: Address | None
    opening: Opening | None
    coupon: Coupon | None
    why: tuple[str, ...]


async def place_order(ctx: Context, actor: Actor, wanted: Wanted) -> LoanOrder:
    """Order these titles. Pressed twice, the first order is returned.

    Raises Conflict ``loans_suspended`` (R-LOAN.10), ``loans_overdue`` (R-COM.9), ``slot_full``, ``coupon_gone``,
    ``title_out``; TooMany ``card_full``; NotAllowed ``card_barred``; Invalid by field.
    """
    demand(actor, Verb.PLACE_ORDER)
    if not actor.account_id:
        raise NotAllowed("not_logged_in")
    if not wanted.client_id:
        raise Invalid("field_required", "client_id")
    client_id = f"{actor.account_id}:{wanted.client_id}"[:60]
    async with ctx.transaction() as tx:
        now = ctx.clock.now()
        card = await lock_card(tx, actor.account_id, now)  # people before orders
        if known := await order_by_client_id(tx, client_id):
            return known
        judged = await _judge(ctx, tx, actor, card, wanted)
        order_id = ctx.ids.new()
        await _take(tx, card, judged, order_id, now)
        order = await _order(ctx, tx, actor, wanted=wanted, judged=judged, order_id=order_id)
        await insert_order(tx, order, _lines(ctx, order, judged))
        await set_due(tx, "dispatch", order_id, order.dispatch_due_at)  # review does not pause it (R-LOAN.3)
        await take_off_list(tx, actor.account_id, List.CART, wanted.record_ids)
        await take_off_list(tx, actor.account_id, List.ASKED, wanted.record_ids)
        await tell(ctx, tx, order_id, [Fact(House.SUBMITTED)], actor=actor)
        if not judged.why:
            await tell(ctx, tx, order_id, [Fact(House.APPROVED, data={"by": "rules"})])
        kept = await order_by_id(tx, order_id)
    assert kept is not None
    return kept


async def _judge(ctx: Context, tx: Transaction, actor: Actor, card: Card, wanted: Wanted) -> _Judged:
    """Everything that can be in the way, the reader's own standing first."""
    now, library_id = ctx.clock.now(), actor.library_id
    record_ids = tuple(dict.fromkeys(wanted.record_ids))
    stopped = await stopped_by(tx, library_id, now)
    demand_open(stopped.title(actor.language) if stopped else "")
    demand_titles(record_ids)
    policy = await loan_policy_at(tx, library_id, now)
    demand_card(card, policy, len(record_ids))
    standing: Standing = await standing_of(tx, actor.account_id, now, now - _LOST_FOR)
    demand_nothing_overdue(standing)
    if wanted.way not in WAYS:
        raise Invalid("choice_wrong", "way", "R-COM.3", choices=", ".join(WAYS), text=wanted.way[:40])
    if len(wanted.note) > NOTE_LIMIT:
        raise Invalid("field_too_long", "note", limit=NOTE_LIMIT, length=len(wanted.note))
    records = await _records(tx, record_ids)
    address = await _address(tx, actor, wanted)
    offered = await openings_at(ctx, tx, wanted.way, library_id, now)
    chosen = f"{wanted.slot_id}/{wanted.day}" if wanted.slot_id else ""
    opening = demand_opening(chosen, offered)
    coupon = None
    if wanted.coupon_code.strip() and wanted.way == DELIVERY:
        found = await coupon_by_code(tx, wanted.coupon_code.strip()[:CODE_LIMIT])
        coupon = demand_coupon(found, card, library_id, now)
    return _Judged(policy, records, address, opening, coupon, why_review(policy, standing, record_ids))


async def _records(tx: Transaction, record_ids: Sequence[int]) -> list[tuple[int, BibliographicRecord]]:
    """The titles, each with a copy that stands free now."""
    found, copies = await records_by_ids(tx, record_ids), await copies_of(tx, record_ids)
    for record_id in record_ids:
        title = found[record_id].title if record_id in found else str(record_id)
        if record_id not in found or record_id not in copies:
            raise Invalid("title_gone", "titles", "R-LOAN.1", title=title)
        if not copies[record_id].free:
            raise Conflict("title_out", "R-LOAN.1", title=title)
    return [(record_id, found[record_id]) for record_id in record_ids]


async def _address(tx: Transaction, actor: Actor, wanted: Wanted) -> Address | None:
    if wanted.way != DELIVERY:
        return None
    if not wanted.address_id:
        raise Invalid("address_needed", "address", "R-COM.3")
    address = await address_of(tx, actor.account_id, wanted.address_id)
    if address is None:
        raise Invalid("address_needed", "address", "R-COM.3")
    return address


async def _take(tx: Transaction, card: Card, judged: _Judged, order_id: str, now: datetime) -> None:
    """Places on the card, in the slot, of the coupon: each by one conditional update, all kept or none."""
    limit, count = judged.policy.items(card.kind), len(judged.records)
    if not await take_places(tx, card.reader_id, count, limit=limit):
        free = card.free(judged.policy)
        raise TooMany("card_full", "R-COM.9", limit=limit, held=card.held, free=free)
    if judged.opening:
        opening = judged.opening
        if not await take_slot(tx, opening.slot, opening.id, opening.day.isoformat()):
            raise Conflict("slot_full", "R-COM.3")
    if judged.coupon:
        match await use_coupon(tx, judged.coupon, card.reader_id, order_id, now):
            case "used":
                raise Conflict("coupon_used", "R-LOAN.9")
            case "gone":
                raise Conflict("coupon_gone", "R-LOAN.9")
    if judged.address:
        await use_address(tx, judged.address.id, now)


async def _order(
    ctx: Context, tx: Transaction, actor: Actor, *, wanted: Wanted, judged: _Judged, order_id: str
) -> LoanOrder:
    now, zone = ctx.clock.now(), zone_of(ctx)
    policy, address, opening = judged.policy, judged.address, judged.opening
    calendar = await read_calendar(tx, now)
    due = deadline(
        now,
        calendar=calendar,
        zone=zone,
        hours=policy.dispatch_hours,
        holiday_hours=policy.dispatch_holiday_hours,
    )
    years = {at.astimezone(zone).year for at in (now, due)}
    return LoanOrder(
        id=order_id,
        number=await _number(ctx, tx, now.astimezone(zone)),
        client_id=f"{actor.account_id}:{wanted.client_id}"[:60],
        reader_id=actor.account_id,
        library_id=actor.library_id,
        name=(address.name if address else actor.name)[:60],
        phone=address.phone if address else "",
        mail=actor.mail,
        language=actor.language,
        way=wanted.way,
        address=address.text if address else "",
        slot_id=opening.slot.id if opening else "",
        slot_day=opening.day.isoformat() if opening else "",
        slot_text=opening_text(opening, actor.language)[:200] if opening else "",
        coupon_id=judged.coupon.id if judged.coupon else "",
        postage_cents=postage(policy, wanted.way, judged.coupon),
        note=wanted.note.strip(),
        state=OrderState.AWAITING_REVIEW,
        why_review=",".join(judged.why),
        reason="",
        policy_id=await keep_loan_policy(tx, policy),
        events=0,
        house_events=0,
        placed_at=now,
        dispatch_due_at=due,
        calendar_provisional=bool(years & calendar.provisional),
    )


async def _number(ctx: Context, tx: Transaction, today: datetime) -> str:
    """A number that nobody has; of a million a day one or two are drawn anew."""
    for _ in range(20):
        number = order_number(today.date(), ctx.ids.new())
        if await order_by_number(tx, number) is None:
            return number
    raise RuntimeError("no order number is free")


def _lines(ctx: Context, order: LoanOrder, judged: _Judged) -> list[LoanLine]:
    return [
        LoanLine(
            id=ctx.ids.new(),
            order_id=order.id,
            position=position,
            record_id=record_id,
            title=record.title[:300],
            authors=record.authors[:200],
            state=Stage.ASKED,
            stage_at=order.placed_at,
        )
        for position, (record_id, record) in enumerate(judged.records, start=1)
    ]
