"""Chat sessions, everything said in them, and what is kept afterwards."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class ChatSession(Model):
    """One live consultation: queued → offered → active → wrapping_up → closed."""

    id = fields.CharField(primary_key=True, max_length=26)
    desk_id = fields.CharField(max_length=26)
    target_desk_id = fields.CharField(
        max_length=26
    )  # where it is routed to: the desk, or another after a transfer
    target_staff_id = fields.CharField(max_length=26, default="")  # transferred to a person
    reader_key = fields.CharField(max_length=64)  # account id, or hash of an anonymous visitor's secret
    reader_id = fields.CharField(max_length=26, default="")
    reader_name = fields.CharField(max_length=120, default="")
    topic = fields.CharField(max_length=20)
    language = fields.CharField(max_length=5)
    state = fields.CharField(max_length=12)
    priority = fields.IntField(default=0)
    practice = fields.BooleanField(default=False)  # interns' practice conversations (R-ORG.5)
    queued_at = fields.BigIntField()  # its place in the queue; kept when it comes back
    circle_from_at = fields.BigIntField()  # when the circles began to widen
    offered_to = fields.CharField(max_length=26, default="")
    offer_id = fields.CharField(max_length=26, default="")
    offered_at = fields.BigIntField(null=True)
    declined = fields.TextField(default="")  # staff who declined or missed it, comma separated
    staff_id = fields.CharField(max_length=26, default="")  # who holds it
    supervisor_id = fields.CharField(max_length=26, default="")  # full librarian behind an intern
    question = fields.TextField(default="")
    page_url = fields.CharField(max_length=1000, default="")
    page_title = fields.CharField(max_length=300, default="")
    previous_id = fields.CharField(max_length=26, default="")
    accepted_at = fields.BigIntField(null=True)
    answered_at = fields.BigIntField(null=True)  # first response by a person
    ended_at = fields.BigIntField(null=True)
    end_reason = fields.CharField(max_length=20, default="")
    wrap_up_due_at = fields.BigIntField(null=True)
    closed_at = fields.BigIntField(null=True)
    rating = fields.CharField(max_length=12, default="")
    rating_comment = fields.TextField(default="")
    rated_at = fields.BigIntField(null=True)
    documents = fields.IntField(default=0)
    anonymised_at = fields.BigIntField(null=True)
    created_at = fields.BigIntField()

    class Meta:
        table = "chat_session"
        indexes = [
            Index(fields=("state", "queued_at"), name="chat_session_queue"),
            Index(fields=("staff_id", "state"), name="chat_session_staff"),
            Index(fields=("reader_key", "created_at"), name="chat_session_reader"),
            Index(fields=("desk_id", "created_at"), name="chat_session_desk"),
            Index(fields=("ended_at",), name="chat_session_ended"),  # how long talks last
            Index(fields=("created_at",), name="chat_session_created"),
        ]


class ChatLog(Model):
    """What each message of a conversation changes: a narrow row, so that this costs little.

    ``crew`` grows whenever somebody joins or leaves: a connection may post with the crew number it was admitted
    under, so that a librarian who lost the session is stopped by the same UPDATE that numbers the message.
    """

    session_id = fields.CharField(primary_key=True, max_length=26)
    crew = fields.IntField(default=0)
    open = fields.BooleanField(default=True)  # people may write, until the session ends
    last_seq = fields.BigIntField(default=0)
    last_staff_seq = fields.BigIntField(default=0)

    class Meta:
        table = "chat_log"


class ChatEvent(Model):
    """One numbered event of a conversation, ``audience`` ``all`` and ``staff`` count separately."""

    id = fields.BigIntField(primary_key=True, generated=True)
    session_id = fields.CharField(max_length=26)
    audience = fields.CharField(max_length=5)
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=20)
    author_kind = fields.CharField(max_length=10)  # reader, staff, system
    author_id = fields.CharField(max_length=26, default="")
    author_name = fields.CharField(max_length=120, default="")
    client_id = fields.CharField(max_length=40, null=True)  # unique in the session: resends are absorbed
    body = fields.TextField(default="")
    data = fields.TextField(default="")  # JSON object, or empty
    at = fields.BigIntField()

    class Meta:
        table = "chat_event"
        unique_together = (("session_id", "audience", "seq"), ("session_id", "client_id"))


class ChatParticipant(Model):
    """Somebody in a conversation and how far they have come: delivered to n, read to n."""

    id = fields.CharField(primary_key=True, max_length=60)  # session id + ":" + reader | staff id
    session_id = fields.CharField(max_length=26, db_index=True)
    kind = fields.CharField(max_length=10)  # reader, holder, colleague, supervisor
    account_id = fields.CharField(max_length=26, default="", db_index=True)
    name = fields.CharField(max_length=120, default="")
    delivered_seq = fields.BigIntField(default=0)
    read_seq = fields.BigIntField(default=0)
    joined_at = fields.BigIntField()
    left_at = fields.BigIntField(null=True)

    class Meta:
        table = "chat_participant"


class WrapUp(Model):
    """The record without which a session cannot be archived (R-LIVE.5)."""

    session_id = fields.CharField(primary_key=True, max_length=26)
    question_type = fields.CharField(max_length=20)
    effort = fields.IntField()  # READ scale 1-6
    outcome = fields.CharField(max_length=20)
    typical_case = fields.BooleanField(default=False)
    note = fields.TextField(default="")
    recorded_by = fields.CharField(max_length=26)
    recorded_at = fields.BigIntField()

    class Meta:
        table = "wrap_up"


class PassedDocument(Model):
    """A document passed on in a session, file or link, counted by title (R-LIVE.5)."""

    id = fields.CharField(primary_key=True, max_length=26)
    session_id = fields.CharField(max_length=26, db_index=True)
    title = fields.CharField(max_length=300)
    url = fields.CharField(max_length=1000, default="")
    file_id = fields.CharField(max_length=26, default="")
    passed_by = fields.CharField(max_length=26)
    passed_at = fields.BigIntField()

    class Meta:
        table = "passed_document"


class CannedPhrase(Model):
    """A stored text for live talk: personal, the library's or the alliance's."""

    id = fields.CharField(primary_key=True, max_length=26)
    level = fields.CharField(max_length=10)  # personal, library, alliance
    owner_id = fields.CharField(max_length=26, default="", db_index=True)
    shortcut = fields.CharField(max_length=30)
    text_zh = fields.TextField(default="")
    text_en = fields.TextField(default="")
    updated_at = fields.BigIntField()

    class Meta:
        table = "canned_phrase"


class Block(Model):
    """A reader barred for a time after abuse, until a manager has looked at it."""

    id = fields.CharField(primary_key=True, max_length=26)
    reader_key = fields.CharField(max_length=64, db_index=True)
    session_id = fields.CharField(max_length=26)
    desk_id = fields.CharField(max_length=26)
    reason = fields.TextField()
    blocked_by = fields.CharField(max_length=26)
    blocked_at = fields.BigIntField()
    until_at = fields.BigIntField()
    reviewed_by = fields.CharField(max_length=26, default="")
    reviewed_at = fields.BigIntField(null=True)
    verdict = fields.CharField(max_length=10, default="")  # upheld, lifted

    class Meta:
        table = "block"
