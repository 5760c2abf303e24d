"""The task pool: what readers asked, the work on it, what was answered."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class TaskPolicySet(Model):
    """A set of policy values, named by its content: what was in force when a consultation was submitted."""

    id = fields.CharField(primary_key=True, max_length=16)
    content = fields.TextField()  # JSON object

    class Meta:
        table = "task_policy_set"


class Task(Model):
    """The work on one document or question, shared by all readers who asked for the same.

    ``claim_number`` is the fencing token: it grows with every claim, and whoever comes with an older one is late.
    ``stage`` 0 new, 1 due soon (48 h), 2 escalated (72 h), 3 with the alliance's duty manager (96 h), as the furthest
    of its consultations.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    state = fields.CharField(max_length=12)  # open, claimed, in_release, done
    channel = fields.CharField(max_length=10)  # document, form, knowledge, phone
    material = fields.CharField(max_length=20, default="")
    match_key = fields.CharField(max_length=80, default="")  # of the past; goes once no version writes it
    title = fields.CharField(max_length=300)
    language = fields.CharField(max_length=5)  # the reader's
    foreign_document = fields.BooleanField(default=False)
    desk_id = fields.CharField(max_length=26)  # where it was asked first
    library_id = fields.CharField(max_length=26)
    stage = fields.IntField(default=0)
    consultations = fields.IntField(default=1)  # that still wait
    clock_from_at = fields.BigIntField()  # submission of the oldest one that still waits
    opened_at = fields.BigIntField(null=True)  # to the whole alliance
    holder_id = fields.CharField(max_length=26, default="")
    holder_library_id = fields.CharField(max_length=26, default="")
    claim_number = fields.IntField(default=0)
    claimed_at = fields.BigIntField(null=True)
    lease_ends_at = fields.BigIntField(null=True)
    created_at = fields.BigIntField()
    done_at = fields.BigIntField(null=True)

    class Meta:
        table = "task"
        indexes = [Index(fields=("done_at", "id"), name="task_done")]


class TaskMatchKey(Model):
    """A key under which a waiting consultation meets equal ones, kept while its task is at work."""

    id = fields.BigIntField(primary_key=True, generated=True)
    task_id = fields.CharField(max_length=26, db_index=True)
    consultation_id = fields.CharField(max_length=26)
    match_key = fields.CharField(max_length=80, db_index=True)

    class Meta:
        table = "task_match_key"


class Consultation(Model):
    """What one reader asked: their own clock, quota, answer, rating and grade.

    ``policy_id`` names the values in force at submission: due times, lawful answers and grade follow them for ever.
    """

    id = fields.CharField(primary_key=True, max_length=26)
    task_id = fields.CharField(max_length=26, db_index=True)
    state = fields.CharField(max_length=10)  # open, answered, cancelled
    channel = fields.CharField(max_length=10)
    material = fields.CharField(max_length=20, default="")
    desk_id = fields.CharField(max_length=26)
    library_id = fields.CharField(max_length=26)
    reader_id = fields.CharField(max_length=26, default="")
    session_id = fields.CharField(max_length=26, default="", db_index=True)
    name = fields.CharField(max_length=120, default="")
    mail = fields.CharField(max_length=200, default="")
    phone = fields.CharField(max_length=60, default="")
    language = fields.CharField(max_length=5)
    topic = fields.CharField(max_length=20, default="")
    title = fields.CharField(max_length=300)  # of the document, or the question's beginning
    citation = fields.TextField(default="")  # JSON object of the fields, for a document request
    question = fields.TextField(default="")  # the question, or a remark to the request
    transcript = fields.TextField(default="")
    record_id = fields.CharField(max_length=26, default="")  # the alliance's own record of it
    foreign_document = fields.BooleanField(default=False)
    show_title = fields.BooleanField(default=False)  # the reader agreed to it in the public feed (R-ANS.7)
    client_id = fields.CharField(max_length=60, unique=True)  # a double click submits once
    policy_id = fields.CharField(max_length=16)
    stage = fields.IntField(default=0)
    submitted_at = fields.BigIntField()
    submitted_by = fields.CharField(max_length=26, default="")  # staff who entered it for the reader
    escalated_at = fields.BigIntField(null=True)
    answer_id = fields.CharField(max_length=26, default="")  # the version in force
    answer_kind = fields.CharField(max_length=10, default="")
    answered_at = fields.BigIntField(null=True)
    answered_by = fields.CharField(max_length=26, default="")
    answered_library_id = fields.CharField(max_length=26, default="")
    cancelled_at = fields.BigIntField(null=True)
    rating = fields.CharField(max_length=12, default="")
    rating_comment = fields.TextField(default="")
    rated_at = fields.BigIntField(null=True)
    grade = fields.CharField(max_length=10, default="")  # given by an inspector
    grade_row = fields.CharField(max_length=6, default="")
    anonymised_at = fields.BigIntField(null=True)

    class Meta:
        table = "consultation"
        indexes = [
            Index(fields=("reader_id", "submitted_at"), name="consultation_reader"),
            Index(fields=("desk_id", "submitted_at"), name="consultation_desk"),
            Index(fields=("submitted_at", "id"), name="consultation_day"),
            Index(fields=("answered_at", "id"), name="consultation_answered"),
            Index(fields=("answered_by", "answered_at"), name="consultation_answerer"),
            Index(fields=("answered_library_id", "answered_at"), name="consultation_answering"),
        ]


class ConsultationStep(Model):
    """What happened to a consultation, in order: the reader's history in plain words, the archive's evidence."""

    id = fields.CharField(primary_key=True, max_length=26)
    consultation_id = fields.CharField(max_length=26)
    kind = fields.CharField(max_length=20)
    at = fields.BigIntField()
    actor_id = fields.CharField(max_length=26, default="")
    public = fields.BooleanField(default=True)  # shown to the reader
    data = fields.TextField(default="")

    class Meta:
        table = "consultation_step"
        indexes = [Index(fields=("consultation_id", "at", "id"), name="consultation_step_order")]


class Claim(Model):
    """Somebody took the task, for how long, and how that ended."""

    id = fields.CharField(primary_key=True, max_length=26)
    task_id = fields.CharField(max_length=26)
    number = fields.IntField()
    staff_id = fields.CharField(max_length=26)
    library_id = fields.CharField(max_length=26)
    claimed_at = fields.BigIntField()
    ended_at = fields.BigIntField(null=True)
    outcome = fields.CharField(max_length=12, default="")  # handed_back, expired, answered, cancelled

    class Meta:
        table = "claim"
        indexes = [
            Index(fields=("task_id", "number"), name="claim_task"),
            Index(fields=("staff_id", "claimed_at"), name="claim_staff"),
        ]


class ClaimCount(Model):
    """How many claims somebody holds: the row on which the cap is settled (R-72.5)."""

    staff_id = fields.CharField(primary_key=True, max_length=26)
    open_claims = fields.IntField(default=0)

    class Meta:
        table = "claim_count"


class TrailEntry(Model):
    """Where somebody looked for a document and why it was not to be had: nobody repeats a search (R-72.2)."""

    id = fields.CharField(primary_key=True, max_length=26)
    task_id = fields.CharField(max_length=26)
    claim_number = fields.IntField()
    staff_id = fields.CharField(max_length=26)
    place = fields.CharField(max_length=200)
    outcome = fields.CharField(max_length=24)
    note = fields.TextField(default="")
    at = fields.BigIntField()

    class Meta:
        table = "trail_entry"
        indexes = [Index(fields=("task_id", "at", "id"), name="trail_entry_order")]


class Answer(Model):
    """One version of an answer: proposed by an intern, sent, or replaced by a correction. All versions stay."""

    id = fields.CharField(primary_key=True, max_length=26)
    task_id = fields.CharField(max_length=26)
    claim_number = fields.IntField()
    version = fields.IntField(default=1)
    replaces_id = fields.CharField(max_length=26, default="")
    state = fields.CharField(max_length=10)  # proposed, refused, sent, replaced
    staff_id = fields.CharField(max_length=26)
    library_id = fields.CharField(max_length=26)
    kind = fields.CharField(max_length=10)  # exact, similar, not_found, text
    delivery = fields.CharField(max_length=12, default="")  # attachment, link, mail_body
    body = fields.TextField()
    link_url = fields.CharField(max_length=1000, default="")
    document = fields.TextField(default="")  # JSON: title, author, source, date of what is delivered
    files = fields.TextField(default="")  # JSON list of file ids
    facts = fields.TextField(default="{}")  # JSON: what the grade is worked out from
    reason = fields.TextField(default="")  # for an early similar document (R-QC.2)
    proposed_at = fields.BigIntField(null=True)
    reviewer_id = fields.CharField(max_length=26, default="")
    released_by = fields.CharField(max_length=26, default="")
    comment = fields.TextField(default="")  # the releasing librarian's
    sent_at = fields.BigIntField(null=True)
    created_at = fields.BigIntField()

    class Meta:
        table = "answer"
        indexes = [
            Index(fields=("task_id", "created_at"), name="answer_task"),
            Index(fields=("staff_id", "created_at"), name="answer_staff"),
        ]


class AnswerDraft(Model):
    """What somebody has typed for a task, kept as typed: one for each person and task."""

    id = fields.CharField(primary_key=True, max_length=60)  # task id + ":" + staff id
    task_id = fields.CharField(max_length=26, db_index=True)
    staff_id = fields.CharField(max_length=26)
    claim_number = fields.IntField()
    content = fields.TextField()  # JSON
    late = fields.BooleanField(default=False)  # its lease had ended: offered to the present holder
    updated_at = fields.BigIntField()

    class Meta:
        table = "answer_draft"
