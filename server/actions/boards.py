"""The managers' live board."""

from datetime import datetime, time

from server.actions.desks import zone_of
from server.context import Context
from server.domain.boards import Board
from server.domain.permissions import Actor, Role, ScopeKind, Verb, demand
from server.store.boards import (
    figures_by_hour,
    figures_since,
    owed_by_managers,
    queue_by_desk,
    staff_on_board,
)

FRESH_SECONDS = 2.0  # several managers who look at the same board cost one reading
FIGURES_SECONDS = 10.0  # the day's figures cost more than the queue, and nobody acts on them within seconds
MOST_BOARDS = 500


async def show_board(ctx: Context, actor: Actor, library_id: str | None = None) -> Board:
    """The board of a library, or with an empty id of the alliance; None chooses the actor's own.

    It holds figures and names of staff, nothing of what was said. Queue and staff are at most two seconds old,
    the day's figures ten.
    """
    demand(actor, Verb.WATCH_BOARD)
    if library_id is None:
        library_id = own_library(actor)
    now = ctx.clock.now()
    boards: dict[str, Board] = ctx.shelf.setdefault("boards", {})
    kept = boards.get(library_id)
    if kept is None or not _fresh(kept.at, now, FRESH_SECONDS):
        if len(boards) > MOST_BOARDS:
            boards.clear()  # asked for by hand with invented ids; the real ones come back at once
        kept = boards[library_id] = await _read(ctx, library_id, now, kept)
    return kept


def own_library(actor: Actor) -> str:
    """The library that somebody manages; empty for those who manage the alliance."""
    wide = any(
        grant.scope is ScopeKind.ALLIANCE and grant.role in (Role.MANAGER, Role.ADMINISTRATOR)
        for grant in actor.grants
    )
    return "" if wide else actor.library_id


async def _read(ctx: Context, library_id: str, now: datetime, before: Board | None) -> Board:
    queue = tuple(await queue_by_desk(ctx.db.read, library_id))
    staff = tuple(await staff_on_board(ctx.db.read, library_id, now))
    if before is not None and _fresh(before.figures_at, now, FIGURES_SECONDS):
        return Board(now, queue, staff, before.figures_at, before.today, before.hours, before.owed)
    zone = zone_of(ctx)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    today = await figures_since(ctx.db.read, library_id, midnight)
    hours = tuple(await figures_by_hour(ctx.db.read, library_id, midnight))
    owed = await owed_by_managers(ctx.db.read, library_id, now)
    return Board(now, queue, staff, now, today, hours, owed)


def _fresh(at: datetime, now: datetime, seconds: float) -> bool:
    return 0 <= (now - at).total_seconds() < seconds
