"""The calendar by which the loan clocks run."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0010_match_keys")]
    operations = [
        ops.CreateModel(
            name="CalendarDay",
            fields=[
                ("day", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=10)),
                ("kind", fields.CharField(max_length=10)),
                ("name_zh", fields.CharField(default="", max_length=60)),
                ("name_en", fields.CharField(default="", max_length=60)),
            ],
            options={
                "table": "calendar_day",
                "app": "shuqiao",
                "pk_attr": "day",
                "table_description": "A holiday, or a weekend day on which people work in return (R-LOAN.4).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CalendarYear",
            fields=[
                ("year", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=4)),
                ("provisional", fields.BooleanField(default=True)),
                ("source", fields.CharField(default="", max_length=60)),
            ],
            options={
                "table": "calendar_year",
                "app": "shuqiao",
                "pk_attr": "year",
                "table_description": "A year that somebody has entered, provisional until its official swaps are known.",
            },
            bases=["Model"],
        ),
    ]
