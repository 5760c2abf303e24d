"""Files that belong to requests and answers, deliveries to readers, looks at links."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0004_bibliographic_records")]

    operations = [
        ops.CreateModel(
            name="Attachment",
            fields=[
                ("file_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("owner_kind", fields.CharField(max_length=12)),
                ("owner_id", fields.CharField(max_length=60)),
                ("added_at", fields.BigIntField()),
            ],
            options={
                "table": "attachment",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["owner_kind", "owner_id"], name="attachment_owner"),
                ],
                "pk_attr": "file_id",
                "table_description": "To what a stored file belongs: a request that is being written, a consultation, or the answer to a task.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Delivery",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("consultation_id", fields.CharField(max_length=26)),
                ("answer_id", fields.CharField(max_length=26)),
                ("file_id", fields.CharField(db_index=True, max_length=26)),
                ("expires_at", fields.BigIntField()),
                ("fetched", fields.IntField(default=0)),
                ("first_fetched_at", fields.BigIntField(null=True)),
                ("last_fetched_at", fields.BigIntField(null=True)),
                ("created_at", fields.BigIntField()),
            ],
            options={
                "table": "delivery",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["consultation_id", "created_at"], name="delivery_consultation"),
                ],
                "pk_attr": "id",
                "table_description": "A file on its way to the reader who asked for it: a secret address that is good for a time (R-ANS.5).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeliveryFetch",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("delivery_id", fields.CharField(max_length=26)),
                ("network", fields.CharField(default="", max_length=50)),
                ("at", fields.BigIntField()),
            ],
            options={
                "table": "delivery_fetch",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["delivery_id", "at"], name="delivery_fetch_order"),
                ],
                "pk_attr": "id",
                "table_description": "One fetch of a delivered file, logged apart: when, and from which network.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LinkProbe",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("url", fields.CharField(max_length=1000)),
                ("url_hash", fields.CharField(max_length=64)),
                ("verdict", fields.CharField(max_length=20)),
                ("why", fields.CharField(default="", max_length=200)),
                ("sure", fields.BooleanField(default=True)),
                ("hops", fields.TextField(default="[]")),
                ("kind", fields.CharField(default="", max_length=100)),
                ("title", fields.CharField(default="", max_length=200)),
                ("head_hash", fields.CharField(default="", max_length=64)),
                ("milliseconds", fields.IntField(default=0)),
                ("asked_by", fields.CharField(default="", max_length=26)),
                ("at", fields.BigIntField()),
            ],
            options={
                "table": "link_probe",
                "app": "shuqiao",
                "indexes": [
                    Index(fields=["url_hash", "at"], name="link_probe_url"),
                    Index(fields=["asked_by", "at"], name="link_probe_asker"),
                ],
                "pk_attr": "id",
                "table_description": "One look at a link with all its evidence (R-ANS.2). Rows are never changed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WatchedLink",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("answer_id", fields.CharField(max_length=26)),
                ("task_id", fields.CharField(max_length=26)),
                ("url", fields.CharField(max_length=1000)),
                ("url_hash", fields.CharField(max_length=64)),
                ("sent_at", fields.BigIntField()),
                ("sent_verdict", fields.CharField(max_length=20)),
                ("sent_probe_id", fields.CharField(default="", max_length=26)),
                ("step", fields.IntField(default=0)),
                ("doubted", fields.BooleanField(default=False)),
                ("last_verdict", fields.CharField(max_length=20)),
                ("last_probe_id", fields.CharField(default="", max_length=26)),
                ("last_at", fields.BigIntField()),
                ("died_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "watched_link",
                "app": "shuqiao",
                "unique_together": (("answer_id", "url_hash"),),
                "pk_attr": "id",
                "table_description": "A link that was sent: looked at again after 1, 7 and 30 days, and what became of it.",
            },
            bases=["Model"],
        ),
    ]
