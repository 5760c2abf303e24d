"""Bodies of the HTTP API about what managers keep."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from server.wire.bodies import Names, Short, Tag, Text


class KeepLibrary(Struct):
    """A library's data and home-library card."""

    slug: Tag
    name_zh: Short
    name_en: Short
    kind: Tag = "public"
    city: Short = ""
    address: Text = ""
    phone: Short = ""
    website: Text = ""
    card_zh: Text = ""
    card_en: Text = ""
    card_checked: bool = False


class KeepDesk(Struct):
    """A desk's settings; ``origins`` are the web origins whose pages may carry the widget."""

    slug: Tag
    name_zh: Short
    name_en: Short
    mail: Short
    greeting_zh: Text = ""
    greeting_en: Text = ""
    colour: Tag = ""
    position: Tag = "right"
    language: Tag = "zh"
    origins: list[Short] = []
    open: bool = False


class KeepWeek(Struct):
    """Shifts of the week, Monday first, as one types them: ``08:30-12:00, 13:30-17:30``; empty: closed."""

    days: Annotated[list[Short], Meta(min_length=7, max_length=7)]


class KeepClosure(Struct):
    """A day with other hours, or none; without a desk it holds for every desk."""

    day: Tag
    desk_id: Tag = ""
    shifts: Short = ""
    note_zh: Short = ""
    note_en: Short = ""


class SetPolicy(Struct):
    """A policy value from a moment on (empty: now), of a library or the alliance; empty gives the default."""

    name: Tag
    value: Text
    library_id: Tag = ""
    valid_from: Tag = ""


class KeepGroup(Struct):
    """A group of desks that help each other."""

    name_zh: Short
    name_en: Short
    desk_ids: list[Tag]


class SetDesks(Struct):
    """The desks at which somebody answers."""

    desk_ids: list[Tag]


class Review(Struct):
    """What became of a block: ``upheld`` or ``lifted``."""

    verdict: Tag


class LibraryView(Struct):
    """A library as its managers keep it."""

    id: str
    slug: str
    kind: str
    name: Names
    city: str
    address: str
    phone: str
    website: str
    card: Names
    card_checked_at: str | None


class LibraryViews(Struct):
    """Libraries by short name; ask again with ``after`` = the last one's."""

    libraries: list[LibraryView]
    more: bool


class DeskSettingsView(Struct):
    """A desk as its managers keep it."""

    id: str
    library_id: str
    slug: str
    name: Names
    greeting: Names
    mail: str
    colour: str
    position: str
    language: str
    origins: list[str]
    open: bool


class DeskSettingsViews(Struct):
    """Desks by short name; ask again with ``after`` = the last one's."""

    desks: list[DeskSettingsView]
    more: bool


class ClosureView(Struct):
    """A day with other hours."""

    id: str
    desk_id: str
    day: str
    shifts: str
    note: Names


class HoursView(Struct):
    """A desk's week, Monday first, and the coming days that differ."""

    days: list[str]
    closures: list[ClosureView]


class PolicyView(Struct):
    """A policy value: what holds now and why."""

    name: str
    rule: str
    unit: str
    default: Any
    value: Any
    source: str
    since: str | None


class Policies(Struct):
    """Every value that may be set at a level."""

    policies: list[PolicyView]


class GroupView(Struct):
    """A group of desks."""

    id: str
    name: Names
    desk_ids: list[str]


class Groups(Struct):
    """Every group of desks."""

    groups: list[GroupView]


class BlockLine(Struct):
    """A reader barred for a time."""

    id: str
    session_id: str
    desk: Names
    reason: str
    blocked_by: str
    blocked_at: str
    until: str
    verdict: str


class Blocks(Struct):
    """Blocks, newest first; ask again with ``before`` = the last id."""

    blocks: list[BlockLine]
    more: bool


class AuditView(Struct):
    """One line of the audit trail."""

    id: str
    at: str
    actor: str
    verb: str
    subject: str
    detail: str


class Audit(Struct):
    """The trail, newest first; ask again with ``before`` = the last id."""

    lines: list[AuditView]
    more: bool
