"""What the public portal shows of the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.desks import Desk
from server.store.libraries import desks_by_ids
from server.store.rows import Reader, from_us, placeholders, to_us


@dataclass(frozen=True, slots=True)
class Answered:
    """An answered consultation, nothing of its reader; ``show_title`` is the reader's own word (R-ANS.7)."""

    at: datetime
    channel: str
    material: str
    title: str
    show_title: bool
    library_id: str
    staff_id: str


async def latest_answers(db: Reader, now: datetime, *, limit: int) -> list[Answered]:
    """The last ones, newest first: the end of an index, whatever the archive's size."""
    rows = await db.rows(
        "SELECT answered_at, channel, material, title, show_title, answered_library_id, answered_by"
        " FROM consultation WHERE answered_at <= $1 ORDER BY answered_at DESC, id DESC LIMIT $2",
        to_us(now),
        limit,
    )
    return [
        Answered(
            from_us(row["answered_at"]),
            row["channel"],
            row["material"],
            row["title"],
            bool(row["show_title"]),
            row["answered_library_id"],
            row["answered_by"],
        )
        for row in rows
    ]


async def first_desks(db: Reader, library_ids: Sequence[str]) -> dict[str, Desk]:
    """Each library's oldest open desk."""
    if not library_ids:
        return {}
    rows = await db.rows(
        "SELECT library_id, id FROM desk WHERE open = TRUE"
        f" AND library_id IN ({placeholders(len(library_ids))}) ORDER BY created_at DESC, slug DESC",
        *library_ids,
    )
    first = {row["library_id"]: row["id"] for row in rows}  # the oldest comes last and stays
    desks = await desks_by_ids(db, sorted(first.values()))
    return {library_id: desks[desk_id] for library_id, desk_id in first.items()}
