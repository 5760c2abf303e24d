"""One town for all questions of access: nobody in it may change anything that counts."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy

import pytest

from tests.town import Town, open_town


@pytest.fixture(scope="module")
async def town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A settled installation, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("access")
    copy(sqlite_template, folder / "shuqiao.sqlite3")
    async with open_town(f"sqlite://{folder / 'shuqiao.sqlite3'}", folder) as town:
        yield town
