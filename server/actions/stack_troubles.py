"""Troubles of a stack that people must see: each becomes a case by itself, told to the reader first (R-ANS.6).

A trouble is a due row of kind ``stack_trouble``, written in the transaction that found it; a worker keeps it and opens
the case, once, whatever is killed in between. So a case that can not be opened holds up no event.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256

from server.actions.case_opening import open_case
from server.context import Context
from server.domain.cases import CaseKind
from server.store.dues import Due, set_due
from server.store.rows import Transaction
from server.store.stack_devices import device_by_id
from server.store.stack_lists import give_case

KIND = "stack_trouble"


class TroubleKind(StrEnum):
    """What is wrong."""

    UNSURE = "unsure"  # nobody can say whether the device did what a command says
    WRONG_ITEM = "wrong_item"  # it brought another book
    ALARM = "alarm"  # one number came with two bodies
    LOST = "lost"  # numbers never came
    NOT_APPLIED = "not_applied"  # it was understood, and the order could not take it
    DIFFERENCE = "difference"  # the store's own list and ours disagree
    MISPLACED = "misplaced"  # a book that an order has is on the store's list


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that people must look at; ``detail`` is for them to read."""

    kind: TroubleKind
    device_id: str
    command_id: str = ""
    order_id: str = ""
    line_id: str = ""
    barcode: str = ""
    count: int = 1
    detail: str = ""

    @property
    def subject(self) -> str:
        """Told twice, it is one trouble."""
        what = self.command_id or self.detail or self.device_id
        return f"{self.kind}:{sha256(f'{self.device_id}/{what}'.encode()).hexdigest()[:26]}"


async def report_trouble(ctx: Context, tx: Transaction, trouble: Trouble) -> None:
    """Somebody must look at this; a case is opened at once."""
    await set_due(tx, KIND, trouble.subject, ctx.clock.now(), asdict(trouble))


async def mind_trouble(ctx: Context, tx: Transaction, due: Due) -> None:
    """Open the trouble's case. (Due ``stack_trouble``.)"""
    trouble = Trouble(**{**due.data, "kind": TroubleKind(due.data["kind"])})
    device = await device_by_id(tx, trouble.device_id)
    case = await open_case(
        ctx,
        tx,
        kind=str(_CASES[trouble.kind]),
        client_id=due.subject_id,
        order_id=trouble.order_id,
        line_id=trouble.line_id,
        store_id=device.store_id if device else "",
        title_key=f"stack.trouble.{trouble.kind}",
        data={"barcode": trouble.barcode, "count": trouble.count, "detail": trouble.detail},
        quiet=trouble.kind is TroubleKind.ALARM,  # nothing about the books is known to be wrong
    )
    if trouble.kind is TroubleKind.DIFFERENCE:
        await give_case(tx, trouble.device_id, case.id)


_CASES = {
    TroubleKind.UNSURE: CaseKind.UNSURE,
    TroubleKind.WRONG_ITEM: CaseKind.WRONG_ITEM,
    TroubleKind.ALARM: CaseKind.DIFFERENCE,
    TroubleKind.LOST: CaseKind.DIFFERENCE,
    TroubleKind.NOT_APPLIED: CaseKind.STUCK,
    TroubleKind.DIFFERENCE: CaseKind.DIFFERENCE,
    TroubleKind.MISPLACED: CaseKind.DIFFERENCE,
}
