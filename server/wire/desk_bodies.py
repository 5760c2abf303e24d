"""Bodies of the HTTP API about desks, phrases and the board."""

from msgspec import Struct

from server.wire.bodies import Names, Short, Tag, Text


class KeepPhrase(Struct):
    """A canned phrase; ``owner_id`` is the library for level ``library`` (yours where it is empty).

    With the ``edition`` that was shown, what somebody else has saved meanwhile is not overwritten.
    """

    shortcut: Short
    level: Tag = "personal"
    owner_id: Tag = ""
    text_zh: Text = ""
    text_en: Text = ""
    edition: Tag = ""


class TopicView(Struct):
    """Something a reader may ask about."""

    id: str
    label: Names


class LibraryNames(Struct):
    """A library by its names."""

    name: Names


class DeskInfoView(Struct):
    """What a reader is told at a desk's door, in both languages."""

    slug: str
    name: Names
    library: LibraryNames
    greeting: Names
    colour: str
    position: str
    language: str
    topics: list[TopicView]
    scope: Names
    privacy: Names
    on_duty: bool
    on_duty_for: dict[str, list[str]]
    open_now: bool
    hours_text: Names
    next_open: str | None
    next_open_text: Names
    closed: Names | None  # why nothing new may be asked, to who has asked before
    notice: Names | None
    upload_limit: int
    message_limit: int


class PhraseView(Struct):
    """A canned phrase; the console fills its placeholders."""

    id: str
    level: str
    owner_id: str
    shortcut: str
    text_zh: str
    text_en: str
    mine: bool  # whether the asker may change it
    edition: str  # of its short-cut and texts


class Phrases(Struct):
    """Canned phrases by short-cut."""

    phrases: list[PhraseView]
    placeholders: list[str]


class DeskChoice(Struct):
    """A desk to which a conversation may be passed on."""

    id: str
    slug: str
    name: Names
    library: Names
    city: str


class DeskChoices(Struct):
    """Desks by short name; ask again with ``after`` = the last one's."""

    desks: list[DeskChoice]


class StaffChoice(Struct):
    """Somebody who takes conversations."""

    id: str
    name: str
    library: Names
    availability: str
    present: bool
    load: int
    capacity: int


class StaffChoices(Struct):
    """Colleagues, those who are there first."""

    staff: list[StaffChoice]


class QueueView(Struct):
    """Readers who wait for a desk."""

    desk_id: str
    desk: Names
    library: Names
    waiting: int
    longest_wait_seconds: int


class BoardStaffView(Struct):
    """A staff member on the board."""

    id: str
    name: str
    role: str
    library: Names
    desk: Names
    availability: str
    away_reason: str
    present: bool
    load: int
    capacity: int


class TodayView(Struct):
    """The day so far; medians in seconds."""

    sessions: int
    answered: int
    abandoned: int
    form_questions: int
    phone_questions: int
    documents: int
    median_wait: float | None
    median_talk: float | None
    ratings: dict[str, int]


class HourView(Struct):
    """One hour of the day in the installation's zone."""

    hour: int
    sessions: int
    answered: int


class BoardView(Struct):
    """The managers' live board at one moment."""

    at: str
    queue: list[QueueView]
    staff: list[BoardStaffView]
    today: TodayView
    hours: list[HourView]
