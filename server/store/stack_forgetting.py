"""The inbox of machines does not grow for ever: what was entered long ago is forgotten, a bounded part at a time."""

from datetime import datetime

from server.store.rows import Transaction, to_us


async def forget_events(tx: Transaction, before: datetime, *, limit: int) -> int:
    """Forget what machines said before a moment; returns how much it was, at most ``limit``.

    Dead letters stay until somebody has settled them, and what was said of an order as long as a case about it is
    open. The order's own events are not these: its story stays. What a machine said again so late would be known there.
    """
    forgotten = 0
    for device in await tx.rows("SELECT id FROM stack_device ORDER BY id"):
        forgotten += await tx.execute(
            "DELETE FROM stack_event WHERE id IN (SELECT e.id FROM stack_event e"
            " WHERE e.device_id = $1 AND e.received_at < $2 AND e.state <> 'dead' AND NOT EXISTS"
            " (SELECT 1 FROM support_case c WHERE c.order_id = e.order_id AND c.order_id <> '' AND c.state <> 'closed')"
            " ORDER BY e.received_at LIMIT $3)",
            device["id"],
            to_us(before),
            limit - forgotten,
        )
    return forgotten
