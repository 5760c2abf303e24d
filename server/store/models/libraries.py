"""Libraries, their desks, when these are open, and the alliance's dated policies."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Library(Model):
    """A member library and its home-library card: what an answering colleague 2 000 km away must know."""

    id = fields.CharField(primary_key=True, max_length=26)
    slug = fields.CharField(max_length=60, unique=True)
    kind = fields.CharField(max_length=20)  # public, academic, research
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=160)
    city = fields.CharField(max_length=60, default="")
    address = fields.CharField(max_length=300, default="")
    phone = fields.CharField(max_length=60, default="")
    website = fields.CharField(max_length=300, default="")
    card_zh = fields.TextField(default="")  # policy text of the home-library card
    card_en = fields.TextField(default="")
    card_checked_at = fields.BigIntField(null=True)
    created_at = fields.BigIntField()

    class Meta:
        table = "library"


class Desk(Model):
    """A library's own consultation counter."""

    id = fields.CharField(primary_key=True, max_length=26)
    library_id = fields.CharField(max_length=26, db_index=True)
    slug = fields.CharField(max_length=60, unique=True)
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=160)
    greeting_zh = fields.TextField(default="")
    greeting_en = fields.TextField(default="")
    mail = fields.CharField(max_length=200, default="")
    colour = fields.CharField(max_length=7, default="#1f5f8b")
    position = fields.CharField(max_length=12, default="right")  # right, left
    language = fields.CharField(max_length=5, default="zh")
    origins = fields.TextField(default="[]")  # JSON list of origins whose pages may carry the widget
    open = fields.BooleanField(default=True)  # private until the library's service opens (R-ORG.3)
    created_at = fields.BigIntField()

    class Meta:
        table = "desk"


class DeskHours(Model):
    """One shift of one weekday, in the installation's zone, a lunch break is the gap between two."""

    id = fields.BigIntField(primary_key=True, generated=True)
    desk_id = fields.CharField(max_length=26, db_index=True)
    weekday = fields.IntField()  # Monday 0
    opens = fields.IntField()  # minutes since midnight
    closes = fields.IntField()

    class Meta:
        table = "desk_hours"


class Closure(Model):
    """A day on which a desk (or, without a desk, every desk) keeps other hours or is closed."""

    id = fields.CharField(primary_key=True, max_length=26)
    desk_id = fields.CharField(max_length=26, default="")
    day = fields.CharField(max_length=10)  # ISO date in the installation's zone
    shifts = fields.TextField(default="[]")  # JSON [[opens, closes], …]; empty: closed
    note_zh = fields.CharField(max_length=200, default="")
    note_en = fields.CharField(max_length=200, default="")

    class Meta:
        table = "closure"
        indexes = [Index(fields=("day", "desk_id"), name="closure_day")]


class DeskGroup(Model):
    """A named set of desks that help each other before the whole alliance does."""

    id = fields.CharField(primary_key=True, max_length=26)
    name_zh = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=160)

    class Meta:
        table = "desk_group"


class DeskGroupMember(Model):
    """A desk's place in a group."""

    id = fields.BigIntField(primary_key=True, generated=True)
    group_id = fields.CharField(max_length=26)
    desk_id = fields.CharField(max_length=26, db_index=True)

    class Meta:
        table = "desk_group_member"
        indexes = [Index(fields=("group_id", "desk_id"), name="desk_group_member_pair")]


class Policy(Model):
    """One policy value from a moment on, for the alliance (no library) or one library."""

    id = fields.CharField(primary_key=True, max_length=26)
    library_id = fields.CharField(max_length=26, default="")
    name = fields.CharField(max_length=60)
    value = fields.TextField()  # JSON
    valid_from_at = fields.BigIntField()
    set_by = fields.CharField(max_length=26, default="")

    class Meta:
        table = "policy"
        indexes = [Index(fields=("library_id", "name", "valid_from_at"), name="policy_lookup")]
