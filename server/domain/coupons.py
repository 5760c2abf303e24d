"""Freight coupons: for whom each is, and what is left of the postage (R-LOAN.9, R-COM.9). No money is taken here."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import Conflict, Invalid
from server.domain.loan_orders import COLLECTION, Card
from server.domain.loan_policies import LoanPolicy

CODE_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Coupon:
    """``cents`` are taken off the postage, 0 waives all of it; ``quota`` 0 has no end."""

    id: str
    library_id: str
    code: str
    name_zh: str
    name_en: str
    cents: int
    group: str
    reader_id: str
    quota: int
    used: int
    valid_from: datetime
    valid_until: datetime

    def name(self, language: str) -> str:
        return (self.name_en if language == "en" else "") or self.name_zh


def is_for(coupon: Coupon, card: Card, library_id: str, now: datetime) -> bool:
    """Whether this reader could use it now, as far as its own words go."""
    return (
        coupon.valid_from <= now < coupon.valid_until
        and coupon.group in ("", card.group)
        and coupon.reader_id in ("", card.reader_id)
        and coupon.library_id in ("", library_id)
        and (not coupon.quota or coupon.used < coupon.quota)
    )


def demand_coupon(coupon: Coupon | None, card: Card, library_id: str, now: datetime) -> Coupon:
    """The coupon when this reader may use it now. Raises Invalid at ``coupon``, Conflict when all are gone."""
    if coupon is None or coupon.reader_id not in ("", card.reader_id):
        raise Invalid("coupon_unknown", "coupon", "R-LOAN.9")
    if coupon.quota and coupon.used >= coupon.quota:
        raise Conflict("coupon_gone", "R-LOAN.9")
    if now < coupon.valid_from:
        raise Invalid("coupon_early", "coupon", "R-LOAN.9")
    if now >= coupon.valid_until:
        raise Invalid("coupon_over", "coupon", "R-LOAN.9")
    if not is_for(coupon, card, library_id, now):
        raise Invalid("coupon_not_yours", "coupon", "R-LOAN.9")
    return coupon


def postage(policy: LoanPolicy, way: str, coupon: Coupon | None = None) -> int:
    """What the courier will ask for, in cents; nothing for who collects."""
    if way == COLLECTION:
        return 0
    if coupon is None:
        return policy.postage_cents
    return max(0, policy.postage_cents - coupon.cents) if coupon.cents else 0


def best(coupons: list[Coupon], policy: LoanPolicy, way: str) -> Coupon | None:
    """The one that saves most, of equal ones the one that ends first; None where nothing would be saved."""
    saving = [coupon for coupon in coupons if postage(policy, way, coupon) < postage(policy, way)]
    return min(saving, key=lambda one: (postage(policy, way, one), one.valid_until, one.id), default=None)
