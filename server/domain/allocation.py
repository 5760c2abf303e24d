"""From which store a book comes: smart stack first by policy, few legs, ties in turn (R-LOAN.2, R-LOAN.6)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from server.domain.stack import Liveness


@dataclass(frozen=True, slots=True)
class Candidate:
    """A free copy of a title, with what is known of its store. ``turn`` is when the store was last given a leg."""

    item_id: str
    record_id: int
    store_id: str
    barcode: str
    tote: str
    location: str
    smart: bool
    turn: int = 0
    device_id: str = ""  # the machine that fetches there; none: people do
    device_state: str = ""
    paused: bool = False

    @property
    def fetched_by_machine(self) -> bool:
        return self.smart and bool(self.device_id) and not self.paused


def in_order_of_choice(
    candidates: Iterable[Candidate],
    *,
    smart_first: bool,
    stores_in_order: Collection[str] = (),
    stores_given_up: Collection[str] = (),
) -> list[Candidate]:
    """The copies, best first.

    A store that people gave up for this book comes last. Before that, a machine that is heard goes before one that is
    not; then, by policy, smart stacks before ordinary stores; then a store from which another book of the same order
    comes (fewer parcels); then the store served longest ago.
    """

    def merit(each: Candidate) -> tuple[bool, bool, bool, bool, int, str, str]:
        given_up = each.store_id in stores_given_up
        silent = each.fetched_by_machine and each.device_state != Liveness.ONLINE
        second = smart_first and not each.smart
        new = each.store_id not in stores_in_order
        return (given_up, silent, second, new, each.turn, each.store_id, each.item_id)

    return sorted(candidates, key=merit)
