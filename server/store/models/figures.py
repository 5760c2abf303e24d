"""Counted in advance: what the service did, by day, week, month and year; and the archive's words."""

from tortoise import fields
from tortoise.models import Model


class Figure(Model):
    """The counts of one period for one library or person, of one channel or material, empty parts stand for all.

    Days are those of the installation's zone. ``times`` holds how many answers fell into which bucket of answering
    times. One row for each combination (index ``figure_once``).
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    span = fields.CharField(max_length=5)  # day, week, month, year
    starts_on = fields.CharField(max_length=10)  # 2026-11-20
    library_id = fields.CharField(max_length=26, default="")
    staff_id = fields.CharField(max_length=26, default="")
    channel = fields.CharField(max_length=10, default="")
    material = fields.CharField(max_length=20, default="")
    submitted = fields.BigIntField(default=0)
    answered = fields.BigIntField(default=0)
    documents = fields.BigIntField(default=0)
    in_time = fields.BigIntField(default=0)
    late = fields.BigIntField(default=0)
    returns = fields.BigIntField(default=0)
    satisfied = fields.BigIntField(default=0)
    fair = fields.BigIntField(default=0)
    unsatisfied = fields.BigIntField(default=0)
    excellent = fields.BigIntField(default=0)
    passed = fields.BigIntField(default=0)
    failed = fields.BigIntField(default=0)
    times = fields.TextField(default="{}")  # JSON object

    class Meta:
        table = "figure"


class FigureMark(Model):
    """How far somebody who goes over the archive has come."""

    name = fields.CharField(primary_key=True, max_length=20)
    at = fields.BigIntField()

    class Meta:
        table = "figure_mark"


class StaleDay(Model):
    """A day whose figures are to be counted anew."""

    day = fields.CharField(primary_key=True, max_length=10)

    class Meta:
        table = "stale_day"


class ArchiveEntry(Model):
    """An answered consultation in the archive's index, numbered in the order of the answers."""

    number = fields.BigIntField(primary_key=True, generated=True)
    consultation_id = fields.CharField(max_length=26, unique=True)
    answered_at = fields.BigIntField(db_index=True)

    class Meta:
        table = "archive_entry"
