"""Figures counted in advance, and the words of the archive."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

BY_HAND = (
    "CREATE UNIQUE INDEX figure_once ON figure (span, starts_on, channel, material, staff_id, library_id)",
    # What changes the figures of days gone by, or the text of an answer: found without a look at the archive.
    "CREATE INDEX consultation_step_late ON consultation_step (at) WHERE kind IN ('rated', 'converted', 'corrected')",
    "CREATE INDEX inspection_step_late ON inspection_step (at)",
    "CREATE INDEX claim_returned ON claim (ended_at) WHERE outcome = 'handed_back'",
)
# What a consultation is found by, under its number in the archive.
WORDS = {
    "sqlite": (
        "CREATE VIRTUAL TABLE archive_words USING fts5(words, tokenize = \"unicode61 tokenchars '_-'\")",
    ),
    "postgres": (
        "CREATE TABLE archive_words (number BIGINT PRIMARY KEY, words TEXT[] NOT NULL)",
        "CREATE INDEX archive_words_gin ON archive_words USING gin (words)",
    ),
}


async def forward(apps, editor) -> None:
    for statement in (*BY_HAND, *WORDS[editor.client.capabilities.dialect]):
        await editor.client.execute_script(statement)


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0008_inspections")]
    operations = [
        ops.CreateModel(
            name="Figure",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("span", fields.CharField(max_length=5)),
                ("starts_on", fields.CharField(max_length=10)),
                ("library_id", fields.CharField(default="", max_length=26)),
                ("staff_id", fields.CharField(default="", max_length=26)),
                ("channel", fields.CharField(default="", max_length=10)),
                ("material", fields.CharField(default="", max_length=20)),
                ("submitted", fields.BigIntField(default=0)),
                ("answered", fields.BigIntField(default=0)),
                ("documents", fields.BigIntField(default=0)),
                ("in_time", fields.BigIntField(default=0)),
                ("late", fields.BigIntField(default=0)),
                ("returns", fields.BigIntField(default=0)),
                ("satisfied", fields.BigIntField(default=0)),
                ("fair", fields.BigIntField(default=0)),
                ("unsatisfied", fields.BigIntField(default=0)),
                ("excellent", fields.BigIntField(default=0)),
                ("passed", fields.BigIntField(default=0)),
                ("failed", fields.BigIntField(default=0)),
                ("times", fields.TextField(default="{}", unique=False)),
            ],
            options={
                "table": "figure",
                "app": "shuqiao",
                "pk_attr": "id",
                "table_description": "The counts of one period for one library or person, of one channel or material, empty parts stand for all.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FigureMark",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20)),
                ("at", fields.BigIntField()),
            ],
            options={
                "table": "figure_mark",
                "app": "shuqiao",
                "pk_attr": "name",
                "table_description": "How far somebody who goes over the archive has come.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StaleDay",
            fields=[("day", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=10))],
            options={
                "table": "stale_day",
                "app": "shuqiao",
                "pk_attr": "day",
                "table_description": "A day whose figures are to be counted anew.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ArchiveEntry",
            fields=[
                ("number", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("consultation_id", fields.CharField(unique=True, max_length=26)),
                ("answered_at", fields.BigIntField(db_index=True)),
            ],
            options={
                "table": "archive_entry",
                "app": "shuqiao",
                "pk_attr": "number",
                "table_description": "An answered consultation in the archive's index, numbered in the order of the answers.",
            },
            bases=["Model"],
        ),
        ops.RunPython(forward, ops.RunPython.noop),
    ]
