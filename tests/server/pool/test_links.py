"""Links of answers: looked at before they are sent and 1, 7, 30 days after; one that dies is a finding, once."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions.probes import SILENCE, look, sight_of, unwatch_links
from server.domain.probes import PER_MINUTE
from server.domain.verdicts import Meaning, Verdict
from server.store.dues import due_by_now
from server.store.inspections import inspection_by_id
from server.store.probes import probes_of, watched_of_answer
from server.wire.tokens import hashed
from tests.server.outside.zoo import ANIMALS, Zoo, open_zoo
from tests.server.pool.conftest import GIVEN, Pool
from tests.servers.clocks import FileClock
from tests.town import open_town
from workers.probes import KIND, look_at_due


@dataclass
class Watched:
    """An answer that was sent with a link into the zoo, and the zoo."""

    pool: Pool
    zoo: Zoo

    async def later(self, **span: float) -> int:
        """Time passes, and a worker looks at what is due; how many links it looked at."""
        self.pool.clock.advance(timedelta(**span))
        return await look_at_due(self.pool.town.ctx)

    async def send(self, animal: str = "good", **more: Any) -> tuple[str, str]:
        """Lin answers with a link; the consultation and the answer."""
        asked = await self.pool.ask()
        number = await self.pool.claim("lin", asked.task_id)
        url = self.zoo.url(animal)
        await self.pool.post("lin", "/api/links/probe", url=url)
        draft = {
            "kind": "exact",
            "delivery": "link",
            "link_url": url,
            "body": "请见链接。",
            "document": GIVEN,
            **more,
        }
        answer = await self.pool.post(
            "lin", f"/api/tasks/{asked.task_id}/answer", claim_number=number, content=draft
        )
        assert answer.status_code == 200, answer.text
        sent = await self.pool.row("consultation", asked.id)
        return asked.id, sent["answer_id"]

    async def link(self, answer_id: str) -> Any:
        (link,) = await watched_of_answer(self.pool.town.ctx.db.read, answer_id)
        return link


@pytest.fixture
async def watched(database_url: str, tmp_path: Path, clock_file: FileClock) -> AsyncIterator[Watched]:
    async with (
        open_zoo() as zoo,
        open_town(
            database_url,
            tmp_path,
            test_clock_file=str(clock_file.path),
            embedded_worker=False,
            probe_allow=f"127.0.0.1:{zoo.port}",
        ) as town,
    ):
        yield Watched(Pool(town, clock_file), zoo)


async def test_a_composer_has_a_link_looked_at_and_the_evidence_is_kept(watched: Watched) -> None:
    lin, zoo, ctx = watched.pool.town.people["lin"].http, watched.zoo, watched.pool.town.ctx
    found = (await lin.post("/api/links/probe", json={"url": f" {zoo.url('to?log_in')} "})).json()
    assert (found["verdict"], found["meaning"]) == ("log_in_wall", "barred")
    assert "R-ANS.2" in found["said"] and [hop["status"] for hop in found["hops"]] == [302, 200]
    again = (await lin.post("/api/links/probe", json={"url": zoo.url("to?log_in")})).json()
    assert (again["id"], len(zoo.visits)) == (found["id"], 2), "a fresh look stands"
    other = await lin.post("/api/links/probe", json={"url": zoo.url("to?log_in"), "again": True})
    assert other.json()["id"] != found["id"]
    kept = await probes_of(ctx.db.read, hashed(zoo.url("to?log_in")))
    assert [probe.id for probe in kept] == [other.json()["id"], found["id"]]
    assert kept[0].look.hops[1].address == "127.0.0.1"


async def test_only_librarians_may_have_us_look_and_not_without_end(watched: Watched) -> None:
    people, zoo = watched.pool.town.people, watched.zoo
    for name in ("reader", "inspector", "manager"):
        assert (
            await people[name].http.post("/api/links/probe", json={"url": zoo.url("good")})
        ).status_code == 403
    answers = [
        await people["lin"].http.post("/api/links/probe", json={"url": zoo.url(f"good?{number}")})
        for number in range(PER_MINUTE + 1)
    ]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1].json()["error"]["code"]) == (429, "too_many_attempts")


@pytest.mark.parametrize("animal", ["log_in", "pay_wall", "soft_404", "missing"])
async def test_a_link_that_does_not_open_for_everybody_is_not_sent(watched: Watched, animal: str) -> None:
    asked = await watched.pool.ask()
    number = await watched.pool.claim("lin", asked.task_id)
    draft = {
        "kind": "exact",
        "delivery": "link",
        "link_url": watched.zoo.url(animal),
        "body": "请见。",
        "document": GIVEN,
    }
    path = f"/api/tasks/{asked.task_id}/answer"
    await watched.pool.post("lin", "/api/links/probe", url=watched.zoo.url(animal))
    refused = await watched.pool.post("lin", path, claim_number=number, content=draft)
    assert (refused.status_code, refused.json()["error"]["rule"]) == (422, "R-ANS.2")


async def test_a_link_that_was_sent_is_looked_at_after_1_7_and_30_days_and_then_left_alone(
    watched: Watched,
) -> None:
    _, answer_id = await watched.send()
    assert await watched.later(hours=23) == 0
    for hours in (2, 6 * 24, 23 * 24):
        assert await watched.later(hours=hours) == 1
        assert await watched.later(minutes=1) == 0
    assert await watched.later(days=400) == 0
    link = await watched.link(answer_id)
    assert (link.step, link.last_verdict, link.died_at) == (3, Verdict.OPENS, None)
    assert len(watched.zoo.visits) == 4


async def test_a_link_that_dies_is_looked_at_twice_and_then_goes_before_an_inspector(
    watched: Watched,
) -> None:
    consultation_id, answer_id = await watched.send()
    ctx, url = watched.pool.town.ctx, watched.zoo.url("good")
    answer = json.loads((await watched.pool.row("answer", answer_id))["facts"])
    assert answer["link_opens"] is True
    animals = {"good": "missing"}
    with _swapped(animals):
        assert await watched.later(days=1, minutes=1) == 1
        link = await watched.link(answer_id)
        assert (link.doubted, link.died_at, link.step) == (True, None, 0), "one failed look proves nothing"
        assert await watched.later(hours=5) == 0
        assert await watched.later(hours=2) == 1
    link = await watched.link(answer_id)
    assert link.died_at is not None and link.last_verdict is Verdict.NOT_FOUND
    inspection = await inspection_by_id(ctx.db.read, consultation_id)
    assert inspection is not None and inspection.facts.link_died and inspection.facts.link_opens is True
    assert inspection.suggested_grade is None or str(inspection.suggested_grade) != "fail"
    assert await watched.later(days=60) == 0, "it is known now"
    assert [probe.verdict for probe in await probes_of(ctx.db.read, hashed(url))] == [
        Verdict.NOT_FOUND,
        Verdict.NOT_FOUND,
        Verdict.OPENS,
    ]


async def test_a_link_that_only_stumbled_goes_on_being_watched(watched: Watched) -> None:
    _, answer_id = await watched.send()
    with _swapped({"good": "missing"}):
        await watched.later(days=1, minutes=1)
    assert await watched.later(hours=7) == 1
    link = await watched.link(answer_id)
    assert (link.doubted, link.step, link.died_at) == (False, 1, None)


async def test_of_many_workers_one_looks_and_who_was_killed_leaves_it_to_another(watched: Watched) -> None:
    await watched.send()
    ctx = watched.pool.town.ctx
    watched.pool.clock.advance(timedelta(days=1, minutes=1))
    assert sum(await asyncio.gather(*(look_at_due(ctx) for _ in range(5)))) == 1
    assert len(watched.zoo.visits) == 2
    watched.pool.clock.advance(timedelta(days=6))
    with _swapped({"good": "silent"}):
        dying = asyncio.create_task(look_at_due(ctx))
        async with asyncio.timeout(60):
            while len(watched.zoo.visits) < 3:
                await asyncio.sleep(0.01)  # it has the link, and looks
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    assert await look_at_due(ctx) == 0
    assert await watched.later(minutes=6) == 1


async def test_a_corrected_answer_takes_its_link_along(watched: Watched) -> None:
    _, answer_id = await watched.send()
    link = await watched.link(answer_id)
    ctx = watched.pool.town.ctx
    async with ctx.transaction() as tx:
        await unwatch_links(ctx, tx, answer_id)
    assert link.step == 0 and await watched.later(days=40) == 0


async def test_while_our_own_line_is_broken_nobodys_link_has_died(watched: Watched) -> None:
    _, answer_id = await watched.send()
    ctx = watched.pool.town.ctx
    object.__setattr__(sight_of(ctx).prober._way, "resolve", _nobody)
    for number in range(SILENCE):
        assert (await look(ctx, f"http://journal{number}.example/")).verdict is Verdict.UNREACHABLE
    assert (await look(ctx, "http://journal.example/")).meaning is Meaning.UNSURE
    assert await watched.later(days=1, minutes=1) == 1
    link = await watched.link(answer_id)
    assert (link.doubted, link.step) == (False, 0)
    (due,) = await due_by_now(ctx.db.read, ctx.clock.now() + timedelta(hours=1), KIND, limit=9)
    assert due.at > ctx.clock.now() + timedelta(minutes=50)


async def test_an_installation_that_looks_at_no_links_says_so(watched: Watched) -> None:
    ctx = watched.pool.town.ctx
    blind = replace(ctx, settings=replace(ctx.settings, probe_links=False), shelf={})
    assert (await look(blind, watched.zoo.url("good"))).verdict is Verdict.NOT_PROBED
    assert watched.zoo.visits == []


async def _nobody(host: str, port: int) -> list[str]:
    raise OSError("no network")


@contextmanager
def _swapped(animals: dict[str, str]) -> Iterator[None]:
    """For a while some animals of the zoo behave like others."""
    before = dict(ANIMALS)
    ANIMALS.update({name: before[other] for name, other in animals.items()})
    try:
        yield
    finally:
        ANIMALS.update(before)
