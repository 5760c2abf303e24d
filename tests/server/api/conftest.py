"""A town for each test of the doors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.town import Town, open_town


@pytest.fixture
async def town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A settled installation behind a real server, on both backends."""
    async with open_town(database_url, tmp_path) as town:
        yield town
