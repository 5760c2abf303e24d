"""The days that differ from their weekday, and what is known of each year."""

from collections.abc import Iterable
from datetime import date, datetime

from server.domain.calendar import Calendar, CalendarYear, Day, DayKind, calendar_from
from server.store.policies import weekends_count_at
from server.store.rows import Reader, Row, Transaction

_DAYS = "SELECT day, kind, name_zh, name_en FROM calendar_day"


async def read_calendar(db: Reader, now: datetime) -> Calendar:
    """The whole calendar, with whether plain weekends count by the policy in force: some 40 rows a year."""
    days = await db.rows(_DAYS)
    years = await db.rows("SELECT year, provisional, source FROM calendar_year")
    return calendar_from(map(_day, days), map(_year, years), weekends_count=await weekends_count_at(db, now))


async def known_years(db: Reader) -> set[int]:
    """The years that somebody has entered."""
    return {int(row["year"]) for row in await db.rows("SELECT year FROM calendar_year")}


async def save_day(tx: Transaction, day: Day) -> None:
    """Set what a day is; what stood for it is replaced."""
    await remove_day(tx, day.date)
    await tx.execute(
        "INSERT INTO calendar_day (day, kind, name_zh, name_en) VALUES ($1, $2, $3, $4)",
        day.date.isoformat(),
        str(day.kind),
        day.name_zh,
        day.name_en,
    )


async def remove_day(tx: Transaction, day: date) -> None:
    """Make the day an ordinary one of its weekday again."""
    await tx.execute("DELETE FROM calendar_day WHERE day = $1", day.isoformat())


async def replace_year(tx: Transaction, year: CalendarYear, days: Iterable[Day]) -> None:
    """Set all days of a year anew; the days must be of that year."""
    await tx.execute(
        "DELETE FROM calendar_day WHERE day >= $1 AND day <= $2", f"{year.year}-01-01", f"{year.year}-12-31"
    )
    for day in days:
        await save_day(tx, day)
    await save_year(tx, year)


async def save_year(tx: Transaction, year: CalendarYear) -> None:
    """Set what is known of a year."""
    await tx.execute("DELETE FROM calendar_year WHERE year = $1", str(year.year))
    await tx.execute(
        "INSERT INTO calendar_year (year, provisional, source) VALUES ($1, $2, $3)",
        str(year.year),
        year.provisional,
        year.source,
    )


def _day(row: Row) -> Day:
    return Day(date.fromisoformat(row["day"]), DayKind(row["kind"]), row["name_zh"], row["name_en"])


def _year(row: Row) -> CalendarYear:
    return CalendarYear(int(row["year"]), bool(row["provisional"]), row["source"])
