"""The task pool's tables. Questions left with a desk move into it: what was only mailed before waits there to be answered."""

import json
import time

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

_HOUR = 3600 * 1_000_000
# The values in force when these questions move in; changes in later versions of the product do not touch them.
POLICY_ID = "before-pool"
POLICY = {"strict_hours": 72, "open_hours": 12, "due_soon_hours": 48, "duty_manager_hours": 96}
STEPS = (12, 48, 72, 96)

BY_HAND = (
    # The pool as people see it: what still waits, longest first, however large the archive is.
    "CREATE INDEX task_waiting ON task (clock_from_at, id) WHERE state <> 'done'",
    "CREATE INDEX consultation_waiting ON consultation (desk_id, task_id) WHERE state = 'open'",
    "CREATE INDEX task_held ON task (holder_id, lease_ends_at) WHERE state IN ('claimed', 'in_release')",
    # Equal requests meet in one task while it waits.
    "CREATE UNIQUE INDEX task_one_for_equal ON task (match_key) WHERE state <> 'done' AND match_key <> ''",
    "CREATE UNIQUE INDEX claim_once ON claim (task_id, number)",
    "CREATE UNIQUE INDEX answer_version_once ON answer (task_id, claim_number, version)",
)
MOVED_TASKS = (
    "INSERT INTO task (id, state, channel, material, match_key, title, language, foreign_document, desk_id, library_id,"
    " stage, consultations, clock_from_at, opened_at, holder_id, holder_library_id, claim_number, created_at)"
    " SELECT q.id, 'open', q.kind, '', '', substr(q.question, 1, 120), q.language, FALSE, q.desk_id, d.library_id,"
    " CASE WHEN q.submitted_at <= {now} - 96 * {hour} THEN 3 WHEN q.submitted_at < {now} - 72 * {hour} THEN 2"
    " WHEN q.submitted_at <= {now} - 48 * {hour} THEN 1 ELSE 0 END, 1, q.submitted_at,"
    " CASE WHEN q.submitted_at <= {now} - 12 * {hour} THEN q.submitted_at + 12 * {hour} ELSE NULL END,"
    " '', '', 0, q.submitted_at FROM consultation_question q JOIN desk d ON d.id = q.desk_id"
)
MOVED_CONSULTATIONS = (
    "INSERT INTO consultation (id, task_id, state, channel, material, desk_id, library_id, reader_id, session_id, name,"
    " mail, phone, language, topic, title, citation, question, transcript, record_id, foreign_document, show_title,"
    " client_id, policy_id, stage, submitted_at, submitted_by, answer_id, answer_kind, answered_by, answered_library_id,"
    " rating, rating_comment, grade, grade_row)"
    " SELECT q.id, q.id, 'open', q.kind, '', q.desk_id, t.library_id, q.reader_id, q.session_id, q.name, q.mail,"
    " q.phone, q.language, q.topic, t.title, '', q.question, q.transcript, '', FALSE, FALSE, q.client_id, '{policy}',"
    " t.stage, q.submitted_at, '', '', '', '', '', '', '', '', ''"
    " FROM consultation_question q JOIN task t ON t.id = q.id"
)
# A question's next deadline; those that have passed are not called out again.
MOVED_CLOCK = (
    "INSERT INTO due (id, kind, subject_id, due_at, data, attempts, last_error)"
    " SELECT 'task_clock/' || id, 'task_clock', id, submitted_at + {hours} * {hour}, '{{}}', 0, ''"
    " FROM consultation_question WHERE submitted_at + {hours} * {hour} > {now} AND submitted_at + {before} * {hour} <= {now}"
)


async def forward(apps, editor) -> None:
    now = time.time_ns() // 1000
    for statement in BY_HAND:
        await editor.client.execute_script(statement)
    content = json.dumps(POLICY)
    await editor.client.execute_script(
        f"INSERT INTO task_policy_set (id, content) VALUES ('{POLICY_ID}', '{content}')"
    )
    await editor.client.execute_script(MOVED_TASKS.format(now=now, hour=_HOUR))
    await editor.client.execute_script(MOVED_CONSULTATIONS.format(policy=POLICY_ID))
    for before, hours in zip((-1, *STEPS), STEPS, strict=False):
        await editor.client.execute_script(
            MOVED_CLOCK.format(before=before, hours=hours, hour=_HOUR, now=now)
        )


class Migration(migrations.Migration):
    dependencies = [("shuqiao", "0002_unique_and_append")]
    operations = [
        ops.CreateModel(
            name="TaskPolicySet",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("content", fields.TextField()),
            ],
            options={
                "table": "task_policy_set",
                "app": "shuqiao",
                "pk_attr": "id",
                "table_description": "A set of policy values, named by its content: what was in force when a consultation was submitted.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Task",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("state", fields.CharField(max_length=12)),
                ("channel", fields.CharField(max_length=10)),
                ("material", fields.CharField(default="", max_length=20)),
                ("match_key", fields.CharField(default="", max_length=80)),
                ("title", fields.CharField(max_length=300)),
                ("language", fields.CharField(max_length=5)),
                ("foreign_document", fields.BooleanField(default=False)),
                ("desk_id", fields.CharField(max_length=26)),
                ("library_id", fields.CharField(max_length=26)),
                ("stage", fields.IntField(default=0)),
                ("consultations", fields.IntField(default=1)),
                ("clock_from_at", fields.BigIntField()),
                ("opened_at", fields.BigIntField(null=True)),
                ("holder_id", fields.CharField(default="", max_length=26)),
                ("holder_library_id", fields.CharField(default="", max_length=26)),
                ("claim_number", fields.IntField(default=0)),
                ("claimed_at", fields.BigIntField(null=True)),
                ("lease_ends_at", fields.BigIntField(null=True)),
                ("created_at", fields.BigIntField()),
                ("done_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "task",
                "app": "shuqiao",
                "pk_attr": "id",
                "indexes": [
                    Index(fields=["done_at", "id"], name="task_done"),
                ],
                "table_description": "The work on one document or question, shared by all readers who asked for the same.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Consultation",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("task_id", fields.CharField(db_index=True, max_length=26)),
                ("state", fields.CharField(max_length=10)),
                ("channel", fields.CharField(max_length=10)),
                ("material", fields.CharField(default="", max_length=20)),
                ("desk_id", fields.CharField(max_length=26)),
                ("library_id", fields.CharField(max_length=26)),
                ("reader_id", fields.CharField(default="", max_length=26)),
                ("session_id", fields.CharField(default="", db_index=True, max_length=26)),
                ("name", fields.CharField(default="", max_length=120)),
                ("mail", fields.CharField(default="", max_length=200)),
                ("phone", fields.CharField(default="", max_length=60)),
                ("language", fields.CharField(max_length=5)),
                ("topic", fields.CharField(default="", max_length=20)),
                ("title", fields.CharField(max_length=300)),
                ("citation", fields.TextField(default="")),
                ("question", fields.TextField(default="")),
                ("transcript", fields.TextField(default="")),
                ("record_id", fields.CharField(default="", max_length=26)),
                ("foreign_document", fields.BooleanField(default=False)),
                ("show_title", fields.BooleanField(default=False)),
                ("client_id", fields.CharField(unique=True, max_length=60)),
                ("policy_id", fields.CharField(max_length=16)),
                ("stage", fields.IntField(default=0)),
                ("submitted_at", fields.BigIntField()),
                ("submitted_by", fields.CharField(default="", max_length=26)),
                ("escalated_at", fields.BigIntField(null=True)),
                ("answer_id", fields.CharField(default="", max_length=26)),
                ("answer_kind", fields.CharField(default="", max_length=10)),
                ("answered_at", fields.BigIntField(null=True)),
                ("answered_by", fields.CharField(default="", max_length=26)),
                ("answered_library_id", fields.CharField(default="", max_length=26)),
                ("cancelled_at", fields.BigIntField(null=True)),
                ("rating", fields.CharField(default="", max_length=12)),
                ("rating_comment", fields.TextField(default="")),
                ("rated_at", fields.BigIntField(null=True)),
                ("grade", fields.CharField(default="", max_length=10)),
                ("grade_row", fields.CharField(default="", max_length=6)),
                ("anonymised_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "consultation",
                "app": "shuqiao",
                "pk_attr": "id",
                "indexes": [
                    Index(fields=["reader_id", "submitted_at"], name="consultation_reader"),
                    Index(fields=["desk_id", "submitted_at"], name="consultation_desk"),
                    Index(fields=["submitted_at", "id"], name="consultation_day"),
                    Index(fields=["answered_at", "id"], name="consultation_answered"),
                    Index(fields=["answered_by", "answered_at"], name="consultation_answerer"),
                    Index(fields=["answered_library_id", "answered_at"], name="consultation_answering"),
                ],
                "table_description": "What one reader asked: their own clock, quota, answer, rating and grade.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ConsultationStep",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("consultation_id", fields.CharField(max_length=26)),
                ("kind", fields.CharField(max_length=20)),
                ("at", fields.BigIntField()),
                ("actor_id", fields.CharField(default="", max_length=26)),
                ("public", fields.BooleanField(default=True)),
                ("data", fields.TextField(default="")),
            ],
            options={
                "table": "consultation_step",
                "app": "shuqiao",
                "pk_attr": "id",
                "indexes": [
                    Index(fields=["consultation_id", "at", "id"], name="consultation_step_order"),
                ],
                "table_description": "What happened to a consultation, in order: the reader's history in plain words, the archive's evidence.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Claim",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("task_id", fields.CharField(max_length=26)),
                ("number", fields.IntField()),
                ("staff_id", fields.CharField(max_length=26)),
                ("library_id", fields.CharField(max_length=26)),
                ("claimed_at", fields.BigIntField()),
                ("ended_at", fields.BigIntField(null=True)),
                ("outcome", fields.CharField(default="", max_length=12)),
            ],
            options={
                "table": "claim",
                "app": "shuqiao",
                "pk_attr": "id",
                "indexes": [
                    Index(fields=["task_id", "number"], name="claim_task"),
                    Index(fields=["staff_id", "claimed_at"], name="claim_staff"),
                ],
                "table_description": "Somebody took the task, for how long, and how that ended.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ClaimCount",
            fields=[
                ("staff_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("open_claims", fields.IntField(default=0)),
            ],
            options={
                "table": "claim_count",
                "app": "shuqiao",
                "pk_attr": "staff_id",
                "table_description": "How many claims somebody holds: the row on which the cap is settled (R-72.5).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TrailEntry",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("task_id", fields.CharField(max_length=26)),
                ("claim_number", fields.IntField()),
                ("staff_id", fields.CharField(max_length=26)),
                ("place", fields.CharField(max_length=200)),
                ("outcome", fields.CharField(max_length=24)),
                ("note", fields.TextField(default="")),
                ("at", fields.BigIntField()),
            ],
            options={
                "table": "trail_entry",
                "app": "shuqiao",
                "pk_attr": "id",
                "indexes": [
                    Index(fields=["task_id", "at", "id"], name="trail_entry_order"),
                ],
                "table_description": "Where somebody looked for a document and why it was not to be had: nobody repeats a search (R-72.2).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Answer",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=26)),
                ("task_id", fields.CharField(max_length=26)),
                ("claim_number", fields.IntField()),
                ("version", fields.IntField(default=1)),
                ("replaces_id", fields.CharField(default="", max_length=26)),
                ("state", fields.CharField(max_length=10)),
                ("staff_id", fields.CharField(max_length=26)),
                ("library_id", fields.CharField(max_length=26)),
                ("kind", fields.CharField(max_length=10)),
                ("delivery", fields.CharField(default="", max_length=12)),
                ("body", fields.TextField()),
                ("link_url", fields.CharField(default="", max_length=1000)),
                ("document", fields.TextField(default="")),
                ("files", fields.TextField(default="")),
                ("facts", fields.TextField(default="{}")),
                ("reason", fields.TextField(default="")),
                ("proposed_at", fields.BigIntField(null=True)),
                ("reviewer_id", fields.CharField(default="", max_length=26)),
                ("released_by", fields.CharField(default="", max_length=26)),
                ("comment", fields.TextField(default="")),
                ("sent_at", fields.BigIntField(null=True)),
                ("created_at", fields.BigIntField()),
            ],
            options={
                "table": "answer",
                "app": "shuqiao",
                "pk_attr": "id",
                "indexes": [
                    Index(fields=["task_id", "created_at"], name="answer_task"),
                    Index(fields=["staff_id", "created_at"], name="answer_staff"),
                ],
                "table_description": "One version of an answer: proposed by an intern, sent, or replaced by a correction. All versions stay.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnswerDraft",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=60)),
                ("task_id", fields.CharField(db_index=True, max_length=26)),
                ("staff_id", fields.CharField(max_length=26)),
                ("claim_number", fields.IntField()),
                ("content", fields.TextField()),
                ("late", fields.BooleanField(default=False)),
                ("updated_at", fields.BigIntField()),
            ],
            options={
                "table": "answer_draft",
                "app": "shuqiao",
                "pk_attr": "id",
                "table_description": "What somebody has typed for a task, kept as typed: one for each person and task.",
            },
            bases=["Model"],
        ),
        ops.RunPython(forward, ops.RunPython.noop),
        ops.DeleteModel(name="ConsultationQuestion"),
    ]
