"""Files that belong to requests and answers, how they reach readers, and what was found when links were looked at."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Attachment(Model):
    """To what a stored file belongs: a request that is being written, a consultation, or the answer to a task."""

    file_id = fields.CharField(primary_key=True, max_length=26)
    owner_kind = fields.CharField(max_length=12)  # request (not yet sent), consultation, answer
    owner_id = fields.CharField(max_length=60)  # the request's client id, the consultation, the task
    added_at = fields.BigIntField()

    class Meta:
        table = "attachment"
        indexes = [Index(fields=("owner_kind", "owner_id"), name="attachment_owner")]


class Delivery(Model):
    """A file on its way to the reader who asked for it: a secret address that is good for a time (R-ANS.5)."""

    id = fields.CharField(primary_key=True, max_length=26)
    consultation_id = fields.CharField(max_length=26)
    answer_id = fields.CharField(max_length=26)
    file_id = fields.CharField(max_length=26, db_index=True)
    expires_at = fields.BigIntField()
    fetched = fields.IntField(default=0)
    first_fetched_at = fields.BigIntField(null=True)
    last_fetched_at = fields.BigIntField(null=True)
    created_at = fields.BigIntField()

    class Meta:
        table = "delivery"
        indexes = [Index(fields=("consultation_id", "created_at"), name="delivery_consultation")]


class DeliveryFetch(Model):
    """One fetch of a delivered file, logged apart: when, and from which network."""

    id = fields.CharField(primary_key=True, max_length=26)
    delivery_id = fields.CharField(max_length=26)
    network = fields.CharField(max_length=50, default="")  # the address without its last part
    at = fields.BigIntField()

    class Meta:
        table = "delivery_fetch"
        indexes = [Index(fields=("delivery_id", "at"), name="delivery_fetch_order")]


class LinkProbe(Model):
    """One look at a link with all its evidence (R-ANS.2). Rows are never changed."""

    id = fields.CharField(primary_key=True, max_length=26)
    url = fields.CharField(max_length=1000)
    url_hash = fields.CharField(max_length=64)  # SHA-256
    verdict = fields.CharField(max_length=20)
    why = fields.CharField(max_length=200, default="")
    sure = fields.BooleanField(default=True)
    hops = fields.TextField(default="[]")  # JSON: url, IP address, status of each
    kind = fields.CharField(max_length=100, default="")
    title = fields.CharField(max_length=200, default="")
    head_hash = fields.CharField(max_length=64, default="")
    milliseconds = fields.IntField(default=0)
    asked_by = fields.CharField(max_length=26, default="")  # empty: a later look by the system
    at = fields.BigIntField()

    class Meta:
        table = "link_probe"
        indexes = [
            Index(fields=("url_hash", "at"), name="link_probe_url"),
            Index(fields=("asked_by", "at"), name="link_probe_asker"),
        ]


class WatchedLink(Model):
    """A link that was sent: looked at again after 1, 7 and 30 days, and what became of it."""

    id = fields.CharField(primary_key=True, max_length=26)
    answer_id = fields.CharField(max_length=26)
    task_id = fields.CharField(max_length=26)
    url = fields.CharField(max_length=1000)
    url_hash = fields.CharField(max_length=64)
    sent_at = fields.BigIntField()
    sent_verdict = fields.CharField(max_length=20)
    sent_probe_id = fields.CharField(max_length=26, default="")
    step = fields.IntField(default=0)  # looks that are done
    doubted = fields.BooleanField(default=False)  # the last look failed: a second one decides
    last_verdict = fields.CharField(max_length=20)
    last_probe_id = fields.CharField(max_length=26, default="")
    last_at = fields.BigIntField()
    died_at = fields.BigIntField(null=True)  # a finding for inspection since then

    class Meta:
        table = "watched_link"
        unique_together = (("answer_id", "url_hash"),)
