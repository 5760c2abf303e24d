"""Figures of the whole installation for its operators, each from an index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.store.rows import Reader, from_us_or_none, to_us


@dataclass(frozen=True, slots=True)
class Reading:
    """What is going on now, the same whichever process reads it."""

    sessions: Mapping[str, int] = field(default_factory=dict)  # by state; closed ones are not counted
    oldest_queued_at: datetime | None = None
    dues_late: int = 0
    oldest_due_at: datetime | None = None
    mails: Mapping[str, int] = field(default_factory=dict)  # waiting, failed
    oldest_mail_at: datetime | None = None  # the longest waiting one's turn
    processes: int = 0
    staff_present: int = 0


# From kind to kind by the index: what is promised for later is not walked over.
_LATE = (
    "WITH RECURSIVE kinds(kind) AS (SELECT MIN(kind) FROM due UNION ALL"
    " SELECT (SELECT MIN(d.kind) FROM due d WHERE d.kind > kinds.kind) FROM kinds WHERE kinds.kind IS NOT NULL)"
    " SELECT COUNT(*) AS n, MIN(d.due_at) AS oldest FROM kinds JOIN due d ON d.kind = kinds.kind AND d.due_at <= $1"
)


async def read_installation(db: Reader, now: datetime) -> Reading:
    """The installation at this moment."""
    at = to_us(now)
    sessions = await db.rows(
        "SELECT state, COUNT(*) AS n, MIN(queued_at) AS oldest FROM chat_session"
        " WHERE state IN ('queued', 'offered', 'active', 'wrapping_up') GROUP BY state"
    )
    dues = await db.row(_LATE, at)
    mails = await db.rows(
        "SELECT state, COUNT(*) AS n, MIN(next_at) AS oldest FROM mail_out"
        " WHERE state IN ('waiting', 'failed') GROUP BY state"
    )
    there = await db.row(
        "SELECT COUNT(DISTINCT c.subject_id) AS staff FROM connection c"
        " JOIN process_lease l ON l.process_id = c.process_id WHERE c.kind = 'staff' AND l.expires_at > $1",
        at,
    )
    leases = await db.row(
        "SELECT COUNT(*) AS n FROM process_lease WHERE expires_at > $1 AND process_id NOT LIKE 'turn:%'", at
    )
    return Reading(
        sessions={row["state"]: row["n"] for row in sessions},
        oldest_queued_at=from_us_or_none(
            min((row["oldest"] for row in sessions if row["state"] in ("queued", "offered")), default=None)
        ),
        dues_late=dues["n"] if dues else 0,
        oldest_due_at=from_us_or_none(dues["oldest"] if dues else None),
        mails={row["state"]: row["n"] for row in mails},
        oldest_mail_at=from_us_or_none(
            next((row["oldest"] for row in mails if row["state"] == "waiting"), None)
        ),
        processes=leases["n"] if leases else 0,
        staff_present=there["staff"] if there else 0,
    )


async def latest_content_hashes(db: Reader, limit: int) -> list[str]:
    """Under which hashes the newest whole files are kept."""
    rows = await db.rows(
        "SELECT content_hash FROM stored_file WHERE state = 'whole' ORDER BY created_at DESC LIMIT $1", limit
    )
    return [row["content_hash"] for row in rows]
