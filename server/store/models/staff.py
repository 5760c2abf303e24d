"""Who works where, who is on duty, and which connections prove it."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class DeskStaff(Model):
    """A staff member answers at a desk."""

    id = fields.BigIntField(primary_key=True, generated=True)
    desk_id = fields.CharField(max_length=26)
    staff_id = fields.CharField(max_length=26, db_index=True)

    class Meta:
        table = "desk_staff"
        indexes = [Index(fields=("desk_id", "staff_id"), name="desk_staff_pair")]


class Duty(Model):
    """One row per staff member who takes conversations: what they offer, and the counter that caps their load.

    ``load`` counts sessions held (offered, active), races for capacity are settled on this row. ``version`` grows with
    every change that their console shows, so that a lost hint is noticed at the next keep-alive.
    """

    staff_id = fields.CharField(primary_key=True, max_length=26)
    role = fields.CharField(max_length=20)  # librarian, intern, support_agent
    library_id = fields.CharField(max_length=26)
    availability = fields.CharField(max_length=10, default="away")  # available, busy, away
    away_reason = fields.CharField(max_length=20, default="")  # missed_offers, idle, lost: set by the system
    capacity = fields.IntField(default=3)
    load = fields.IntField(default=0)
    offers = fields.IntField(default=0)  # offers pending, 0 or 1
    missed = fields.IntField(default=0)  # in a row
    topics = fields.CharField(max_length=120, default="reference,platform,account")
    languages = fields.CharField(max_length=60, default="zh")
    idle_since_at = fields.BigIntField()
    version = fields.BigIntField(default=0)

    class Meta:
        table = "duty"
        indexes = [Index(fields=("availability", "offers", "load", "idle_since_at"), name="duty_free")]


class ProcessLease(Model):
    """A server process proves that it lives, its connections are present exactly as long as this lease."""

    process_id = fields.CharField(primary_key=True, max_length=26)
    host = fields.CharField(max_length=120, default="")
    renewed_at = fields.BigIntField()
    expires_at = fields.BigIntField()

    class Meta:
        table = "process_lease"


class Connection(Model):
    """One live connection of a process: a staff member's console or a reader in a chat session."""

    id = fields.CharField(primary_key=True, max_length=26)
    process_id = fields.CharField(max_length=26, db_index=True)
    kind = fields.CharField(max_length=10)  # staff, reader
    subject_id = fields.CharField(max_length=26)  # staff account, or chat session
    opened_at = fields.BigIntField()

    class Meta:
        table = "connection"
        indexes = [Index(fields=("kind", "subject_id"), name="connection_subject")]
