"""Whoever keeps promises of some kinds finds theirs without walking over everybody else's."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.operations import RemoveIndex


class DropIndex(RemoveIndex):
    """Dropped in place, where Tortoise would remake SQLite's table."""

    async def database_forward(self, app_label, old_state, new_state, state_editor=None) -> None:
        if state_editor:
            await state_editor.client.execute_script(f"DROP INDEX {self.name}")


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0020_books_on_their_way")]
    operations = [
        ops.AddIndex(model_name="Due", index=Index(fields=("kind", "due_at"), name="due_kind")),
        DropIndex(model_name="Due", name="due_at"),
    ]
