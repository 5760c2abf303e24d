"""Titles that can be borrowed, in their classes: browsing counts nothing and sorts nothing."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0014_loans")]

    operations = [
        ops.CreateModel(
            name="LoanTitle",
            fields=[
                (
                    "record_id",
                    fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True),
                ),
                ("main_class", fields.CharField(default="", max_length=1)),
                ("second_class", fields.CharField(default="", max_length=4)),
            ],
            options={
                "table": "loan_title",
                "app": "shuqiao",
                "indexes": [
                    Index(name="loan_title_main", fields=["main_class", "record_id"]),
                    Index(name="loan_title_second", fields=["second_class", "record_id"]),
                ],
                "pk_attr": "record_id",
                "table_description": "A title with items, and its classes of the Chinese Library Classification (empty where it has none).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LoanClass",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=4)),
                ("titles", fields.IntField(default=0)),
            ],
            options={
                "table": "loan_class",
                "app": "shuqiao",
                "pk_attr": "code",
                "table_description": "How many titles a class has that can be browsed.",
            },
            bases=["Model"],
        ),
    ]
