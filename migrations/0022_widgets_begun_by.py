"""A widget's log-in remembers the browser's that it was begun by, and ends with it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0021_dues_by_kind")]
    operations = [  # empty for what is there, and for what a server of before still writes while others are new
        ops.AddField("WebSession", "begun_by", fields.CharField(max_length=64, null=True)),
    ]
