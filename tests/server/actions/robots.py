"""A process of librarians who take whatever they are offered: started by the races, in real time.

Arguments: database address, folder, names of the staff accounts it sits down. It works until its input ends, and prints
how many sessions its people served, and every fault.
"""

import asyncio
import random
import sys
from contextlib import suppress
from pathlib import Path

from server.actions.offers import accept_offer, decline_offer
from server.actions.presence import connection_opened, keep_lease
from server.actions.sessions import end_session
from server.context import Context, make_context
from server.domain.errors import Conflict, NotFound
from server.domain.events import DueSet, DutyChanged, Event, QueueChanged
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.store.queues import offers_to
from tests.hall import settings_for
from workers.loop import run_workers

LIBRARIAN = frozenset({Grant(Role.LIBRARIAN, ScopeKind.ALLIANCE)})


class Ears:
    """What a bus would do within the process."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.offers = asyncio.Event()

    def hear(self, event: Event) -> None:
        if isinstance(event, DueSet | QueueChanged):
            self.wake.set()
        if isinstance(event, DutyChanged):
            self.offers.set()


async def librarian(ctx: Context, staff_id: str, stop: asyncio.Event, chance: random.Random) -> int:
    """Accept (twice, as a double click), now and then decline; talk for a moment; end."""
    served = 0
    actor = Actor(staff_id, "robot", library_id="", grants=LIBRARIAN)
    while not stop.is_set():
        for session in await offers_to(ctx.db.read, staff_id):
            with suppress(Conflict, NotFound):
                if chance.random() < 0.1:
                    await decline_offer(ctx, actor, session.offer_id)
                    continue
                taken = await asyncio.gather(*(accept_offer(ctx, actor, session.offer_id) for _ in range(2)))
                assert {one.staff_id for one in taken} == {staff_id}
                await asyncio.sleep(chance.random() * 0.05)  # the talk
                await end_session(ctx, actor, session.id)
                served += 1
        await asyncio.sleep(0.02)
    return served


async def main(url: str, folder: str, staff: list[str]) -> None:
    ears = Ears()
    ctx = make_context(settings_for(url, Path(folder)), ears.hear)
    await ctx.db.open()
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, ended)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_lease(ctx, stop))
        for staff_id in staff:
            await connection_opened(ctx, "staff", staff_id, ctx.ids.new())
        tasks.create_task(run_workers(ctx, stop, ears.wake))
        at_work = [
            tasks.create_task(librarian(ctx, staff_id, stop, random.Random(staff_id))) for staff_id in staff
        ]
    print(sum(task.result() for task in at_work))
    await ctx.db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
