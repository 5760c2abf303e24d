"""When a desk is open: shifts of the week, days that differ, all in the installation's zone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from server.domain.errors import Invalid

DAY_MINUTES = 1440
_MOMENT = timedelta(microseconds=1)
_LOOK_AHEAD_DAYS = 400  # beyond a year of closures nobody wants to be told a day


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """From ``opens`` until just before ``closes``, in minutes since midnight; 1440 is the end of the day."""

    opens: int
    closes: int


Shifts = tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Closure:
    """A day with other hours than its weekday's, or none at all; without a desk it holds for every desk."""

    id: str
    desk_id: str
    day: date
    shifts: Shifts = ()
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """A desk's week (Monday first) and the days that differ from it."""

    week: tuple[Shifts, ...] = ((),) * 7
    days: Mapping[date, Closure] = field(default_factory=dict)

    def on(self, day: date) -> Shifts:
        """The shifts of one day."""
        special = self.days.get(day)
        return self.week[day.weekday()] if special is None else special.shifts


def hours_from(shifts: Iterable[tuple[int, Shift]], closures: Iterable[Closure]) -> Hours:
    """The hours made of (weekday, shift) pairs; a desk's own closure goes before the alliance's that day."""
    week: list[list[Shift]] = [[] for _ in range(7)]
    for weekday, shift in shifts:
        week[weekday].append(shift)
    days: dict[date, Closure] = {}
    for closure in sorted(closures, key=lambda closure: bool(closure.desk_id)):
        days[closure.day] = closure
    return Hours(tuple(tuple(sorted(day)) for day in week), days)


def open_at(hours: Hours, now: datetime, zone: tzinfo) -> bool:
    """Whether the desk is open at this instant."""
    return closes_at(hours, now, zone) is not None


def closes_at(hours: Hours, now: datetime, zone: tzinfo) -> datetime | None:
    """When the shift that runs now ends (UTC); None while the desk is closed."""
    today = now.astimezone(zone).date()
    for opens, closes in _instants(hours, today, zone):
        if opens <= now < closes:
            return closes
    return None


def next_open(hours: Hours, now: datetime, zone: tzinfo) -> datetime | None:
    """When the desk opens next, strictly after now (UTC); None if it has no hours in the coming year.

    A shift that runs on over midnight does not open anew: a desk that never closes has no such moment.
    """
    today = now.astimezone(zone).date()
    for ahead in range(_LOOK_AHEAD_DAYS):
        for opens, _ in _instants(hours, today + timedelta(days=ahead), zone):
            if opens > now and not open_at(hours, opens - _MOMENT, zone):
                return opens
    return None


def instant(day: date, minutes: int, zone: tzinfo) -> datetime:
    """The instant at so many minutes after midnight on the wall clock of the zone (UTC)."""
    days, rest = divmod(minutes, DAY_MINUTES)
    wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return wall.astimezone(UTC)


def _instants(hours: Hours, day: date, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    return [(instant(day, s.opens, zone), instant(day, s.closes, zone)) for s in hours.on(day)]


def parse_shifts(text: str, *, field: str) -> Shifts:
    """The shifts that somebody typed: ``8:30-12:00, 13:30-17:30``; nothing typed is a closed day.

    Full-width signs, 至 and blanks are understood. Raises Invalid naming the field.
    """
    plain = text.translate(_PLAIN).replace(" ", "").replace("至", "-")
    shifts = [_shift(part, field) for part in plain.split(",") if part]
    return checked_shifts(shifts, field=field)


def format_shifts(shifts: Sequence[Shift]) -> str:
    """The shifts as one types them: ``08:30-12:00, 13:30-17:30``."""
    return ", ".join(f"{clock(shift.opens)}-{clock(shift.closes)}" for shift in shifts)


def clock(minutes: int) -> str:
    """Minutes since midnight as ``08:30``; the end of the day as ``24:00``."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def checked_shifts(shifts: Iterable[Shift], *, field: str) -> Shifts:
    """The shifts of a day in order, those that touch made one. Raises Invalid for overlaps."""
    joined: list[Shift] = []
    for shift in sorted(shifts):
        if not 0 <= shift.opens < shift.closes <= DAY_MINUTES:
            raise Invalid("shift_backwards", field, opens=clock(shift.opens), closes=clock(shift.closes))
        if joined and shift.opens < joined[-1].closes:
            raise Invalid("shifts_overlap", field, opens=clock(shift.opens), closes=clock(joined[-1].closes))
        if joined and shift.opens == joined[-1].closes:
            joined[-1] = Shift(joined[-1].opens, shift.closes)
        else:
            joined.append(shift)
    return tuple(joined)


_PLAIN = str.maketrans(
    {"，": ",", "、": ",", ";": ",", "；": ",", "：": ":", "–": "-", "—": "-", "~": "-", "～": "-", "－": "-"}
)


def _shift(part: str, field: str) -> Shift:
    opens, dash, closes = part.partition("-")
    if not dash:
        raise Invalid("shift_unreadable", field, text=part)
    return Shift(_minutes(opens, part, field), _minutes(closes, part, field))


def _minutes(text: str, part: str, field: str) -> int:
    hour, colon, minute = text.partition(":")
    if not (hour.isascii() and hour.isdigit() and len(hour) <= 2):
        raise Invalid("shift_unreadable", field, text=part)
    if colon and not (minute.isascii() and minute.isdigit() and len(minute) == 2):
        raise Invalid("shift_unreadable", field, text=part)
    minutes = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or minutes > DAY_MINUTES:
        raise Invalid("shift_unreadable", field, text=part)
    return minutes
