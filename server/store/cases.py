"""Cases with their lines. A case's row is locked before its lines are numbered."""

from datetime import datetime

from server.domain.cases import Case
from server.store.rows import Reader, Transaction, to_us
from server.store.values import columns, insert_values, value_from

_CASE = columns(Case)


async def insert_case(tx: Transaction, case: Case) -> bool:
    """Keep a new case; False when this press (or this finding) was kept before."""
    return bool(
        await insert_values(tx, "support_case", [case], conflict="ON CONFLICT (client_id) DO NOTHING")
    )


async def case_by_id(db: Reader, case_id: str) -> Case | None:
    row = await db.row(f"SELECT {_CASE} FROM support_case WHERE id = $1", case_id)
    return value_from(Case, row) if row else None


async def case_by_client_id(db: Reader, client_id: str) -> Case | None:
    row = await db.row(f"SELECT {_CASE} FROM support_case WHERE client_id = $1", client_id)
    return value_from(Case, row) if row else None


async def lock_case(tx: Transaction, case_id: str) -> Case | None:
    """The case, held against every other change to the end of the transaction."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = await tx.row(f"SELECT {_CASE} FROM support_case WHERE id = $1{lock}", case_id)
    return value_from(Case, row) if row else None


async def save_case(tx: Transaction, case: Case) -> None:
    """Write what has changed of a locked case."""
    names = (
        *("id", "state", "holder_id", "confirmed", "fault_store_id", "messages", "waiting_since_at"),
        *("reply_due_at", "missed", "closed_at", "outcome", "rating", "session_id"),
    )
    await tx.execute(
        "UPDATE support_case SET state = $2, holder_id = $3, confirmed = $4, fault_store_id = $5, messages = $6,"
        " waiting_since_at = $7, reply_due_at = $8, missed = $9, closed_at = $10, outcome = $11, rating = $12,"
        " session_id = $13 WHERE id = $1",
        *(_kept(getattr(case, name)) for name in names),
    )


async def cases_of_order(db: Reader, order_id: str) -> list[Case]:
    """An order's cases, the newest first."""
    rows = await db.rows(
        f"SELECT {_CASE} FROM support_case WHERE order_id = $1 AND order_id <> ''"
        " ORDER BY opened_at DESC, id DESC LIMIT 100",
        order_id,
    )
    return [value_from(Case, row) for row in rows]


def _kept(value: object) -> object:
    return to_us(value) if isinstance(value, datetime) else value
