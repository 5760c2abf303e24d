"""Many conversations that come to a moment together are left as each would have been left alone."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions.offers import decline_offer
from server.actions.routing import dispatch
from server.domain.permissions import Role
from server.store.dues import due_by_now, finish_dues
from server.store.presence import Link
from server.store.rows import Transaction
from tests.hall import Hall, open_hall
from workers.promises import PROMISES

KINDS = ["widen", "offer_again", "offer_expiry", "librarian_lost", "reader_gone"]
# What may differ: how often a console was told, and in which order rows were written.
_TABLES = {
    "chat_session": "id",
    "chat_log": "session_id",
    "chat_participant": "id",
    "chat_event": "session_id, audience, seq",
    "duty": "staff_id",
    "due": "id",
}
_OWN = {"chat_event": {"id"}, "duty": {"version"}}


class _Undo(Exception):
    """Enough has been seen."""


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


async def fill(hall: Hall) -> None:
    """Readers who talk, are offered, have been declined, wait; librarians, an intern, and who stands behind them."""
    await hall.set_policy("intern_live", "supervised")
    await hall.staff("kim", "near", role=Role.INTERN)
    await hall.staff("ann", "near", capacity=1)
    await hall.talk("kim", "r1", "near")
    lin = await hall.staff("lin", capacity=3)
    await hall.talk("lin", "r2")
    back = await hall.talk("lin", "r3")
    for reader in ("r4", "r5"):
        await hall.ask(reader, topic="account")
        await hall.work()
        offer = await hall.offered("lin")
        assert offer is not None
        await decline_offer(hall.ctx, lin, offer.offer_id)
    await hall.ask("r6")
    await hall.ask("r7", "far", language="en")
    await hall.staff("mei", "far")
    await hall.ask("r8", "far")
    await hall.work()
    await hall.lease.opened(Link(hall.ctx.ids.new(), "reader", back))
    for name in ("lin", "mei", "ann"):
        await hall.go(name)
    await hall.come("mei")
    hall.clock.at += timedelta(seconds=16)


async def picture(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            {name: value for name, value in dict(row).items() if name not in _OWN.get(table, ())}
            for row in await tx.rows(f"SELECT * FROM {table} ORDER BY {order}")
        ]
        for table, order in _TABLES.items()
    }


async def kept(hall: Hall, name: str, *, together: bool) -> tuple[Any, Any, Mapping[str, datetime], set[str]]:
    """The world before and after all promises of one kind, when each falls due again, and who was told; then undone."""
    kind = PROMISES[name]
    assert kind.together is not None
    try:
        async with hall.ctx.transaction() as tx:
            before = await picture(tx)
            dues = await due_by_now(tx, hall.clock.now() + timedelta(days=1), [name], limit=100)
            assert len(dues) > 1
            if together:
                again = await kind.together(hall.ctx, tx, dues)
            else:
                outcomes = {due.subject_id: await kind.keep(hall.ctx, tx, due) for due in dues}
                again = {subject: at for subject, at in outcomes.items() if at is not None}
            assert await finish_dues(tx, dues, again)
            after, told = await picture(tx), {_said(event) for event in tx.announced}
            raise _Undo
    except _Undo:
        return before, after, again, told


def _said(event: Any) -> str:
    return repr((type(event), *(getattr(event, name) for name in event.__slots__ if name != "version")))


@pytest.mark.parametrize("name", KINDS)
async def test_many_kept_together_are_left_as_each_alone_would_have_been(hall: Hall, name: str) -> None:
    await fill(hall)
    alone = await kept(hall, name, together=False)
    assert alone[0] != alone[1]
    assert await kept(hall, name, together=True) == alone


async def test_what_came_to_an_end_before_is_left_alone(hall: Hall) -> None:
    await fill(hall)
    for name in KINDS:
        async with hall.ctx.transaction() as tx:
            dues = await due_by_now(tx, hall.clock.now() + timedelta(days=1), [name], limit=100)
            together = PROMISES[name].together
            assert together is not None
            await together(hall.ctx, tx, dues)
            before = await picture(tx)
            await together(hall.ctx, tx, dues)
            assert await picture(tx) == before, name
    await dispatch(hall.ctx)
