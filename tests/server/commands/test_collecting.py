"""Full collections come seldom, at times of ours, and still find what is circular."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from server.commands import collecting
from server.commands.collecting import SHORTEST, collect_seldom, pause_after
from tests.live.lines import PATIENCE, eventually


class Ring:
    """Holds itself."""

    def __init__(self) -> None:
        self.me = self


def full_collections() -> int:
    return int(gc.get_stats()[2]["collections"])


@pytest.fixture
async def collector() -> AsyncIterator[None]:
    """A server's collector at work for the length of a test."""
    before = gc.get_threshold()
    task = asyncio.create_task(collect_seldom())
    await asyncio.sleep(0)  # it has begun
    yield
    task.cancel()
    await asyncio.wait({task})
    assert gc.get_threshold() == before


def test_the_longer_a_full_collection_takes_the_longer_nobody_is_held_up_again() -> None:
    assert pause_after(0.001) == SHORTEST
    assert pause_after(0.4) == pytest.approx(4000)


async def test_thousands_who_come_at_once_begin_no_full_collection(collector: None) -> None:
    before, crowd = full_collections(), []
    for _ in range(300_000):  # far more than a quarter of what there is
        crowd.append([None])
    assert full_collections() == before


async def test_what_grew_old_and_is_circular_is_found_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "SHORTEST", 0.01)
    monkeypatch.setattr(collecting, "SHARE", 0)
    ring = Ring()
    gc.collect()  # it is old now
    found = weakref.ref(ring)
    del ring
    task = asyncio.create_task(collect_seldom())
    async with asyncio.timeout(PATIENCE):
        await eventually(lambda: found() is None)
    task.cancel()
    await asyncio.wait({task})
