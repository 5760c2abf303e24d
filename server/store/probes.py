"""What was found when links were looked at, and the links that are looked at again."""

import json
from dataclasses import dataclass
from datetime import datetime

from server.domain.probes import Hop, Look, Probe
from server.domain.verdicts import Verdict
from server.store.rows import Reader, Row, Transaction, from_us, from_us_or_none, to_us


@dataclass(frozen=True, slots=True)
class WatchedLink:
    """A link that was sent with an answer, and what became of it."""

    id: str
    answer_id: str
    task_id: str
    url: str
    sent_at: datetime
    sent_verdict: Verdict
    step: int
    doubted: bool
    last_verdict: Verdict
    last_at: datetime
    died_at: datetime | None


async def insert_probe(tx: Transaction, probe: Probe, *, url_hash: str, asked_by: str) -> None:
    """Keep a look with its evidence."""
    look = probe.look
    await tx.execute(
        "INSERT INTO link_probe (id, url, url_hash, verdict, why, sure, hops, kind, title, head_hash, milliseconds,"
        " asked_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        *(probe.id, probe.url[:1000], url_hash, str(look.verdict), _clean(look.why), look.sure),
        json.dumps(
            [[_clean(hop.url, 1000), hop.address, hop.status] for hop in look.hops], ensure_ascii=False
        ),
        *(_clean(look.kind, 100), _clean(look.title), look.head_hash, look.milliseconds, asked_by),
        to_us(probe.at),
    )


async def latest_probe(db: Reader, url_hash: str, *, since: datetime) -> Probe | None:
    """The newest look at a link, unless it is older than that."""
    row = await db.row(
        "SELECT * FROM link_probe WHERE url_hash = $1 AND at >= $2 ORDER BY at DESC LIMIT 1",
        url_hash,
        to_us(since),
    )
    return _probe(row) if row else None


async def probes_of(db: Reader, url_hash: str, *, limit: int = 20) -> list[Probe]:
    """All looks at a link, newest first: the evidence for an inspector."""
    rows = await db.rows(
        "SELECT * FROM link_probe WHERE url_hash = $1 ORDER BY at DESC, id DESC LIMIT $2", url_hash, limit
    )
    return [_probe(row) for row in rows]


async def watch(tx: Transaction, link: WatchedLink, *, url_hash: str, probe_id: str) -> bool:
    """Look at this link again from time to time; False when it is watched for this answer already."""
    return bool(
        await tx.execute(
            "INSERT INTO watched_link (id, answer_id, task_id, url, url_hash, sent_at, sent_verdict, sent_probe_id,"
            " step, doubted, last_verdict, last_probe_id, last_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, FALSE, $7, $8, $6)"
            " ON CONFLICT (answer_id, url_hash) DO NOTHING",
            *(link.id, link.answer_id, link.task_id, link.url, url_hash),
            *(to_us(link.sent_at), str(link.sent_verdict), probe_id),
        )
    )


async def watched_by_id(db: Reader, link_id: str) -> WatchedLink | None:
    row = await db.row("SELECT * FROM watched_link WHERE id = $1", link_id)
    return _watched(row) if row else None


async def watched_of_answer(db: Reader, answer_id: str) -> list[WatchedLink]:
    """The links of an answer with what became of them."""
    rows = await db.rows("SELECT * FROM watched_link WHERE answer_id = $1 ORDER BY id", answer_id)
    return [_watched(row) for row in rows]


async def note_look(tx: Transaction, link: WatchedLink, probe: Probe, *, doubted: bool, step: int) -> None:
    """What the newest look at a watched link found."""
    await tx.execute(
        "UPDATE watched_link SET step = $2, doubted = $3, last_verdict = $4, last_probe_id = $5, last_at = $6"
        " WHERE id = $1",
        *(link.id, step, doubted, str(probe.verdict), probe.id),
        to_us(probe.at),
    )


async def mark_died(tx: Transaction, link: WatchedLink, at: datetime) -> bool:
    """The link is a finding from now on; False when it was one before."""
    return bool(
        await tx.execute(
            "UPDATE watched_link SET died_at = $2 WHERE id = $1 AND died_at IS NULL", link.id, to_us(at)
        )
    )


def _probe(row: Row) -> Probe:
    look = Look(
        verdict=Verdict(row["verdict"]),
        why=row["why"],
        sure=bool(row["sure"]),
        hops=tuple(Hop(url, address, status) for url, address, status in json.loads(row["hops"])),
        kind=row["kind"],
        title=row["title"],
        head_hash=row["head_hash"],
        milliseconds=row["milliseconds"],
    )
    return Probe(row["id"], row["url"], from_us(row["at"]), look)


def _watched(row: Row) -> WatchedLink:
    return WatchedLink(
        id=row["id"],
        answer_id=row["answer_id"],
        task_id=row["task_id"],
        url=row["url"],
        sent_at=from_us(row["sent_at"]),
        sent_verdict=Verdict(row["sent_verdict"]),
        step=row["step"],
        doubted=bool(row["doubted"]),
        last_verdict=Verdict(row["last_verdict"]),
        last_at=from_us(row["last_at"]),
        died_at=from_us_or_none(row["died_at"]),
    )


def _clean(text: str, limit: int = 200) -> str:
    """A stranger's text as a database takes it: PostgreSQL stores no NUL."""
    return text.replace("\x00", "")[:limit]
