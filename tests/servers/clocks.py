"""Time that a test moves for every process at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path


class FileClock:
    """Writes the file that processes with SHUQIAO_TEST_CLOCK_FILE read: seconds added to the real time.

    Time goes on between moves, as it does outside. Each move replaces the file whole: nobody reads half.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shift = timedelta()
        self._write()

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs to follow this clock."""
        return {"SHUQIAO_ENVIRONMENT": "test", "SHUQIAO_TEST_CLOCK_FILE": str(self.path)}

    def now(self) -> datetime:
        """The moment that the processes see."""
        return datetime.now(UTC) + self._shift

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._shift += by
        self._write()

    def set(self, moment: datetime) -> None:
        """Make it an exact moment from now on; it must know its zone."""
        self._shift = moment - datetime.now(UTC)
        self._write()

    def _write(self) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{self._shift.total_seconds():.6f}")
        fresh.replace(self.path)
