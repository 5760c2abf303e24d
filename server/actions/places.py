"""Where waiting readers stand, and how long they may honestly expect to wait (R-LIVE.1)."""

from datetime import datetime, timedelta

from server.actions.routing import waiting_of, with_supervision
from server.context import Context
from server.domain.chat import ChatSession
from server.domain.events import QueueMoved
from server.domain.places import Place, places
from server.domain.routing import Roster, Waiting, demand_anybody
from server.store.presence import lend_turn
from server.store.queues import line, mean_talk_seconds, neighbours
from server.store.rosters import on_duty_everywhere

_KEPT = timedelta(seconds=2)  # how old the picture of who is on duty may be, for one reader's page
_MEAN_KEPT = timedelta(seconds=30)
_REPEAT = timedelta(seconds=10)  # said again, in case the bus lost it
_TURN = timedelta(seconds=5)  # one worker watches for all, until it is silent that long


async def place_of(ctx: Context, session: ChatSession) -> Place:
    """The place of one waiting session, for its reader's page."""
    now = ctx.clock.now()
    waiting = await line(ctx.db.read)
    if all(each.session_id != session.id for each in waiting):
        waiting.append(waiting_of(session))
    return places(waiting, await _roster(ctx, now), await _mean(ctx, now))[session.id]


async def demand_anybody_for(ctx: Context, waiting: Waiting, name: str, *, support: bool) -> None:
    """Raise Conflict unless somebody on duty could be given the session, as of this moment."""
    demand_anybody(waiting, await _fresh_roster(ctx, ctx.clock.now()), name, support=support)


class PlaceWatch:
    """Tells waiting readers when their place or wait changes, and every ten seconds anyway."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Place, datetime]] = {}

    async def look(self, ctx: Context) -> int:
        """Look once and announce what changed; returns how many were told. Called every second by the workers."""
        waiting = await line(ctx.db.read)
        if not waiting:
            self._told.clear()
            return 0
        now = ctx.clock.now()
        if not await self._our_turn(ctx, now):
            return 0
        roster = await _fresh_roster(ctx, now)
        found = places(waiting, roster, await _mean(ctx, now))
        told = 0
        for session_id, place in found.items():
            before = self._told.get(session_id)
            if before is None or before[0] != place or now - before[1] >= _REPEAT:
                ctx.announce(QueueMoved(session_id, place.position, place.wait_seconds, place.on_duty))
                self._told[session_id] = (place, now)
                told += 1
        self._told = {session_id: self._told[session_id] for session_id in found}
        return told

    async def _our_turn(self, ctx: Context, now: datetime) -> bool:
        """Of several workers one watches; it keeps the turn while it goes on."""
        until: datetime | None = ctx.shelf.get("place_turn")
        if until is not None and now < until - _TURN / 2:
            return True
        async with ctx.transaction() as tx:
            ours = await lend_turn(tx, "places", ctx.process_id, now=now, until=now + _TURN)
        ctx.shelf["place_turn"] = now + _TURN if ours else None
        return ours


async def _roster(ctx: Context, now: datetime) -> Roster:
    kept: tuple[Roster, datetime] | None = ctx.shelf.get("roster")
    if kept is not None and abs(now - kept[1]) < _KEPT:
        return kept[0]
    return await _fresh_roster(ctx, now)


async def _fresh_roster(ctx: Context, now: datetime) -> Roster:
    staff = await with_supervision(ctx.db.read, await on_duty_everywhere(ctx.db.read, now), now)
    roster = Roster(staff, await neighbours(ctx.db.read))
    ctx.shelf["roster"] = (roster, now)
    return roster


async def _mean(ctx: Context, now: datetime) -> float | None:
    kept: tuple[float | None, datetime] | None = ctx.shelf.get("mean_talk")
    if kept is None or abs(now - kept[1]) >= _MEAN_KEPT:
        kept = (await mean_talk_seconds(ctx.db.read, now), now)
        ctx.shelf["mean_talk"] = kept
    return kept[0]
