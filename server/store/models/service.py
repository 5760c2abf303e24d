"""Service around loans: cases with their clock, notices, suggestions, news."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class SupportCase(Model):
    """A complaint or question on a loan order, or what the product found out by itself.

    ``waiting_since_at`` is the reader's oldest unanswered message, ``reply_due_at`` follows from it (R-ANS.6).
    """

    id = fields.CharField(primary_key=True, max_length=26)
    number = fields.CharField(max_length=20, unique=True)
    client_id = fields.CharField(max_length=80, unique=True)  # a double click opens once; so does a watcher
    order_id = fields.CharField(max_length=26, default="", db_index=True)
    line_id = fields.CharField(max_length=26, default="")
    reader_id = fields.CharField(max_length=26, default="")
    library_id = fields.CharField(max_length=26, default="")
    store_id = fields.CharField(max_length=26, default="")
    session_id = fields.CharField(max_length=26, default="")  # the live conversation it has gone into
    channel = fields.CharField(max_length=10)  # order, widget, phone, system
    kind = fields.CharField(max_length=16)  # question, complaint, late, stuck, difference, unsure, wrong_item
    state = fields.CharField(max_length=10)  # open, claimed, closed
    title = fields.CharField(max_length=200)
    holder_id = fields.CharField(max_length=26, default="")
    confirmed = fields.BooleanField(null=True)  # a complaint: whether it proved true (R-LOAN.5)
    fault_store_id = fields.CharField(max_length=26, default="")  # the store whose mistake it was
    messages = fields.IntField(default=0)
    waiting_since_at = fields.BigIntField(null=True)
    reply_due_at = fields.BigIntField(null=True)
    missed = fields.IntField(default=0)  # replies that came too late
    opened_at = fields.BigIntField()
    closed_at = fields.BigIntField(null=True)
    outcome = fields.CharField(max_length=300, default="")
    rating = fields.CharField(max_length=12, default="")

    class Meta:
        table = "support_case"
        indexes = [
            Index(fields=("state", "reply_due_at", "id"), name="support_case_due"),
            Index(fields=("reader_id", "opened_at"), name="support_case_reader"),
        ]


class CaseMessage(Model):
    """One line of a case, ``number`` is gapless within it (topic case/<id>)."""

    id = fields.CharField(primary_key=True, max_length=26)
    case_id = fields.CharField(max_length=26)
    number = fields.IntField()
    client_id = fields.CharField(max_length=60)
    author_kind = fields.CharField(max_length=8)  # reader, staff, system
    author_id = fields.CharField(max_length=26, default="")
    author_name = fields.CharField(max_length=60, default="")
    kind = fields.CharField(max_length=10)  # message, note, action
    text = fields.TextField()
    at = fields.BigIntField()

    class Meta:
        table = "case_message"


class Notice(Model):
    """What all readers are told, a suspension of service shows at once in every open page and widget (R-LOAN.10)."""

    id = fields.CharField(primary_key=True, max_length=26)
    library_id = fields.CharField(max_length=26, default="")  # empty: the alliance's
    kind = fields.CharField(max_length=10)  # notice, suspension, news
    title_zh = fields.CharField(max_length=120)
    title_en = fields.CharField(max_length=120, default="")
    text_zh = fields.TextField(default="")
    text_en = fields.TextField(default="")
    shown_from_at = fields.BigIntField()
    shown_until_at = fields.BigIntField(null=True)
    stops_orders = fields.BooleanField(default=False)
    by = fields.CharField(max_length=26)
    at = fields.BigIntField()

    class Meta:
        table = "notice"
        indexes = [Index(fields=("shown_from_at",), name="notice_time")]


class Suggestion(Model):
    """A reader's wish or suggestion, forwarded to the main library (R-COM.5)."""

    id = fields.CharField(primary_key=True, max_length=26)
    client_id = fields.CharField(max_length=60, unique=True)
    library_id = fields.CharField(max_length=26, default="")
    reader_id = fields.CharField(max_length=26, default="")
    text = fields.CharField(max_length=2000)
    state = fields.CharField(max_length=10, default="new")  # new, answered
    answer = fields.CharField(max_length=2000, default="")
    at = fields.BigIntField()
    answered_at = fields.BigIntField(null=True)

    class Meta:
        table = "suggestion"
        indexes = [Index(fields=("state", "at"), name="suggestion_state")]
