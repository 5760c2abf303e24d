"""Presence: what live connections prove, each under the lease of its process.

The lease is one row per process, renewed in one statement; a connection is present exactly as long as it holds.
Openings and closings are written in batches, so that thousands of clients may come back at once.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

from server.actions.sessions import end_in
from server.context import Context
from server.domain.chat import Absence, EndReason
from server.domain.errors import Refusal
from server.domain.events import BoardChanged, QueueChanged, ReaderMoved
from server.outages import Outage
from server.store.chat import session_by_id
from server.store.dues import Due, cancel_due, due_moments, set_dues, strike_out
from server.store.policies import policy_at
from server.store.presence import (
    Lapsed,
    Link,
    absent_readers,
    absent_staff,
    add_links,
    close_lease,
    has_company,
    is_present,
    lapsed_leases,
    links_of,
    open_lease,
    remove_links,
    renew_lease,
    take_lapsed,
)
from server.store.rows import Transaction

log = logging.getLogger(__name__)

RENEW = timedelta(seconds=10)
EXPIRE = timedelta(seconds=25)
REENTRY = timedelta(seconds=3)
BATCH = 500
_LOOK = 0.5  # seconds; a clock that is moved is noticed before anybody is taken for dead
_LOCK = "presence"  # one at a time over all processes: else two last connections never see each other go


class Lease:
    """This process's lease, and the connections it holds."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._links: dict[str, Link] = {}
        self._news: list[tuple[Link, bool, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._renewed: datetime | None = None

    async def opened(self, link: Link) -> None:
        """A connection has come; returned means on record. Raises Unavailable."""
        self._links[link.id] = link
        try:
            await self._tell(link, there=True)
        except Refusal:
            self._links.pop(link.id, None)
            raise

    async def closed(self, link: Link) -> None:
        """A connection has gone. Raises Unavailable; the next renewal puts it right then."""
        self._links.pop(link.id, None)
        await self._tell(link, there=False)

    async def renew(self) -> None:
        """Prove that the process lives; enter everything again if it was taken for dead meanwhile."""
        ctx = self._ctx
        now = ctx.clock.now()
        async with ctx.transaction() as tx:
            stands = await renew_lease(tx, ctx.process_id, now=now, until=now + EXPIRE)
            if not stands:
                await open_lease(tx, ctx.process_id, socket.gethostname()[:120], now=now, until=now + EXPIRE)
        self._renewed = now
        ctx.db.shared = await has_company(ctx.db.read, ctx.process_id, now)
        written = {link.id: link for link in await links_of(ctx.db.read, ctx.process_id)}
        wrong = [(link, True) for link_id, link in self._links.items() if link_id not in written]
        wrong += [(link, False) for link_id, link in written.items() if link_id not in self._links]
        if wrong:
            await asyncio.gather(*(self._tell(link, there=there) for link, there in wrong))

    @property
    def due(self) -> bool:
        """Whether it is time to renew."""
        return self._renewed is None or abs(self._ctx.clock.now() - self._renewed) >= RENEW

    async def end(self) -> None:
        """The process goes for good: nobody waits for its lease to run out."""
        links = list(self._links.values())
        await asyncio.gather(*(self.closed(link) for link in links))
        async with self._ctx.transaction() as tx:
            await close_lease(tx, self._ctx.process_id)

    async def _tell(self, link: Link, *, there: bool) -> None:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._news.append((link, there, written))
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        await written

    async def _write(self) -> None:
        """Single flight: what arrives while one batch is written goes into the next."""
        try:
            await asyncio.sleep(0)
            while self._news:
                batch = self._news[:BATCH]
                del self._news[:BATCH]
                try:
                    await self._commit({link.id: (link, there) for link, there, _ in batch})
                except Exception as error:
                    for *_, written in batch:
                        if not written.done():
                            written.set_exception(error)
                for *_, written in batch:
                    if not written.done():
                        written.set_result(None)
        finally:
            self._writing = None

    async def _commit(self, news: dict[str, tuple[Link, bool]]) -> None:
        ctx = self._ctx
        come = [link for link, there in news.values() if there]
        gone = [link for link, there in news.values() if not there]
        async with ctx.transaction() as tx:
            await tx.lock(_LOCK)
            now = ctx.clock.now()
            if self._renewed is None:
                await open_lease(tx, ctx.process_id, socket.gethostname()[:120], now=now, until=now + EXPIRE)
            await add_links(tx, ctx.process_id, come, now)
            await cancel_due(tx, "librarian_lost", *_subjects(come, "staff"))
            for session_id in await strike_out(tx, "reader_gone", _subjects(come, "reader")):
                tx.announce(ReaderMoved(session_id, None))
            await remove_links(tx, gone)
            # Another process's lease may run on for a while after its death: who seems to be there by that alone
            # is looked at, too. Else this good-bye would be forgotten, and the grace count from that death.
            await _promise_to_look(tx, gone, now, since=now, absent_at=now + EXPIRE)
            if _subjects(come + gone, "staff"):
                tx.announce(QueueChanged())
                tx.announce(BoardChanged(""))
        self._renewed = self._renewed or now


def lease_of(ctx: Context) -> Lease:
    """This process's lease."""
    lease: Lease = ctx.shelf.setdefault("lease", Lease(ctx))
    return lease


async def connection_opened(ctx: Context, kind: str, subject_id: str, connection_id: str) -> None:
    """Somebody is here: a staff member (kind ``staff``, their account) or a reader (``reader``, their session)."""
    await lease_of(ctx).opened(Link(connection_id, kind, subject_id))


async def connection_closed(ctx: Context, kind: str, subject_id: str, connection_id: str) -> None:
    """A connection has ended. With somebody's last one their time of grace begins."""
    await lease_of(ctx).closed(Link(connection_id, kind, subject_id))


async def keep_lease(ctx: Context, stop: asyncio.Event) -> None:
    """Renew this process's lease until told to stop, then give it up. A database that is away ends nothing."""
    lease = lease_of(ctx)
    outage = Outage(log, "presence cannot be proven", "presence is proven again")
    while not stop.is_set():
        if lease.due:
            try:
                await lease.renew()
                outage.over()
            except Exception as error:  # connections live on; the next look tries again
                outage.lasts(error)
        try:
            await asyncio.wait_for(stop.wait(), _LOOK)
        except TimeoutError:
            continue
    try:
        await lease.end()
    except Exception as error:
        log.warning("the lease is left to run out: %r", error)


class Sweeper:
    """Finds processes whose lease has run out: killed, cut off, or with their machine.

    A lease must be seen lapsed twice, so that a process whose clock was moved, or whose machine slept, has its chance
    to renew first.
    """

    def __init__(self) -> None:
        self._seen: set[Lapsed] = set()

    async def sweep(self, ctx: Context) -> int:
        """Strike out what dead processes held; the grace of those they held counts from the last renewal."""
        lapsed = set(await lapsed_leases(ctx.db.read, ctx.clock.now()))
        dead, self._seen = lapsed & self._seen, lapsed
        for process in sorted(dead, key=lambda each: each.process_id):
            await bury(ctx, process)
        return len(dead)


async def bury(ctx: Context, process: Lapsed) -> None:
    """Strike out one dead process and its connections."""
    async with ctx.transaction() as tx:
        await tx.lock(_LOCK)
        if not await take_lapsed(tx, process):
            return
        links = await links_of(tx, process.process_id)
        await remove_links(tx, links)
        now = ctx.clock.now()
        await _promise_to_look(tx, links, now, since=process.renewed_at, absent_at=now)
        tx.announce(BoardChanged(""))
    log.warning("process %s is gone with %d connections", process.process_id, len(links))


async def end_if_gone(ctx: Context, tx: Transaction, due: Due) -> None:
    """The reader has been away longer than the grace time: the session ends. (Due ``reader_gone``.)"""
    await tx.lock(_LOCK)
    session = await session_by_id(tx, due.subject_id)
    if session is None or not session.open:
        return
    if await is_present(tx, "reader", due.subject_id, ctx.clock.now()):
        return
    await end_in(ctx, tx, session, EndReason.READER_GONE, by="system")


async def absent_from(ctx: Context, session_ids: Sequence[str]) -> dict[str, Absence]:
    """Which of these conversations' readers are not there, as far as is known."""
    db, now = ctx.db.read, ctx.clock.now()
    promised = await due_moments(db, "reader_gone", session_ids)
    if not promised:  # as nearly always: whoever may be gone is promised a look
        return {}
    grace = (await policy_at(db, "", now)).seconds("reader_grace_seconds")
    absent = await absent_readers(db, promised, now)
    return {session_id: Absence(promised[session_id] - grace, promised[session_id]) for session_id in absent}


async def gone_readers(ctx: Context, tx: Transaction, session_ids: Sequence[str]) -> set[str]:
    """Those open sessions whose readers are not there; nobody comes or goes until the transaction ends."""
    await tx.lock(_LOCK)
    return await absent_readers(tx, session_ids, ctx.clock.now())


async def gone_staff(ctx: Context, tx: Transaction, staff_ids: Sequence[str]) -> set[str]:
    """Those who stand duty and are not there; nobody comes or goes until the transaction ends."""
    await tx.lock(_LOCK)
    return await absent_staff(tx, staff_ids, ctx.clock.now())


async def staff_is_back(ctx: Context, tx: Transaction, staff_id: str) -> bool:
    """Whether somebody is there after all; nobody comes or goes until the transaction ends."""
    await tx.lock(_LOCK)
    return await is_present(tx, "staff", staff_id, ctx.clock.now())


async def _promise_to_look(
    tx: Transaction, gone: list[Link], now: datetime, *, since: datetime, absent_at: datetime
) -> None:
    """Whose last connection that was is looked at again after their time of grace.

    Never in this very moment: a process that was cut off from the database for longer, and lives, enters its
    connections again first.
    """
    policy = await policy_at(tx, "", now)
    staff = await absent_staff(tx, _subjects(gone, "staff"), absent_at)
    lost_at = max(since + policy.seconds("librarian_grace_seconds"), now + REENTRY)
    await set_dues(tx, "librarian_lost", staff, lost_at)
    readers = await absent_readers(tx, _subjects(gone, "reader"), absent_at)
    gone_at = max(since + policy.seconds("reader_grace_seconds"), now + REENTRY)
    await set_dues(tx, "reader_gone", readers, gone_at)
    for session_id in sorted(await absent_readers(tx, readers, now)):
        tx.announce(ReaderMoved(session_id, Absence(since, gone_at)))


def _subjects(links: list[Link], kind: str) -> list[str]:
    return sorted({link.subject_id for link in links if link.kind == kind})
