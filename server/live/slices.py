"""Much work without a long pause: some of it, a yield to everybody else, some more."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_slices(items: Iterable[T], size: int, visit: Callable[[T], None]) -> None:
    """Visit every item; after each ``size`` of them the loop does whatever else is ready."""
    for number, item in enumerate(items, 1):
        visit(item)
        if number % size == 0:
            await asyncio.sleep(0)
