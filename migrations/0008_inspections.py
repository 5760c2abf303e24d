"""Quality inspection: answers before the inspectors, what was decided, what was published."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

# The random samples of each library, counted from the index alone.
SAMPLE = (
    "CREATE INDEX inspection_sample ON inspection (library_id, answered_at, sample_grade)"
    " WHERE at_random AND sample_grade <> ''"
)


async def forward(apps, editor) -> None:
    await editor.client.execute_script(SAMPLE)


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0007_chat_append")]

    operations = [
        ops.CreateModel(
            name="Inspection",
            fields=[
                (
                    "consultation_id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26),
                ),
                ("answer_id", fields.CharField(max_length=26)),
                ("state", fields.CharField(max_length=10)),
                ("version", fields.IntField(default=1)),
                ("reason", fields.CharField(max_length=16)),
                ("at_random", fields.BooleanField(default=False)),
                ("staff_id", fields.CharField(max_length=26)),
                ("released_by", fields.CharField(default="", max_length=26)),
                ("library_id", fields.CharField(max_length=26)),
                ("channel", fields.CharField(max_length=10)),
                ("facts", fields.TextField()),
                ("corrections", fields.TextField(default="{}")),
                ("suggested_grade", fields.CharField(default="", max_length=10)),
                ("suggested_row", fields.CharField(default="", max_length=6)),
                ("grade", fields.CharField(default="", max_length=10)),
                ("grade_row", fields.CharField(default="", max_length=6)),
                ("sample_grade", fields.CharField(default="", max_length=10)),
                ("inspector_id", fields.CharField(default="", max_length=26)),
                ("graded_at", fields.BigIntField(null=True)),
                ("decider_id", fields.CharField(default="", max_length=26)),
                ("correct_by_at", fields.BigIntField(null=True)),
                ("overdue", fields.BooleanField(default=False)),
                ("appealed_once", fields.BooleanField(default=False)),
                ("answered_at", fields.BigIntField()),
                ("queued_at", fields.BigIntField()),
                ("waiting_from_at", fields.BigIntField()),
                ("publication_id", fields.CharField(default="", max_length=26)),
            ],
            options={
                "table": "inspection",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["state", "waiting_from_at", "consultation_id"], name="inspection_queue"),
                    Index(fields=["staff_id", "waiting_from_at"], name="inspection_author"),
                    Index(fields=["answered_at", "consultation_id"], name="inspection_answered"),
                    Index(fields=["answer_id"], name="inspection_answer"),
                ],
                "pk_attr": "consultation_id",
                "table_description": "One answer before the inspectors, for one reader's consultation, which names it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InspectionStep",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("consultation_id", fields.CharField(max_length=26)),
                ("step", fields.CharField(max_length=10)),
                ("at", fields.BigIntField()),
                ("actor_id", fields.CharField(default="", max_length=26)),
                ("answer_id", fields.CharField(default="", max_length=26)),
                ("grade", fields.CharField(default="", max_length=10)),
                ("grade_row", fields.CharField(default="", max_length=6)),
                ("suggested_row", fields.CharField(default="", max_length=6)),
                ("text", fields.TextField(default="")),
            ],
            options={
                "table": "inspection_step",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["consultation_id", "at", "id"], name="inspection_step_order"),
                ],
                "pk_attr": "id",
                "table_description": "What somebody did in an inspection: the grade given, the reason, the fact put right, the appeal's words.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Publication",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("from_at", fields.BigIntField()),
                ("until_at", fields.BigIntField()),
                ("names_librarians", fields.BooleanField(default=False)),
                ("published_at", fields.BigIntField()),
                ("published_by", fields.CharField(max_length=26)),
            ],
            options={
                "table": "publication",
                "app": "shuqiao",
                "pk_attr": "id",
                "table_description": "Results of spot checks as they were published for the answers of a period (R-QC.5).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PublishedResult",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("publication_id", fields.CharField(db_index=True, max_length=26)),
                ("library_id", fields.CharField(max_length=26)),
                ("staff_id", fields.CharField(default="", max_length=26)),
                ("inspected", fields.IntField(default=0)),
                ("excellent", fields.IntField(default=0)),
                ("passed", fields.IntField(default=0)),
                ("failed", fields.IntField(default=0)),
                ("corrected", fields.IntField(default=0)),
                ("sampled", fields.IntField(default=0)),
                ("sampled_failed", fields.IntField(default=0)),
            ],
            options={
                "table": "published_result",
                "app": "shuqiao",
                "pk_attr": "id",
                "table_description": "One line of a publication: a library's results, or one librarian's. No reader and no topic.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PublicationComment",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("publication_id", fields.CharField(max_length=26)),
                ("library_id", fields.CharField(default="", max_length=26)),
                ("account_id", fields.CharField(max_length=26)),
                ("text", fields.TextField()),
                ("at", fields.BigIntField()),
                ("hidden_by", fields.CharField(default="", max_length=26)),
            ],
            options={
                "table": "publication_comment",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["publication_id", "id"], name="publication_comment_order"),
                ],
                "pk_attr": "id",
                "table_description": "What a reader says to the published results (R-QC.5), hidden where it names people or abuses them.",
            },
            bases=["Model"],
        ),
        ops.RunPython(forward, ops.RunPython.noop),
    ]
