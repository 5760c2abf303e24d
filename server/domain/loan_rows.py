"""Loan orders, lines, items, stores and parcels as they are kept: frozen values, named as their columns."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.loan_fold import OrderState
from server.domain.loans import Stage


@dataclass(frozen=True, slots=True)
class Store:
    """Where items for online loan stand (R-LOAN.2); ``kind`` smart or ordinary, ``tier`` centre or district."""

    id: str
    library_id: str
    code: str
    name_zh: str
    name_en: str
    kind: str
    tier: str
    address: str
    phone: str
    active: bool
    created_at: datetime
    turn: int = 0  # grows with every leg: of equal stores the one served longest ago is next

    @property
    def smart(self) -> bool:
        return self.kind == "smart"

    def name(self, language: str) -> str:
        """Its name in a language, the other one's where it has none."""
        first, second = (self.name_en, self.name_zh) if language == "en" else (self.name_zh, self.name_en)
        return first or second


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where in a store an item stands: on which shelf, or in which tote of a smart stack."""

    location: str = ""
    tote: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One physical volume; ``state`` moves by conditional updates only."""

    id: str
    record_id: int
    barcode: str
    library_id: str
    store_id: str
    location: str
    tote: str
    added_at: datetime
    state: str = "available"
    order_id: str = ""
    line_id: str = ""
    new_until_at: datetime | None = None
    checked_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LoanOrder:
    """One order as its row holds it; ``state`` is what the fold of its events said last."""

    id: str
    number: str
    client_id: str
    reader_id: str
    library_id: str
    name: str
    phone: str
    mail: str
    language: str
    way: str
    address: str
    slot_id: str
    slot_day: str
    slot_text: str
    coupon_id: str
    postage_cents: int
    note: str
    state: OrderState
    why_review: str
    reason: str
    policy_id: str
    events: int
    house_events: int
    placed_at: datetime
    dispatch_due_at: datetime
    calendar_provisional: bool
    dispatched_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoanLine:
    """One book of an order as its row holds it; item, store and command are those of the attempt in force."""

    id: str
    order_id: str
    position: int
    record_id: int
    title: str
    authors: str
    state: Stage
    stage_at: datetime
    store_id: str = ""
    item_id: str = ""
    barcode: str = ""
    location: str = ""
    command_id: str = ""
    parcel_id: str = ""
    attempts: int = 0
    lent_at: datetime | None = None
    due_at: datetime | None = None
    renewals: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the courier carries, ``direction`` out or back."""

    id: str
    order_id: str
    store_id: str
    direction: str
    state: str
    courier: str
    waybill: str
    batch_id: str
    items: int
    pickup: str
    made_at: datetime
    handed_at: datetime | None = None
    signed_at: datetime | None = None
    confirm_due_at: datetime | None = None
    confirmed_at: datetime | None = None
    track_at: datetime | None = None
