"""Accounts, what they are granted, and how they prove who they are."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Account(Model):
    """A reader or staff member, one log-in is good at every member library (R-ORG.2)."""

    id = fields.CharField(primary_key=True, max_length=26)
    mail = fields.CharField(max_length=200, unique=True)  # lower case
    name = fields.CharField(max_length=120)
    password_hash = fields.CharField(max_length=200, default="")
    library_id = fields.CharField(max_length=26, default="", db_index=True)
    language = fields.CharField(max_length=5, default="zh")
    card_number = fields.CharField(max_length=60, default="")
    state = fields.CharField(max_length=12, default="active")  # pending, active, disabled, erased
    verified_at = fields.BigIntField(null=True)
    large_type = fields.BooleanField(default=False)
    created_at = fields.BigIntField()

    class Meta:
        table = "account"


class Grant(Model):
    """A role within a scope."""

    id = fields.CharField(primary_key=True, max_length=26)
    account_id = fields.CharField(max_length=26, db_index=True)
    role = fields.CharField(max_length=20)
    scope = fields.CharField(max_length=10)  # alliance, library, store
    scope_id = fields.CharField(max_length=26, default="")
    granted_by = fields.CharField(max_length=26, default="")
    granted_at = fields.BigIntField()

    class Meta:
        table = "role_grant"


class WebSession(Model):
    """A log-in of a browser, the cookie holds the secret, we its hash."""

    id = fields.CharField(primary_key=True, max_length=64)  # SHA-256 of the secret, hexadecimal
    account_id = fields.CharField(max_length=26, db_index=True)
    kind = fields.CharField(max_length=10, default="browser")  # browser (cookie), widget (bearer)
    desk_id = fields.CharField(max_length=26, default="")
    created_at = fields.BigIntField()
    seen_at = fields.BigIntField()
    expires_at = fields.BigIntField()
    begun_by = fields.CharField(
        max_length=64, null=True
    )  # a widget's: the browser's log-in that it ends with

    class Meta:
        table = "web_session"


class OneTimeLink(Model):
    """A link or code that works once: verify an address, reset a password, accept an invitation, log in the widget."""

    id = fields.CharField(primary_key=True, max_length=64)  # SHA-256 of the token
    purpose = fields.CharField(max_length=12)  # verify, reset, invite, widget
    account_id = fields.CharField(max_length=26, default="")
    data = fields.TextField(default="{}")
    expires_at = fields.BigIntField()
    used_at = fields.BigIntField(null=True)

    class Meta:
        table = "one_time_link"


class Throttle(Model):
    """Counts attempts in a window, for log-ins and other guesses."""

    id = fields.CharField(primary_key=True, max_length=120)
    window_at = fields.BigIntField()
    count = fields.IntField(default=0)

    class Meta:
        table = "throttle"
        indexes = [Index(fields=("window_at",), name="throttle_window")]
