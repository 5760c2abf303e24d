"""Figures of the service: what counts on a day for whom, and what can be read off the counts (R-ORG.6, R-72.1).

A day's facts are counted for the alliance, for each library and for each librarian, so that any page reads a handful
of rows. What was asked counts for the library whose desk was asked, on the day of asking; what was answered, with its
rating and grade, for the library and the person that answered, on the day of the answer; what was handed back for who
did, on that day.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

SPANS = ("day", "week", "month", "year")
CHANNELS = ("document", "form", "knowledge", "phone", "live")
LIVE = "live"  # conversations: no 72-hour clock, no answering times
RATED = ("satisfied", "fair", "unsatisfied")
GRADED = ("excellent", "pass", "fail")
MEASURES = ("submitted", "answered", "documents", "in_time", "late", "returns", *RATED, *GRADED)
DOCUMENT_KINDS = frozenset({"exact", "similar"})

# Answering times are kept as counts in buckets that grow by a fifth from a minute up: what is read off them is right
# within that, and never takes more room. The last one holds everything beyond two months.
_FIRST = 60.0
_GROWTH = 1.2
BUCKETS = 64
_NONE: Mapping[str, int] = {}
_NUMBERS = {f"t{number}": number for number in range(BUCKETS)}


class Key(NamedTuple):
    """For whom and of what is counted; an empty part stands for all of them."""

    library_id: str = ""
    staff_id: str = ""
    channel: str = ""
    material: str = ""


class Fact(NamedTuple):
    """Something that counts on a day: where it belongs, and what it adds."""

    key: Key
    counts: Mapping[str, int]


Counts = dict[Key, Counter[str]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted for one key in one period."""

    counts: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, measure: str) -> int:
        return self.counts.get(measure, 0)

    @property
    def in_time_share(self) -> float | None:
        """How much of what had a 72-hour clock was answered within it."""
        return _share(self["in_time"], self["in_time"] + self["late"])

    @property
    def satisfied_share(self) -> float | None:
        return _share(self["satisfied"], self.rated)

    @property
    def rated(self) -> int:
        return sum(self[name] for name in RATED)

    @property
    def graded(self) -> int:
        return sum(self[name] for name in GRADED)

    @property
    def median(self) -> timedelta | None:
        """Half of the answers took no longer."""
        return quantile(self.counts, 0.5)

    @property
    def p90(self) -> timedelta | None:
        """Nine of ten answers took no longer."""
        return quantile(self.counts, 0.9)


def asked(library_id: str, channel: str, material: str, number: int = 1) -> Fact:
    """Questions that came to a library's desk."""
    return Fact(Key(library_id, "", channel, material), {"submitted": number})


def returned(library_id: str, staff_id: str, channel: str, material: str) -> Fact:
    """A task that somebody handed back."""
    return Fact(Key(library_id, staff_id, channel, material), {"returns": 1})


def answered(
    key: Key, *, kind: str, took: timedelta, strict: timedelta, rating: str = "", grade: str = ""
) -> Fact:
    """An answer: within the strict time of its own policy or not, with what the reader and an inspector said of it."""
    counts = {"answered": 1, time_bucket(took): 1, "in_time" if took <= strict else "late": 1}
    if kind in DOCUMENT_KINDS:
        counts["documents"] = 1
    counts |= {name: 1 for name in (rating, grade) if name in MEASURES}
    return Fact(key, counts)


def talked(key: Key, *, documents: int, rating: str = "") -> Fact:
    """A conversation that a librarian took (R-LIVE.5)."""
    counts = {"answered": 1}
    if documents:
        counts["documents"] = documents
    if rating in RATED:
        counts[rating] = 1
    return Fact(Key(key.library_id, key.staff_id, LIVE, ""), counts)


def count(facts: Iterable[Fact], counts: Counts | None = None) -> Counts:
    """Add the facts up for everybody whom they concern; ``counts`` goes on from earlier ones."""
    counts = {} if counts is None else counts
    for fact in facts:
        for key in _concerned(fact.key):
            counts.setdefault(key, Counter()).update(fact.counts)
    return counts


def changes(before: Counts, after: Counts) -> Counts:
    """What must be added to the one to come to the other."""
    changed: Counts = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key, _NONE), after.get(key, _NONE)
        delta = {name: new.get(name, 0) - old.get(name, 0) for name in old.keys() | new.keys()}
        if any(delta.values()):
            changed[key] = Counter({name: number for name, number in delta.items() if number})
    return changed


def start_of(span: str, day: date) -> date:
    """The first day of the period that holds the day; weeks begin on Monday."""
    match span:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def after_end(span: str, start: date) -> date:
    """The first day after the period that begins there."""
    match span:
        case "week":
            return start + timedelta(days=7)
        case "month":
            return (start + timedelta(days=32)).replace(day=1)
        case "year":
            return start.replace(year=start.year + 1)
    return start + timedelta(days=1)


def pieces(first: date, last: date) -> list[tuple[str, date]]:
    """The days from first to last as the fewest whole years, months and days: (span, start) each, in order."""
    found: list[tuple[str, date]] = []
    day = first
    while day <= last:
        span = next(s for s in ("year", "month", "day") if start_of(s, day) == day and _ends_by(s, day, last))
        found.append((span, day))
        day = after_end(span, day)
    return found


def time_bucket(took: timedelta) -> str:
    """The name of the bucket that an answering time falls into: t0 up to a minute, t1 a fifth more, …"""
    seconds = took.total_seconds()
    if seconds <= _FIRST:
        return "t0"
    return f"t{min(BUCKETS - 1, math.ceil(round(math.log(seconds / _FIRST, _GROWTH), 9)))}"


def quantile(counts: Mapping[str, int], share: float) -> timedelta | None:
    """The time that this share of the answers did not exceed, within a fifth; None where nothing was timed."""
    buckets = sorted([(_NUMBERS[name], n) for name, n in counts.items() if name in _NUMBERS and n > 0])
    wanted = share * sum([n for _, n in buckets])
    passed = 0
    for at, n in buckets:
        if passed + n >= wanted:
            low, high = _bound(at - 1), _bound(at)
            return timedelta(seconds=low + (high - low) * max(0.0, wanted - passed) / n)
        passed += n
    return None


def is_bucket(name: str) -> bool:
    """Whether this count is one of answering times."""
    return name in _NUMBERS


def _concerned(key: Key) -> tuple[Key, ...]:
    """Everybody for whom a fact counts: alliance, library and person; all channels, this one, and this material.

    A person's figures do not tell materials apart: the rows would be as many as the answers.
    """
    library, staff, channel, material = key
    found = [Key(), Key("", "", channel), Key(library), Key(library, "", channel)]
    if material:
        found += [Key("", "", channel, material), Key(library, "", channel, material)]
    if staff:
        found += [Key(library, staff), Key(library, staff, channel)]
    return tuple(found)


def _bound(bucket: int) -> float:
    return 0.0 if bucket < 0 else _FIRST * _GROWTH**bucket


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ends_by(span: str, start: date, last: date) -> bool:
    return after_end(span, start) - timedelta(days=1) <= last
