"""The bridge with a simulated store, over a real connection: the numbered promises of docs/stack.md."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.stack import CommandKind, Liveness
from tests.stack_io.halls import Hall, books, open_hall, simulated, until


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


async def test_books_are_brought_and_every_event_is_acknowledged_once_it_is_durable(hall: Hall) -> None:
    async with simulated(books(20)) as host:
        await hall.connect(f"127.0.0.1:{host.port}")
        commands = [await hall.command(barcode) for barcode in books(10)]
        async with hall.bridged():
            await hall.settled(*commands)

            async def all_acknowledged() -> bool:
                return not host.device.journal.waiting

            await until(all_acknowledged)
        assert host.device.executed == dict.fromkeys(commands, 1)
        kept = {(row["epoch"], row["sequence"]) for row in await hall.letters()}
        assert kept == set(host.device.journal.events)
