"""A tenth of a day of loan orders while processes are killed; loadtests/loan_day.py has the whole one."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from loadtests import loan_day
from server.context import make_context
from server.domain.loan_fold import fold
from server.domain.loan_rows import LoanLine
from server.domain.loans import OrderEvent
from server.store.orders import events_of, lines_of
from tests.hall import settings_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.mark.usefixtures("nursery")
def test_whatever_is_killed_every_order_ends_or_is_explained(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    args = loan_day.parser().parse_args(["--orders", "200", "--kill-every", "3", "--speed", "120"])
    assert loan_day.run(args, postgres_url, redis_url, tmp_path)
    assert asyncio.run(strayed(postgres_url, tmp_path)) == []


async def strayed(url: str, folder: Path) -> list[str]:
    """Orders whose rows say something else than all their events, folded anew."""
    ctx = make_context(settings_for(url, folder))
    await ctx.db.open()
    try:
        rows = await ctx.db.read.rows("SELECT id, state FROM loan_order")
        states = {row["id"]: row["state"] for row in rows}
        lines, events = await lines_of(ctx.db.read, states), await events_of(ctx.db.read, states)
    finally:
        await ctx.db.close()
    return [
        order_id for order_id in states if not _agree(states[order_id], lines[order_id], events[order_id])
    ]


def _agree(state: str, lines: Sequence[LoanLine], events: Sequence[OrderEvent]) -> bool:
    folded = fold([line.id for line in lines], events)
    return folded.state == state and all(folded.lines[line.id].stage is line.state for line in lines)
