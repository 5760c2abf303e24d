"""Samples that strangers made, read where they lie: they are no part of the project and may be missing."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("SHUQIAO_VECTORS") or Path(__file__).parents[2] / "shared" / "vectors")


def vectors(name: str) -> Path:
    """The samples of that name; the test is skipped where they are not at hand (SHUQIAO_VECTORS says where)."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the samples {name} are not here: set SHUQIAO_VECTORS to the folder that has them")
    return path
