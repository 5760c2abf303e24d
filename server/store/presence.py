"""Who is there: connections, each proven by the lease of the process that holds it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from server.store.rows import Reader, Transaction, from_us, placeholders, to_us

T = TypeVar("T")
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Link:
    """A live connection: of a staff member (subject: account) or of a reader (subject: chat session)."""

    id: str
    kind: str  # staff, reader
    subject_id: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A process that has not renewed its lease in time."""

    process_id: str
    renewed_at: datetime


def present(kind: str, subject: str, now: str) -> str:
    """SQL: a process whose lease has not run out holds a connection of this subject."""
    return (
        "EXISTS (SELECT 1 FROM connection c JOIN process_lease l ON l.process_id = c.process_id"
        f" WHERE c.kind = '{kind}' AND c.subject_id = {subject} AND l.expires_at > {now})"
    )


async def renew_lease(tx: Transaction, process_id: str, *, now: datetime, until: datetime) -> bool:
    """Prove that the process lives, for all its connections at once; False when it was taken for dead meanwhile."""
    return bool(
        await tx.execute(
            "UPDATE process_lease SET renewed_at = $2, expires_at = $3 WHERE process_id = $1",
            process_id,
            to_us(now),
            to_us(until),
        )
    )


async def open_lease(tx: Transaction, process_id: str, host: str, *, now: datetime, until: datetime) -> None:
    """A process has come, or has come back."""
    await tx.execute(
        "INSERT INTO process_lease (process_id, host, renewed_at, expires_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (process_id) DO UPDATE SET renewed_at = $3, expires_at = $4",
        process_id,
        host,
        to_us(now),
        to_us(until),
    )


async def close_lease(tx: Transaction, process_id: str) -> None:
    """A process says good-bye; its connections are gone before it."""
    await tx.execute("DELETE FROM process_lease WHERE process_id = $1", process_id)


async def has_company(db: Reader, process_id: str, now: datetime) -> bool:
    """Whether other server processes than this one live."""
    row = await db.row(
        "SELECT 1 FROM process_lease WHERE process_id <> $1 AND process_id NOT LIKE 'turn:%' AND expires_at > $2"
        " LIMIT 1",
        process_id,
        to_us(now),
    )
    return row is not None


async def lapsed_leases(db: Reader, now: datetime) -> list[Lapsed]:
    """The processes that are taken for dead."""
    rows = await db.rows(
        "SELECT process_id, renewed_at FROM process_lease WHERE expires_at <= $1"
        " AND process_id NOT LIKE 'turn:%' ORDER BY process_id",
        to_us(now),
    )
    return [Lapsed(row["process_id"], from_us(row["renewed_at"])) for row in rows]


async def take_lapsed(tx: Transaction, lapsed: Lapsed) -> bool:
    """Strike the dead process out; False when it has renewed after all, or another was faster."""
    return bool(
        await tx.execute(
            "DELETE FROM process_lease WHERE process_id = $1 AND renewed_at = $2",
            lapsed.process_id,
            to_us(lapsed.renewed_at),
        )
    )


async def lend_turn(tx: Transaction, task: str, process_id: str, *, now: datetime, until: datetime) -> bool:
    """Let one process of all do a task, and keep it while it goes on; False while another does."""
    return bool(
        await tx.execute(
            "INSERT INTO process_lease (process_id, host, renewed_at, expires_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (process_id) DO UPDATE SET host = $2, renewed_at = $3, expires_at = $4"
            " WHERE process_lease.host = $2 OR process_lease.expires_at <= $3",
            f"turn:{task}",
            process_id,
            to_us(now),
            to_us(until),
        )
    )


async def links_of(db: Reader, process_id: str) -> list[Link]:
    """The connections that a process has entered."""
    rows = await db.rows("SELECT id, kind, subject_id FROM connection WHERE process_id = $1", process_id)
    return [Link(row["id"], row["kind"], row["subject_id"]) for row in rows]


async def add_links(tx: Transaction, process_id: str, links: Sequence[Link], at: datetime) -> None:
    """Enter connections; entering one twice changes nothing."""
    for some in _chunks(links):
        marks = ", ".join(f"(${n}, $1, ${n + 1}, ${n + 2}, $2)" for n in range(3, 3 + 3 * len(some), 3))
        await tx.execute(
            f"INSERT INTO connection (id, process_id, kind, subject_id, opened_at) VALUES {marks}"
            " ON CONFLICT (id) DO NOTHING",
            process_id,
            to_us(at),
            *(part for link in some for part in (link.id, link.kind, link.subject_id)),
        )


async def remove_links(tx: Transaction, links: Sequence[Link]) -> None:
    """Strike connections out; harmless for those that are gone."""
    for some in _chunks(links):
        await tx.execute(
            f"DELETE FROM connection WHERE id IN ({placeholders(len(some))})", *(link.id for link in some)
        )


async def absent_staff(db: Reader, staff_ids: Iterable[str], now: datetime) -> set[str]:
    """Which of them stand duty but hold no live connection any more."""
    return await _left(db, "SELECT staff_id AS id FROM duty WHERE staff_id", "staff", staff_ids, now)


async def absent_readers(db: Reader, session_ids: Iterable[str], now: datetime) -> set[str]:
    """Which of these open sessions have no live connection of their reader any more."""
    states = "SELECT id FROM chat_session WHERE state IN ('queued', 'offered', 'active') AND id"
    return await _left(db, states, "reader", session_ids, now)


async def is_present(db: Reader, kind: str, subject_id: str, now: datetime) -> bool:
    """Whether the subject holds a live connection to any process."""
    row = await db.row(f"SELECT {present(kind, '$1', '$2')} AS there", subject_id, to_us(now))
    return row is not None and bool(row["there"])


async def _left(db: Reader, chosen: str, kind: str, subjects: Iterable[str], now: datetime) -> set[str]:
    absent: set[str] = set()
    for some in _chunks(sorted(set(subjects))):
        named = f"{chosen} IN ({placeholders(len(some), start=2)})"
        rows = await db.rows(
            f"SELECT s.id FROM ({named}) AS s WHERE NOT {present(kind, 's.id', '$1')}", to_us(now), *some
        )
        absent.update(row["id"] for row in rows)
    return absent


def _chunks(values: Sequence[T]) -> list[list[T]]:
    everything = list(values)
    return [everything[start : start + _CHUNK] for start in range(0, len(everything), _CHUNK)]
