"""A task has no key of its own any more: those who wait on it have, in ``task_match_key``."""

from tortoise import migrations
from tortoise.migrations.operations import RemoveField


class DropColumn(RemoveField):
    """Both databases drop a column in place (SQLite from 3.35 on), where Tortoise would remake SQLite's table."""

    async def database_forward(self, app_label, old_state, new_state, state_editor=None) -> None:
        if state_editor:
            await state_editor.client.execute_script(f"ALTER TABLE task DROP COLUMN {self.name}")


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0021_dues_by_kind")]
    operations = [DropColumn(model_name="Task", name="match_key")]
