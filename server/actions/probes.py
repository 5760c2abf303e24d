"""Links are looked at before they are sent, and again after 1, 7 and 30 days (R-ANS.2, G-F4)."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.access import demand
from server.actions.inspection_entry import look_again as weigh_again
from server.actions.logins import count
from server.context import Context
from server.domain.errors import TooMany
from server.domain.logins import Limit
from server.domain.permissions import Actor, Verb
from server.domain.probes import DOUBT, FRESH, PER_MINUTE, Look, Probe, next_look
from server.domain.verdicts import Verdict, has_died
from server.outside.prober import Prober
from server.outside.roads import Map
from server.store.consultations import consultations_of_task
from server.store.dues import Due, cancel_due, set_due
from server.store.probes import (
    WatchedLink,
    insert_probe,
    latest_probe,
    mark_died,
    note_look,
    watch,
    watched_by_id,
    watched_of_answer,
)
from server.store.rows import Transaction
from server.wire.tokens import hashed

SIDE_BY_SIDE = 16  # looks of one process
_LOOKS = Limit("probes", PER_MINUTE, timedelta(minutes=1))
SILENCE = 8
BLIND = timedelta(hours=1)
_SILENT = frozenset({Verdict.TIMEOUT, Verdict.UNREACHABLE})


@dataclass(slots=True)
class Sight:
    """What this process looks at links with, no more at once than it has eyes.

    ``silence`` counts the looks in a row at which no server said anything.
    """

    prober: Prober
    eyes: asyncio.Semaphore
    silence: int = 0

    @property
    def blind(self) -> bool:
        """Whether it is rather our own line that is broken."""
        return self.silence >= SILENCE

    async def look_at(self, url: str) -> Look:
        async with self.eyes:
            seen = await self.prober.look_at(url)
        if seen.verdict is not Verdict.NO_WEB_ADDRESS:
            heard = any(hop.status for hop in seen.hops) or seen.verdict not in _SILENT
            self.silence = 0 if heard else self.silence + 1
        # Nobody's link is called dead by a process that hears nothing: its librarian says.
        return replace(seen, sure=False) if self.blind else seen


async def probe_link(ctx: Context, actor: Actor, url: str, *, again: bool = False) -> Probe:
    """What a reader would find behind a link; a look not older than a quarter of an hour stands, unless ``again``.

    Raises TooMany ``too_many_attempts`` when one person asks too often, ``busy`` when everybody does.
    """
    demand(actor, Verb.WORK_TASK)
    url = url.strip()
    now = ctx.clock.now()
    fresh = None if again else await latest_probe(ctx.db.read, hashed(url), since=now - FRESH)
    if fresh is not None:
        return fresh
    await count(ctx, (_LOOKS, actor.account_id))
    if sight_of(ctx).eyes.locked():
        raise TooMany("busy", retry_after=5)
    probe = await look(ctx, url)
    async with ctx.transaction() as tx:
        await insert_probe(tx, probe, url_hash=hashed(url), asked_by=actor.account_id)
    return probe


async def watch_link(ctx: Context, tx: Transaction, *, answer_id: str, task_id: str, url: str) -> None:
    """The link was sent: look at it again from time to time, and compare with what the last look before had found."""
    now, url = ctx.clock.now(), url.strip()
    probe = await latest_probe(tx, hashed(url), since=now - timedelta(days=1))
    verdict = probe.verdict if probe else Verdict.NOT_PROBED
    link = WatchedLink(
        id=ctx.ids.new(),
        answer_id=answer_id,
        task_id=task_id,
        url=url,
        sent_at=now,
        sent_verdict=verdict,
        step=0,
        doubted=False,
        last_verdict=verdict,
        last_at=now,
        died_at=None,
    )
    first = next_look(0, now)
    if (
        ctx.settings.probe_links
        and first
        and await watch(tx, link, url_hash=hashed(url), probe_id=probe.id if probe else "")
    ):
        await set_due(tx, "link_probe", link.id, first)


async def unwatch_links(ctx: Context, tx: Transaction, answer_id: str) -> None:
    """The answer was replaced: its links are nobody's concern any more."""
    links = await watched_of_answer(tx, answer_id)
    await cancel_due(tx, "link_probe", *(link.id for link in links))


async def look_again(ctx: Context, due: Due) -> Probe | None:
    """Look at a watched link; outside of any transaction, because a stranger's server may take its time."""
    link = await watched_by_id(ctx.db.read, due.subject_id)
    return None if link is None else await look(ctx, link.url)


async def keep_look(ctx: Context, tx: Transaction, due: Due, probe: Probe) -> datetime | None:
    """Note what the look found; returns when to look again.

    A link that fails is looked at once more some hours later; one that fails then too, and did not when it was sent,
    is a finding on its answer, and no grade by itself (R-ANS.2). Where nobody at all has answered for a while, it is
    our own line that is broken, and nothing is noted.
    """
    link = await watched_by_id(tx, due.subject_id)
    if link is None:
        return None
    if sight_of(ctx).blind:
        return probe.at + BLIND
    await insert_probe(tx, probe, url_hash=hashed(link.url), asked_by="")
    failed = has_died(probe.verdict, when_sent=link.sent_verdict)
    if failed and not link.doubted:
        await note_look(tx, link, probe, doubted=True, step=link.step)
        return probe.at + DOUBT
    await note_look(tx, link, probe, doubted=False, step=link.step + 1)
    if not failed:
        return next_look(link.step + 1, link.sent_at)
    if await mark_died(tx, link, probe.at):
        for asked in await consultations_of_task(tx, link.task_id):
            if asked.answer_id == link.answer_id:
                await weigh_again(ctx, tx, asked.id)
    return None


async def look(ctx: Context, url: str) -> Probe:
    """One look, as many side by side as this process can."""
    seen = await sight_of(ctx).look_at(url) if ctx.settings.probe_links else Look(Verdict.NOT_PROBED)
    return Probe(ctx.ids.new(), url, ctx.clock.now(), seen)


def sight_of(ctx: Context) -> Sight:
    """This installation's prober. Only a test installation lets it into private places, by name."""
    if "sight" not in ctx.shelf:
        settings = ctx.settings
        named = settings.probe_allow if settings.environment == "test" else ""
        pairs = (place.strip().rpartition(":") for place in named.split(",") if place.strip())
        allowed = frozenset((host, int(port)) for host, _, port in pairs)
        agent = f"Mozilla/5.0 (compatible; Shuqiao link check; +{settings.public_url})"
        ctx.shelf["sight"] = Sight(Prober(Map(allowed), agent=agent), asyncio.Semaphore(SIDE_BY_SIDE))
    sight: Sight = ctx.shelf["sight"]
    return sight
