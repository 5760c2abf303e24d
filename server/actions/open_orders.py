"""A loan order while a transaction works on it, what is said of it, and what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.domain.loan_fold import Order
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import House, OrderEvent, Stage


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the house says of an order, or of some of its lines (none: of the whole)."""

    kind: House
    line_ids: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    command_id: str = ""
    public: bool = True


@dataclass(slots=True)
class OpenOrder:
    """An order at work within a transaction: locked, read whole, and folded after every step."""

    row: LoanOrder
    lines: dict[str, LoanLine]
    events: list[OrderEvent]
    folded: Order
    fresh: list[OrderEvent] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # lines whose rows are to be written
    counted: set[str] = field(default_factory=set)  # lines that take a place on the reader's card
    tried: set[str] = field(default_factory=set)  # lines for which a copy was looked for in this transaction


@dataclass(frozen=True, slots=True)
class Changed:
    """A line has come from one stage to another."""

    line_id: str
    before: Stage
    after: Stage
    newly_lent: bool = False
    renewed: bool = False
