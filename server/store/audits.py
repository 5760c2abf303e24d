"""The audit trail: who looked at or changed what (R-LIVE.6)."""

from datetime import datetime

from server.store.rows import Transaction, to_us


async def record_audit(
    tx: Transaction, *, entry_id: str, at: datetime, actor_id: str, verb: str, subject: str, detail: str = ""
) -> None:
    """Write one line; audit lines are never changed."""
    await tx.execute(
        "INSERT INTO audit_entry (id, at, actor_id, verb, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        entry_id,
        to_us(at),
        actor_id,
        verb,
        subject,
        detail,
    )
