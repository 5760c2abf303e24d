"""Python's collector of circular garbage, kept out of the way of conversations.

A full collection looks at every object of the process while nobody is served: with 5 000 clients for 0.4 s. Python
begins one whenever the objects have become a quarter more, so just when many people come. What connections and talk are
made of is freed without it, and what pages leave behind while it is young; so old objects are looked through seldom,
and the more seldom the longer it takes.
"""

import asyncio
import gc
import time

SHARE = 10_000  # of all time at most one part in so many goes into full collections
SHORTEST = 60.0  # seconds between two of them
_GROWN = (
    1000  # collections of the young: millions of new objects are looked through at once, whatever it costs
)


def settle() -> None:
    """What was loaded stays for good: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pause_after(took: float) -> float:
    """Seconds until the next full collection, when one took so many."""
    return max(SHORTEST, took * SHARE)


async def collect_seldom() -> None:
    """Full collections at times of ours instead of Python's, until cancelled."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _GROWN)
    try:
        pause = SHORTEST
        while True:
            await asyncio.sleep(pause)
            begun = time.perf_counter()
            gc.collect()
            pause = pause_after(time.perf_counter() - begun)
    finally:
        gc.set_threshold(young, middle, old)
