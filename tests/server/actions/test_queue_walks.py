"""Whatever readers, librarians, workers and the clock do, in any order: nobody is forgotten.

Random walks through a day at the desk. After each step the counters agree with the rows, nobody holds more than they
can take, and a reader who waits has kept their place. After each walk one librarian of the alliance is left: everybody
who still waits is brought to her within minutes, whatever she declined or passed on before.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from server.actions.desk_work import Transfer, transfer_session
from server.actions.dues import run_due
from server.actions.offers import accept_offer, decline_offer
from server.actions.routing import dispatch
from server.actions.sessions import end_session
from server.domain.chat import State
from server.domain.errors import Refusal, Unavailable
from server.domain.permissions import Actor, Role
from server.store.duty import drifting
from tests.hall import Hall, open_hall
from workers.promises import PROMISES

DESKS = {"lin": "home", "mei": "home", "wu": "near", "kim": "far", "yan": "home"}
INTERN = "yan"  # answers readers under supervision (R-ORG.5)
WALKS, LENGTH = 12, 40
Act = Callable[[str], Awaitable[None]]
OVER_CAPACITY = "SELECT staff_id FROM duty WHERE load > capacity OR load < 0 OR offers NOT IN (0, 1)"


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        await hall.set_policy("intern_live", "supervised")
        for name, desk in DESKS.items():
            role = Role.INTERN if name == INTERN else Role.LIBRARIAN
            await hall.staff(name, desk, role=role, capacity=2)
        yield hall


class Walk:
    """One random day; the same for the same seed."""

    def __init__(self, hall: Hall, seed: int) -> None:
        self.hall, self.seed = hall, seed
        self.chance = random.Random(seed)
        self.asked: dict[str, str] = {}  # sessions, and who asked each
        self.coming: set[str] = set()
        self.steps: list[str] = []

    async def step(self) -> None:
        """Up to three of them act at once, while workers keep promises and offer readers."""
        acts = [self._one() for _ in range(self.chance.choice((1, 1, 2, 3)))]
        self.steps.append(" & ".join(f"{act.__name__} {who}" for act, who in acts))
        if len(acts) == 1:
            await self._do(*acts[0])
        else:
            ctx = self.hall.ctx
            busy = (run_due(ctx, PROMISES), dispatch(ctx)) if self.chance.random() < 0.7 else ()
            await asyncio.gather(*(self._do(*act) for act in acts), *busy)
        await self.hall.work()

    def _one(self) -> tuple[Act, str]:
        acts: tuple[Act, ...] = (self.ask, self.accept, self.decline, self.end, self.transfer)
        acts += (self.come_or_go, self.rest, self.wait)
        return self.chance.choices(acts, weights=(4, 6, 4, 2, 2, 3, 2, 6))[0], self.chance.choice(
            tuple(DESKS)
        )

    async def _do(self, act: Act, who: str) -> None:
        try:
            await act(who)
        except Refusal as refusal:
            assert not isinstance(refusal, Unavailable), "nobody waits for another in a ring"
            self.steps.append(f"{act.__name__} {who}: {refusal.code}")

    async def ask(self, _: str) -> None:
        reader = f"reader {self.seed}.{len(self.asked)}"
        session = await self.hall.ask(reader, self.chance.choice(("home", "near", "far")))
        self.asked[session] = reader

    async def accept(self, who: str) -> None:
        if offer := await self.hall.offered(who):
            await accept_offer(self.hall.ctx, self.hall.people[who], offer.offer_id)

    async def decline(self, who: str) -> None:
        if offer := await self.hall.offered(who):
            await decline_offer(self.hall.ctx, self.hall.people[who], offer.offer_id)

    async def end(self, _: str) -> None:
        if self.asked:
            session, reader = self.chance.choice(list(self.asked.items()))
            await end_session(self.hall.ctx, Actor(reader_key=reader), session)

    async def transfer(self, who: str) -> None:
        for session in list(self.asked):
            held = await self.hall.session(session)
            if held.state is State.ACTIVE and held.staff_id == self.hall.people[who].account_id:
                desk = self.hall.desks[self.chance.choice(("home", "near", "far"))]
                to = Transfer("desk", desk, "那边更熟悉")
                await transfer_session(self.hall.ctx, self.hall.people[who], session, to)
                return

    async def come_or_go(self, who: str) -> None:
        if who in self.coming:
            return
        self.coming.add(who)
        try:
            await (self.hall.go(who) if who in self.hall.links else self.hall.come(who))
        finally:
            self.coming.remove(who)

    async def rest(self, who: str) -> None:
        await self.hall.wish(who, availability=self.chance.choice(("available", "busy", "away")))

    async def wait(self, _: str) -> None:
        await self.hall.wait(self.chance.choice((0.5, 11, 12, 15, 31)))

    async def holds(self, places: dict[str, object]) -> None:
        """What is true after every step."""
        db = self.hall.ctx.db.read
        assert await drifting(db) == []
        assert await db.rows(OVER_CAPACITY) == []
        intern = self.hall.people[INTERN].account_id
        for session in self.asked:
            found = await self.hall.session(session)
            assert places.setdefault(session, found.queued_at) == found.queued_at
            held = found.state is State.ACTIVE and found.staff_id == intern
            assert not held or found.supervisor_id, "an intern answers nobody alone"

    async def nobody_is_forgotten(self) -> None:
        """One librarian stays, the others' readers come back; all who wait are brought to her."""
        last = self.chance.choice(sorted(DESKS.keys() - {INTERN}))
        if last not in self.hall.links:
            await self.hall.come(last)
        for who in [name for name in self.hall.links if name != last]:
            await self.hall.go(who)
        for _ in range(120):
            await self.hall.wait(1)
            await self.hall.wish(last, availability="available")
            await self.accept(last)
            for session, reader in self.asked.items():
                if (await self.hall.session(session)).state is State.ACTIVE and await self.hall.who(
                    session
                ) == last:
                    await end_session(self.hall.ctx, Actor(reader_key=reader), session)
        states = {session: (await self.hall.session(session)) for session in self.asked}
        forgotten = [found for found in states.values() if found.open]
        assert not forgotten, f"{last} is free and is not asked to take {forgotten}"

    async def begin_anew(self) -> None:
        for who in DESKS:
            if who not in self.hall.links:
                await self.hall.come(who)
            await self.hall.wish(who, availability="available", capacity=2)


@pytest.mark.timeout(240)
async def test_in_any_order_counters_hold_places_are_kept_and_nobody_is_forgotten(hall: Hall) -> None:
    for seed in range(WALKS):
        walk = Walk(hall, seed)
        places: dict[str, object] = {}
        try:
            for _ in range(LENGTH):
                await walk.step()
                await walk.holds(places)
            await walk.nobody_is_forgotten()
        except AssertionError as error:
            raise AssertionError(f"walk {seed}: {walk.steps}") from error
        await walk.begin_anew()
