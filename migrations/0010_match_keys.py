"""Equal requests meet under any of their keys, and stay apart where they contradict each other."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Two documents may share a key: the volumes of one number, the editions of one title.
SHARED = "DROP INDEX task_one_for_equal"
# What waits already is known by its strongest key; the others belong to what is asked from now on.
WAITING = (
    "INSERT INTO task_match_key (task_id, consultation_id, match_key)"
    " SELECT t.id, c.id, t.match_key FROM task t JOIN consultation c ON c.task_id = t.id"
    " WHERE t.state <> 'done' AND t.match_key <> '' AND c.state = 'open'"
)


async def forward(apps, editor) -> None:
    for statement in (SHARED, WAITING):
        await editor.client.execute_script(statement)


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0009_figures")]
    operations = [
        ops.CreateModel(
            name="TaskMatchKey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("task_id", fields.CharField(db_index=True, max_length=26)),
                ("consultation_id", fields.CharField(max_length=26)),
                ("match_key", fields.CharField(db_index=True, max_length=80)),
            ],
            options={
                "table": "task_match_key",
                "app": "shuqiao",
                "pk_attr": "id",
                "table_description": "A key under which a waiting consultation meets equal ones, kept while its task is at work.",
            },
            bases=["Model"],
        ),
        ops.RunPython(forward, ops.RunPython.noop),
    ]
