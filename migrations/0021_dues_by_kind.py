"""Whoever keeps promises of some kinds finds theirs without walking over everybody else's."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0020_books_on_their_way")]
    operations = [
        ops.AddIndex(model_name="Due", index=Index(fields=("kind", "due_at"), name="due_kind")),
        ops.RemoveIndex(model_name="Due", name="due_at"),
    ]
