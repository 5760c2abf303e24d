"""A loan order while a transaction works on it, what is said of it, and what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.domain.loan_fold import Fold, Order
from server.domain.loan_rows import LoanLine, LoanOrder
from server.domain.loans import HOUSE, House, OrderEvent, Stage


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
    """An order at work within a transaction: locked, read whole, and folded on after every step."""

    row: LoanOrder
    lines: dict[str, LoanLine]
    events: list[OrderEvent]
    fresh: list[OrderEvent] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # lines whose rows are to be written
    tried: set[str] = field(default_factory=set)  # lines for which a copy was looked for in this transaction
    counted: set[str] = field(init=False)  # lines that take a place on the reader's card
    folded: Order = field(init=False)
    number: int = field(init=False)  # of the last event, in the order of arrival
    house_events: int = field(init=False)
    _fold: Fold = field(init=False)

    def __post_init__(self) -> None:
        self._fold = Fold(self.lines, self.events)
        self.folded = self._fold.order()
        self.counted = {line.id for line in self.folded.lines.values() if line.counts}
        self.number, self.house_events = self.row.events, self.row.house_events

    def add(self, event: OrderEvent) -> None:
        """One more event; ``folded`` is what it was until `fold` is called."""
        self.events.append(event)
        self.fresh.append(event)
        self.number = event.number
        self.house_events += event.source == HOUSE

    def fold(self) -> None:
        """Bring ``folded`` up to the last event."""
        self._fold.take(self.fresh)
        self.folded = self._fold.order()


@dataclass(frozen=True, slots=True)
class Changed:
    """A line has come from one stage to another."""

    line_id: str
    before: Stage
    after: Stage
    newly_lent: bool = False
    renewed: bool = False
