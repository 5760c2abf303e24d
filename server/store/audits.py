"""The audit trail: who looked at or changed what (R-LIVE.6)."""

from datetime import datetime

from server.domain.audits import AuditLine
from server.store.rows import Reader, Transaction, from_us, placeholders, to_us


async def record_audit(
    tx: Transaction, *, entry_id: str, at: datetime, actor_id: str, verb: str, subject: str, detail: str = ""
) -> None:
    """Write one line; audit lines are never changed."""
    await tx.later(
        "INSERT INTO audit_entry (id, at, actor_id, verb, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        entry_id,
        to_us(at),
        actor_id,
        verb,
        subject,
        detail,
    )


# A subject is an id, or "account:" and an id; each is looked up by its key.
_CONCERNS = (
    "a.library_id IN ({theirs}) OR e.subject IN ({theirs})"
    " OR EXISTS (SELECT 1 FROM desk d WHERE d.id = e.subject AND d.library_id IN ({theirs}))"
    " OR EXISTS (SELECT 1 FROM account p WHERE e.subject LIKE 'account:%' AND p.id = SUBSTR(e.subject, 9)"
    " AND p.library_id IN ({theirs}))"
    " OR EXISTS (SELECT 1 FROM chat_session s JOIN desk d ON d.id = s.desk_id WHERE s.id = e.subject"
    " AND d.library_id IN ({theirs}))"
)


async def audit_lines(
    db: Reader, scope: frozenset[str] | None, *, search: str, before: str, limit: int = 50
) -> list[AuditLine]:
    """The trail newest first, older than the id ``before``.

    ``scope`` bounds it to what some libraries' people did, and to what anybody did to these libraries, their desks,
    their people, and the conversations that their readers had.
    """
    values: list[object] = [before, f"%{search}%", limit]
    bound = ""
    if scope is not None:
        bound = (
            f" AND ({_CONCERNS.format(theirs=placeholders(len(scope), start=4))})" if scope else " AND 1 = 0"
        )
        values += sorted(scope)
    rows = await db.rows(
        "SELECT e.id, e.at, e.actor_id, e.verb, e.subject, e.detail, a.name AS actor FROM audit_entry e"
        " LEFT JOIN account a ON a.id = e.actor_id WHERE e.id < $1"
        f" AND (e.verb LIKE $2 OR e.subject LIKE $2 OR e.detail LIKE $2 OR a.name LIKE $2){bound}"
        " ORDER BY e.id DESC LIMIT $3",
        *values,
    )
    return [
        AuditLine(
            row["id"],
            from_us(row["at"]),
            row["actor_id"],
            row["actor"] or row["actor_id"],
            row["verb"],
            row["subject"],
            row["detail"],
        )
        for row in rows
    ]
