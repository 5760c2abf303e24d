"""Which numbers of a device's runs are kept, and which are missing. No I/O.

A run (epoch) begins with 1; runs sort by name. The mark is the last number up to which everything is kept.
"""

MOST_BEYOND = (
    20_000  # numbers remembered beyond a gap; what is more is kept all the same, and may be asked for twice
)


class Counts:
    """Follows a device's counter over its runs.

    ``kept`` when something is durable, ``told`` when the device names its last number. ``gap`` is then what has to be
    asked for: everything of a run after a number. A run is left for the next one only when it has no gap.
    """

    def __init__(self, epoch: str = "", mark: int = 0) -> None:
        self.epoch = epoch
        self.mark = mark
        self._beyond: dict[str, set[int]] = {}
        self._highest: dict[str, int] = {}
        self._ended: dict[str, int] = {}  # what the device said was the last of a run that is over

    def kept(self, epoch: str, number: int) -> None:
        """This number is kept for good."""
        if epoch < self.epoch or (epoch == self.epoch and number <= self.mark):
            return  # an old run's, or once more
        beyond = self._beyond.setdefault(epoch, set())
        if len(beyond) < MOST_BEYOND:
            beyond.add(number)
        self._highest[epoch] = max(number, self._highest.get(epoch, 0))
        self._go_on()

    def told(self, epoch: str, last: int) -> None:
        """The device says that so many numbers of this run exist by now."""
        if not epoch or epoch < self.epoch:
            return
        self._highest[epoch] = max(last, self._highest.get(epoch, 0))
        if any(each > epoch for each in self._highest):
            self._ended[epoch] = last  # while it runs, its last number is only the last so far
        self._go_on()

    def give_up(self) -> tuple[str, int, int] | None:
        """Go on without what does not come; returns run, first and last of the numbers that are lost, if any are."""
        beyond = self._beyond.get(self.epoch, set())
        last = min(beyond, default=self._highest.get(self.epoch, self.mark) + 1) - 1
        lost = (self.epoch, self.mark + 1, last) if last > self.mark else None
        self.mark = max(self.mark, last)
        if not beyond and self.mark >= self._highest.get(self.epoch, 0):
            self._ended[self.epoch] = self.mark
        self._go_on()
        return lost

    @property
    def gap(self) -> tuple[str, int] | None:
        """The run and the number after which something is missing; None while nothing is."""
        if self.epoch and (self._highest.get(self.epoch, 0) > self.mark or self._later()):
            return self.epoch, self.mark
        return None

    def _later(self) -> list[str]:
        return sorted(epoch for epoch in self._highest if epoch > self.epoch)

    def _go_on(self) -> None:
        """Move the mark as far as everything is there, and on to the next run when this one is complete."""
        while True:
            beyond = self._beyond.get(self.epoch, set())
            while self.mark + 1 in beyond:
                self.mark += 1
                beyond.discard(self.mark)
            later = self._later()
            over = not self.epoch or (self._ended.get(self.epoch, -1) == self.mark and not beyond)
            if not later or not over:
                return
            for known in (self._beyond, self._highest, self._ended):
                known.pop(self.epoch, None)
            self.epoch, self.mark = later[0], 0
