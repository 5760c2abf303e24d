"""What keeps promises alive: due rows, outgoing mail, files, the audit trail."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Due(Model):
    """Something that must happen once at a moment: the general deadline engine's row.

    One row per kind and subject. Done or cancelled rows are deleted in the transaction that acts on them.
    """

    id = fields.CharField(primary_key=True, max_length=100)  # kind/subject: set again, the row moves
    kind = fields.CharField(max_length=30)
    subject_id = fields.CharField(max_length=60)
    due_at = fields.BigIntField()
    data = fields.TextField(default="{}")
    attempts = fields.IntField(default=0)
    last_error = fields.CharField(max_length=300, default="")

    class Meta:
        table = "due"
        # None on the moment alone: planners would walk it over everybody's promises to those of one kind.
        indexes = [Index(fields=("kind", "due_at"), name="due_kind")]


class MailOut(Model):
    """The durable outbox: a mail is written with the change that causes it, and sent afterwards."""

    id = fields.CharField(primary_key=True, max_length=26)
    event_key = fields.CharField(max_length=120, unique=True)  # once per event
    message_id = fields.CharField(max_length=200)
    recipient = fields.CharField(max_length=200)
    language = fields.CharField(max_length=5)
    template = fields.CharField(max_length=40)
    data = fields.TextField(default="{}")
    state = fields.CharField(max_length=10, default="waiting")  # waiting, sent, failed
    attempts = fields.IntField(default=0)
    next_at = fields.BigIntField()
    taken_until_at = fields.BigIntField(default=0)
    last_error = fields.CharField(max_length=300, default="")
    created_at = fields.BigIntField()
    sent_at = fields.BigIntField(null=True)

    class Meta:
        table = "mail_out"
        indexes = [Index(fields=("state", "next_at"), name="mail_out_next")]


class StoredFile(Model):
    """A file under its content hash, reached only by a random token."""

    id = fields.CharField(primary_key=True, max_length=26)
    token_hash = fields.CharField(max_length=64, unique=True)
    content_hash = fields.CharField(max_length=64, default="", db_index=True)
    session_id = fields.CharField(max_length=26, default="", db_index=True)
    name = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=100, default="")  # sniffed media type
    size = fields.BigIntField()
    state = fields.CharField(max_length=10, default="partial")  # partial, whole
    received = fields.BigIntField(default=0)
    uploaded_by = fields.CharField(max_length=64)
    created_at = fields.BigIntField()

    class Meta:
        table = "stored_file"


class AuditEntry(Model):
    """Who looked at or changed what: transcripts read, grants given, policies set (R-LIVE.6)."""

    id = fields.CharField(primary_key=True, max_length=26)
    at = fields.BigIntField(db_index=True)
    actor_id = fields.CharField(max_length=26)
    verb = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=80)
    detail = fields.TextField(default="")

    class Meta:
        table = "audit_entry"
        indexes = [Index(fields=("subject", "at"), name="audit_entry_subject")]
