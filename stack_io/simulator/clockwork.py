"""Simulated time: stories that wait, and things of which there is only one.

A story is a generator. ``yield 3.5`` lets time pass; ``yield turn`` waits until the thing is free and takes it.
"""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from itertools import count


class Turn:
    """Something that one story can have at a time; others wait, the more urgent first, then in their order."""

    def __init__(self) -> None:
        self.taken = False
        self.waiting: list[tuple[int, int, Callable[[], None]]] = []


Story = Generator["float | Turn", None, None]


class Clockwork:
    """Runs stories in simulated seconds; nothing happens but within ``advance``."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def begin(self, story: Story, *, urgency: int = 5) -> None:
        """Let a story begin with the next moment."""
        self._after(0.0, lambda: self._go_on(story, urgency))

    def advance(self, seconds: float) -> None:
        """Let so much time pass, and everything happen that it brings, in order."""
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, step = heappop(self._due)
            step()
        self.now = until

    def give(self, turn: Turn) -> None:
        """Free a thing; the next one who waits gets it."""
        if turn.waiting:
            _, _, go_on = heappop(turn.waiting)
            self._after(0.0, go_on)
        else:
            turn.taken = False

    @property
    def idle(self) -> bool:
        """Whether nothing will happen by itself any more."""
        return not self._due

    def _go_on(self, story: Story, urgency: int) -> None:
        wish = next(story, None)
        if wish is None:
            return
        if not isinstance(wish, Turn):
            self._after(wish, lambda: self._go_on(story, urgency))
        elif wish.taken:
            heappush(wish.waiting, (urgency, next(self._order), lambda: self._go_on(story, urgency)))
        else:
            wish.taken = True
            self._after(0.0, lambda: self._go_on(story, urgency))

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        heappush(self._due, (self.now + seconds, next(self._order), step))
