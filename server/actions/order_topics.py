"""What a loan order's topic has, for pages that come back: events after a number, and the last number."""

from collections.abc import Sequence

from server.context import Context
from server.domain.events import OrderChanged
from server.store.orders import event_numbers, events_after, order_by_id


async def missing_order_events(ctx: Context, order_id: str, after: int, limit: int) -> list[OrderChanged]:
    """The order's events after a number, in order, with the state that it has now."""
    order = await order_by_id(ctx.db.read, order_id)
    if order is None:
        return []
    events = await events_after(ctx.db.read, order_id, after, limit)
    return [OrderChanged(order_id, event, str(order.state)) for event in events]


async def order_numbers(ctx: Context, order_ids: Sequence[str]) -> dict[str, int]:
    """The number of each order's last event, in one question for a whole beat."""
    return await event_numbers(ctx.db.read, order_ids)
