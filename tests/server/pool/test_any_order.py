"""Whatever people, workers and the clock do to a task, in any order, it keeps to a simple model of the rules.

The model knows nothing of rows: who holds what under which number, who waits since when, who handed back. After each
step the product's answer must be the model's, and what is stored must be what the model holds. Crashes are steps too:
a transaction that dies leaves nothing behind.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from server.actions.answers import send_answer
from server.actions.dues import run_due
from server.actions.pool import Searched, claim_task, hand_back
from server.context import Context
from server.domain.errors import Refusal
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.store.rows import Transaction
from server.store.tasks import count_claims_with_rows
from tests.server.pool.conftest import ASKED, GIVEN, Pool
from workers.promises import PROMISES

PEOPLE = ("lin", "mei", "wu")
HOUR = timedelta(hours=1)
STRICT, LEASE, OPENS = 72 * HOUR, 24 * HOUR, 12 * HOUR
CONTENT: dict[str, dict[str, Any]] = {
    "exact": {"kind": "exact", "delivery": "mail_body", "body": "原文", "document": GIVEN},
    "similar": {
        "kind": "similar",
        "delivery": "mail_body",
        "body": "相近",
        "document": {**GIVEN, "title": "别的"},
    },
    "not_found": {"kind": "not_found"},
}
TRAIL = [Searched("知网", "not_found_as_cited")]
WALKS, LENGTH = 14, 22


def walk(seed: int) -> list[tuple[Any, ...]]:
    """Random steps of people, workers, crashes and the clock; the same for the same seed."""
    chance = random.Random(seed)
    steps: list[tuple[Any, ...]] = []
    for _ in range(LENGTH):
        who, kind = chance.choice(PEOPLE), chance.choice(tuple(CONTENT))
        steps.append(
            chance.choices(
                (
                    ("claim", who),
                    ("hand_back", who),
                    ("answer", who, kind),
                    ("crash", who, kind),
                    ("wait", chance.choice((1, 11, 13, 23, 25, 49))),
                    ("work",),  # workers look at what is due; without it they sleep
                ),
                weights=(8, 3, 3, 2, 3, 4),
            )[0]
        )
    return steps


@dataclass
class Model:
    """One task as the rulebook has it."""

    asked: timedelta = timedelta()
    now: timedelta = timedelta()
    holder: str = ""
    number: int = 0
    lease_ends: timedelta = timedelta()
    numbers: dict[str, int] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    opened: bool = False
    done: bool = False
    answered_by: str = ""

    @property
    def late(self) -> bool:
        return self.now - self.asked >= STRICT

    def work(self) -> None:
        """What workers write down when they come to look."""
        if not self.done and self.now - self.asked >= OPENS:
            self.opened = True
        if self.holder and self.now >= self.lease_ends:
            self.holder = ""

    def claim(self, who: str) -> str:
        if self.holder and self.now >= self.lease_ends:
            self.holder = ""
        if self.holder == who:
            return ""
        if self.holder or self.done:
            return "task_done" if self.done else "task_taken"
        if who == "wu" and not self.opened:
            return "task_not_open_yet"
        if who in self.back and not self.late:
            return "handed_back_before"
        self.holder, self.number = who, self.number + 1
        self.numbers[who], self.lease_ends = self.number, self.now + LEASE
        return ""

    def _held(self, who: str) -> bool:
        return not self.done and self.holder == who and self.now < self.lease_ends

    def hand_back(self, who: str) -> str:
        if not self._held(who):
            return "lease_over"
        self.holder, self.opened = "", True
        self.back.add(who)
        return ""

    def answer(self, who: str, kind: str) -> str:
        if not self._held(who):
            return "lease_over"
        if kind != "exact" and not self.late:
            return f"{kind}_too_early"
        if kind != "exact" and not self.opened:
            return "alliance_not_asked"
        self.holder, self.done = "", True
        return ""


class Crash(Exception):
    """The process dies here."""


async def outcome(action: Any) -> str:
    """The code of the refusal, or nothing."""
    try:
        await action
    except Refusal as refusal:
        return refusal.code
    except Crash:
        return "crashed"
    return ""


class Dying:
    """The database of a process that dies just before each of its commits."""

    def __init__(self, ctx: Context) -> None:
        self._db = ctx.db
        self.read = ctx.db.read

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._db.transaction() as tx:
            yield tx
            raise Crash


def actor_of(pool: Pool, name: str) -> Actor:
    person = pool.town.people[name]
    library = pool.town.libraries["other" if name == "wu" else "home"]
    grant = Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, library)
    return Actor(person.id, person.name, library_id=library, grants=frozenset({grant}))


@pytest.mark.timeout(240)
async def test_in_any_order_with_crashes_and_leaps_of_time_it_keeps_to_the_model(pool: Pool) -> None:
    for seed in range(WALKS):
        try:
            await play(pool, seed, walk(seed))
        except AssertionError as error:
            raise AssertionError(f"walk {seed}: {walk(seed)}") from error


async def play(pool: Pool, seed: int, steps: list[tuple[Any, ...]]) -> None:
    """Take the steps on the product and on the model."""
    ctx, model = pool.town.ctx, Model()
    dying = replace(ctx, db=Dying(ctx))  # type: ignore[arg-type]
    people = {name: actor_of(pool, name) for name in PEOPLE}
    task = (await pool.ask(asked=replace(ASKED, title=f"{ASKED.title} {seed}"))).task_id
    content = {kind: _titled(each, seed) for kind, each in CONTENT.items()}
    for step in steps:
        match step:
            case ("claim", who):
                assert await outcome(claim_task(ctx, people[who], task)) == model.claim(who), step
            case ("hand_back", who):
                number = model.numbers.get(who, 0)
                assert await outcome(hand_back(ctx, people[who], task, number, TRAIL)) == model.hand_back(
                    who
                ), step
            case ("answer", who, kind):
                answered = model.done and model.numbers.get(who) == model.number and model.answered_by == who
                number = model.numbers.get(who, 0)
                got = await outcome(send_answer(ctx, people[who], task, number, content[kind]))
                assert got == ("" if answered else model.answer(who, kind)), step
                if got == "" and model.done and not answered:
                    model.answered_by = who
            case ("crash", who, kind):
                number = model.numbers.get(who, 0)
                await outcome(send_answer(dying, people[who], task, number, content[kind]))
            case ("wait", hours):
                pool.clock.advance(hours * HOUR)
                model.now += hours * HOUR
            case ("work",):
                while await run_due(ctx, PROMISES):
                    pass
                model.work()
        row = await pool.row("task", task)
        state = "done" if model.done else "claimed" if model.holder else "open"
        assert (row["state"], row["claim_number"], row["opened_at"] is not None) == (
            state,
            model.number,
            model.opened,
        ), step
    assert await count_claims_with_rows(ctx.db.read) == []
    await _finish(pool, people, task)


async def _finish(pool: Pool, people: dict[str, Actor], task: str) -> None:
    """Leave nothing that would count against the next walk's caps."""
    async with pool.town.ctx.transaction() as tx:
        await tx.execute("UPDATE task SET state = 'done' WHERE id = $1", task)
        await tx.execute("UPDATE claim_count SET open_claims = 0")
        await tx.execute("DELETE FROM due")


def _titled(content: dict[str, Any], seed: int) -> dict[str, Any]:
    if content["kind"] != "exact":
        return content
    return {**content, "document": {**GIVEN, "title": f"{ASKED.title} {seed}"}}
