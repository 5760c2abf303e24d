"""A book that a machine is at, or has brought for nobody any more, is promised to nobody else."""

import time

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

_DAY = 24 * 3600 * 1_000_000
# What machines brought for attempts that were over, and nobody has had taken in again, was free until now.
STRAYS = """
UPDATE item SET state = 'stray' WHERE state = 'available' AND EXISTS (
    SELECT 1 FROM stack_command c JOIN loan_line l ON l.id = c.line_id
    WHERE c.item_id = item.id AND c.kind = 'retrieve' AND c.state = 'done' AND c.settled_at >= {since}
    AND l.command_id <> c.id AND COALESCE(item.checked_at, 0) <= c.settled_at AND NOT EXISTS (
        SELECT 1 FROM stack_command b
        WHERE b.item_id = c.item_id AND b.kind = 'put_back' AND b.created_at >= c.settled_at
    )
)
"""


async def forward(apps, editor) -> None:
    await editor.client.execute_script(STRAYS.format(since=time.time_ns() // 1000 - 14 * _DAY))


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0019_chat_log")]
    operations = [
        ops.AddIndex(model_name="StackCommand", index=Index(fields=("item_id",), name="stack_command_item")),
        ops.RunPython(forward, ops.RunPython.noop),
    ]
