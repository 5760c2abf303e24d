"""Titles that can be borrowed, in their classes, counted as they come in."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class LoanTitle(Model):
    """A title with items, and its classes of the Chinese Library Classification (empty where it has none)."""

    record_id = fields.BigIntField(primary_key=True, generated=False)
    main_class = fields.CharField(max_length=1, default="")
    second_class = fields.CharField(max_length=4, default="")

    class Meta:
        table = "loan_title"
        indexes = [
            Index(fields=("main_class", "record_id"), name="loan_title_main"),
            Index(fields=("second_class", "record_id"), name="loan_title_second"),
        ]


class LoanClass(Model):
    """How many titles a class has that can be browsed."""

    code = fields.CharField(primary_key=True, max_length=4)
    titles = fields.IntField(default=0)

    class Meta:
        table = "loan_class"
