"""Quality inspection: answers before the inspectors, what was decided, what was published."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Inspection(Model):
    """One answer before the inspectors, for one reader's consultation, which names it.

    ``facts`` are those recorded, ``corrections`` what an inspector put right. ``sample_grade`` is the grade of the
    answer as it was sent, which counts in the random sample, whatever became of it by correction. ``version`` grows
    with every step, so that of two who act at once one is told.
    """

    consultation_id = fields.CharField(primary_key=True, max_length=26)
    answer_id = fields.CharField(max_length=26)
    state = fields.CharField(
        max_length=10
    )  # queued, graded, returned, corrected, appealed, decided, published
    version = fields.IntField(default=1)
    reason = fields.CharField(max_length=16)  # suggested_fail, flagged, intern, probe, random
    at_random = fields.BooleanField(default=False)
    staff_id = fields.CharField(max_length=26)
    released_by = fields.CharField(max_length=26, default="")
    library_id = fields.CharField(max_length=26)
    channel = fields.CharField(max_length=10)
    facts = fields.TextField()  # JSON
    corrections = fields.TextField(default="{}")  # JSON
    suggested_grade = fields.CharField(max_length=10, default="")
    suggested_row = fields.CharField(max_length=6, default="")
    grade = fields.CharField(max_length=10, default="")
    grade_row = fields.CharField(max_length=6, default="")
    sample_grade = fields.CharField(max_length=10, default="")
    inspector_id = fields.CharField(max_length=26, default="")
    graded_at = fields.BigIntField(null=True)
    decider_id = fields.CharField(max_length=26, default="")
    correct_by_at = fields.BigIntField(null=True)
    overdue = fields.BooleanField(default=False)  # the deadline has passed without a correction
    appealed_once = fields.BooleanField(default=False)
    answered_at = fields.BigIntField()
    queued_at = fields.BigIntField()
    waiting_from_at = fields.BigIntField()  # since when it waits for whoever has the next step
    publication_id = fields.CharField(max_length=26, default="")

    class Meta:
        table = "inspection"
        indexes = [
            Index(fields=("state", "waiting_from_at", "consultation_id"), name="inspection_queue"),
            Index(fields=("staff_id", "waiting_from_at"), name="inspection_author"),
            Index(fields=("answered_at", "consultation_id"), name="inspection_answered"),
            Index(fields=("answer_id",), name="inspection_answer"),
        ]


class InspectionStep(Model):
    """What somebody did in an inspection: the grade given, the reason, the fact put right, the appeal's words."""

    id = fields.CharField(primary_key=True, max_length=26)
    consultation_id = fields.CharField(max_length=26)
    step = fields.CharField(max_length=10)
    at = fields.BigIntField()
    actor_id = fields.CharField(max_length=26, default="")
    answer_id = fields.CharField(max_length=26, default="")
    grade = fields.CharField(max_length=10, default="")
    grade_row = fields.CharField(max_length=6, default="")
    suggested_row = fields.CharField(max_length=6, default="")
    text = fields.TextField(default="")

    class Meta:
        table = "inspection_step"
        indexes = [Index(fields=("consultation_id", "at", "id"), name="inspection_step_order")]


class Publication(Model):
    """Results of spot checks as they were published for the answers of a period (R-QC.5)."""

    id = fields.CharField(primary_key=True, max_length=26)
    from_at = fields.BigIntField()
    until_at = fields.BigIntField()
    names_librarians = fields.BooleanField(default=False)
    published_at = fields.BigIntField()
    published_by = fields.CharField(max_length=26)

    class Meta:
        table = "publication"


class PublishedResult(Model):
    """One line of a publication: a library's results, or one librarian's. No reader and no topic."""

    id = fields.CharField(primary_key=True, max_length=26)
    publication_id = fields.CharField(max_length=26, db_index=True)
    library_id = fields.CharField(max_length=26)
    staff_id = fields.CharField(max_length=26, default="")  # empty: the whole library
    inspected = fields.IntField(default=0)
    excellent = fields.IntField(default=0)
    passed = fields.IntField(default=0)
    failed = fields.IntField(default=0)
    corrected = fields.IntField(default=0)
    sampled = fields.IntField(default=0)  # chosen by chance
    sampled_failed = fields.IntField(default=0)

    class Meta:
        table = "published_result"


class PublicationComment(Model):
    """What a reader says to the published results (R-QC.5), hidden where it names people or abuses them."""

    id = fields.CharField(primary_key=True, max_length=26)
    publication_id = fields.CharField(max_length=26)
    library_id = fields.CharField(max_length=26, default="")  # about whom, empty: all
    account_id = fields.CharField(max_length=26)
    text = fields.TextField()
    at = fields.BigIntField()
    hidden_by = fields.CharField(max_length=26, default="")

    class Meta:
        table = "publication_comment"
        indexes = [Index(fields=("publication_id", "id"), name="publication_comment_order")]
