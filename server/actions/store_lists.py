"""What waits at a store, list by list, as store keepers see it (R-LOAN.6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from server.actions.access import access_store
from server.context import Context
from server.domain.couriers import BACK, OUT
from server.domain.loan_rows import Store
from server.domain.loans import Stage
from server.domain.permissions import Actor, Verb, store_scopes
from server.domain.store_work import BACK as STANDING
from server.domain.store_work import COMING, TO_PICK, Step, ToPack, Walk, Work, WorkLine, walks
from server.store.rows import Reader
from server.store.store_work import (
    bundles_in,
    coming_to,
    lines_back_in,
    lines_in,
    orders_by_ids,
    rightly_scanned,
    stations_of,
    strays_in,
)
from server.store.stores import stores_within

_COMING_BACK = ("booked", "picked_up", "in_transit", "delivering", "delivered", "astray", "arrived")
_SENT_BACK = (
    "sent_back",
    "arrived",
)  # what readers did not take is signed for, and to be confirmed like a return
_CARRIED = ("handed_over", "picked_up", "in_transit", "delivering", "refused")


async def my_stores(ctx: Context, actor: Actor, verb: Verb = Verb.WORK_STORE) -> list[Store]:
    """The stores at which the actor may do this."""
    return await stores_within(ctx.db.read, store_scopes(actor, verb))


async def store_work(ctx: Context, actor: Actor, store_id: str) -> tuple[Store, Work]:
    """Everything that waits at a store. Raises NotFound."""
    db = ctx.db.read
    store = await access_store(db, actor, store_id, Verb.WORK_STORE)
    back = await lines_back_in(db, store.id, STANDING)
    returns = await bundles_in(db, store.id, BACK, _COMING_BACK)
    work = Work(
        walks=await _walks(db, store.id, ctx.clock.now()),
        pack=tuple(await _to_pack(db, store.id)),
        label=tuple(await bundles_in(db, store.id, OUT, ("packed",))),
        hand_over=tuple(await bundles_in(db, store.id, OUT, ("labelled",))),
        hold=tuple(await bundles_in(db, store.id, OUT, ("shelved",))),
        returns=(*returns, *await bundles_in(db, store.id, OUT, _SENT_BACK)),
        inspect=tuple(line for line in back if line.stage is Stage.RECEIVED),
        put_back=tuple(line for line in back if line.stage is not Stage.RECEIVED),
        strays=tuple(await strays_in(db, store.id, ctx.clock.now())),
        on_the_way=tuple(
            bundle
            for bundle in await bundles_in(db, store.id, OUT, _CARRIED)
            if bundle.parcel.courier == "own"
        ),
    )
    return store, replace(work, counts=_counts(work))


async def walk_of(ctx: Context, actor: Actor, store_id: str, number: int) -> tuple[Store, Walk | None]:
    """One walk of a store, to be printed. Raises NotFound."""
    store = await access_store(ctx.db.read, actor, store_id, Verb.WORK_STORE)
    found = await _walks(ctx.db.read, store.id, ctx.clock.now())
    return store, next((walk for walk in found if walk.number == number), None)


async def _walks(db: Reader, store_id: str, now: datetime) -> tuple[Walk, ...]:
    lines = await lines_in(db, store_id, TO_PICK)
    stations = await stations_of(db, store_id)
    return walks((replace(line, station=stations.get(line.line_id, "")) for line in lines), now)


async def _to_pack(db: Reader, store_id: str) -> Sequence[ToPack]:
    by_order: dict[str, list[WorkLine]] = {}
    for line in await lines_in(db, store_id, [Stage.PICKED]):
        by_order.setdefault(line.order_id, []).append(line)
    orders = await orders_by_ids(db, list(by_order))
    coming = await coming_to(db, store_id, list(by_order), COMING)
    scans = await rightly_scanned(db, list(by_order), Step.PACK)
    found = []
    for order_id, lines in by_order.items():
        again = frozenset(
            line.line_id for line in lines if line.barcode.casefold() in scans.get(line.line_id, frozenset())
        )
        found.append(ToPack(orders[order_id], tuple(lines), coming.get(order_id, 0), again))
    return found


def _counts(work: Work) -> dict[str, int]:
    """How much waits on each list, for the tabs."""
    return {
        "pick": sum(len(walk.lines) for walk in work.walks),
        "pack": len(work.pack),
        "dispatch": len(work.label) + len(work.hand_over),
        "hold": len(work.hold),
        "returns": len(work.inspect)
        + sum(bundle.parcel.state in ("arrived", "sent_back") for bundle in work.returns),
        "put_back": sum(line.stage is not Stage.PUTTING_BACK for line in work.put_back) + len(work.strays),
    }
