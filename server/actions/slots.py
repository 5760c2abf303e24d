"""What a reader can choose from when ordering: times, offers, and whether orders are taken at all (R-COM.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actions.desks import zone_of
from server.context import Context
from server.domain.coupons import Coupon, best, postage
from server.domain.loan_orders import COLLECTION, DELIVERY, WAYS, Address, Card
from server.domain.loan_policies import LoanPolicy
from server.domain.permissions import Actor, Verb, demand
from server.domain.slots import Opening, openings
from server.domain.told import Told
from server.store.calendar import read_calendar
from server.store.cards import addresses_of, card_of
from server.store.coupons import coupons_for, slots_for, taken_on
from server.store.policies import loan_policy_at
from server.store.rows import Reader
from server.store.told import shown_now
from server.words.catalogue import text
from server.words.times import day_text


@dataclass(frozen=True, slots=True)
class OrderStep:
    """Everything that stands on the one step between cart and order."""

    card: Card
    policy: LoanPolicy
    addresses: Sequence[Address]
    openings: dict[str, list[Opening]]  # by way
    coupons: Sequence[Coupon]
    best: Coupon | None  # chosen unless the reader says otherwise
    stopped: Told | None

    @property
    def postage_cents(self) -> int:
        return postage(self.policy, DELIVERY, self.best)


async def order_step(ctx: Context, actor: Actor) -> OrderStep:
    """What the reader can choose from now."""
    demand(actor, Verb.PLACE_ORDER)
    db, now = ctx.db.read, ctx.clock.now()
    card = await card_of(db, actor.account_id)
    policy = await loan_policy_at(db, actor.library_id, now)
    coupons = await coupons_for(db, actor.account_id, group=card.group, library_id=actor.library_id, now=now)
    return OrderStep(
        card,
        policy,
        await addresses_of(db, actor.account_id),
        {way: await openings_at(ctx, db, way, actor.library_id, now) for way in WAYS},
        coupons,
        best(coupons, policy, DELIVERY),
        await stopped_by(db, actor.library_id, now),
    )


async def offers_for(ctx: Context, actor: Actor) -> list[Coupon]:
    """What a reader who is logged in is offered now; their group's first (R-LOAN.9)."""
    if not actor.account_id:
        return []
    card = await card_of(ctx.db.read, actor.account_id)
    found = await coupons_for(
        ctx.db.read,
        actor.account_id,
        group=card.group,
        library_id=actor.library_id,
        now=ctx.clock.now(),
    )
    return sorted(found, key=lambda coupon: not (coupon.group or coupon.reader_id))


async def openings_at(ctx: Context, db: Reader, way: str, library_id: str, now: datetime) -> list[Opening]:
    """The times of a library, full ones too."""
    zone = zone_of(ctx)
    slots = await slots_for(db, way, library_id)
    taken = await taken_on(db, [slot.id for slot in slots], now.astimezone(zone).date().isoformat())
    calendar = await read_calendar(db, now)
    return openings(slots, taken, now=now, zone=zone, calendar=calendar)


async def stopped_by(db: Reader, library_id: str, now: datetime) -> Told | None:
    """The notice that has suspended orders, if any (R-LOAN.10)."""
    return next((told for told in await shown_now(db, now, library_id=library_id) if told.stops), None)


def opening_text(opening: Opening, language: str) -> str:
    """A chosen time in words: 2026年11月24日 周二 9:00–12:00, and for collection where."""
    weekday = text(f"time.weekday.{opening.day.weekday()}", language)
    said = f"{day_text(opening.day, language)} {weekday} {opening.slot.clock}"
    return f"{said} · {opening.slot.place}" if opening.slot.way == COLLECTION and opening.slot.place else said
