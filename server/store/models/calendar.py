"""The calendar by which the loan clocks run: days that differ from their weekday, and what is known of each year."""

from tortoise import fields
from tortoise.models import Model


class CalendarDay(Model):
    """A holiday, or a weekend day on which people work in return (R-LOAN.4)."""

    day = fields.CharField(primary_key=True, max_length=10)  # 2026-10-01
    kind = fields.CharField(max_length=10)  # holiday, workday
    name_zh = fields.CharField(max_length=60, default="")
    name_en = fields.CharField(max_length=60, default="")

    class Meta:
        table = "calendar_day"


class CalendarYear(Model):
    """A year that somebody has entered, provisional until its official swaps are known."""

    year = fields.CharField(primary_key=True, max_length=4)
    provisional = fields.BooleanField(default=True)
    source = fields.CharField(max_length=60, default="")

    class Meta:
        table = "calendar_year"
