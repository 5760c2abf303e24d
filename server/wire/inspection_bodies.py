"""Bodies of the HTTP API about quality inspection: grades, their facts, samples and publication (R-QC.3 to R-QC.5)."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from server.wire.bodies import Names, Short, Tag, Text
from server.wire.pool_bodies import ClaimView, FileView, TrailView


class FactCorrection(Struct):
    """A fact put right, on the version that one has seen; ``value`` is yes, no, unknown or a kind of answer."""

    version: int
    name: Tag = ""
    value: Tag = ""


class Judging(Struct):
    """A grade on the version that one has seen: the suggested one, or another with its ``row`` or a ``reason``.

    ``note`` and ``days`` are for a return: what has to be corrected, and until when.
    """

    version: int
    grade: Tag = ""
    row: Tag = ""
    reason: Text = ""
    note: Text = ""
    days: int = 3


class Appealing(Struct):
    """The librarian's appeal; another inspector decides it."""

    version: int
    reason: Text = ""


class CorrectedAnswer(Struct):
    """The corrected answer; ``keep`` names files of the first version that stay."""

    kind: Tag
    body: Annotated[str, Meta(max_length=60_000)]
    link_url: Annotated[str, Meta(max_length=2000)] = ""
    link_opened: bool = False
    keep: Annotated[list[Tag], Meta(max_length=50)] = field(default_factory=list)


class Period(Struct):
    """The days whose answers are published, first and last, as 2026-11-01."""

    first: Short = ""
    last: Short = ""


class InspectionView(Struct):
    """One answer before the inspectors; no reader is named, and no inspector."""

    id: str
    state: str
    version: int
    reason: str
    at_random: bool
    channel: str
    title: str
    suggested_grade: str
    suggested_row: str
    grade: str
    grade_row: str
    answered_at: str
    waiting_from: str
    graded_at: str | None
    correct_by: str | None
    overdue: bool
    appealed: bool


class InspectionLine(Struct):
    """An inspection in the inspectors' list."""

    inspection: InspectionView
    author: str
    library: Names


class InspectionPage(Struct):
    """A page of the list; ``next`` goes into ``after``, ``counts`` says how many stand where."""

    rows: list[InspectionLine]
    next: str
    counts: dict[str, int]


class OwnInspections(Struct):
    """A librarian's own sampled answers, those to be corrected first; ``next`` goes into ``before``."""

    to_correct: list[InspectionView]
    rows: list[InspectionView]
    next: str


class SuggestionView(Struct):
    """The grade that the facts suggest, the row it stands on, and what an inspector must see."""

    grade: str
    row: str
    if_rated_satisfied: str
    facts: list[str]
    findings: list[dict[str, str]]


class ProbeView(Struct):
    """What was found when a link was looked at."""

    at: str
    verdict: str
    why: str
    sure: bool


class InspectedVersion(Struct):
    """One version of the answer, with its files and what became of its link."""

    id: str
    version: int
    state: str
    kind: str
    delivery: str
    body: str
    link_url: str
    by: str
    released_by: str
    sent_at: str | None
    files: list[FileView]
    probes: list[ProbeView]


class InspectionStepView(Struct):
    """A line of the inspection's history."""

    step: str
    at: str
    by: str
    grade: str
    row: str
    text: str


class InspectionStoryView(Struct):
    """Everything that bears on an answer's grade."""

    inspection: InspectionView
    suggestion: SuggestionView | None  # for inspectors
    facts: dict[str, Any]
    citation: dict[str, str]
    question: str
    submitted_at: str
    strict_until_at: str
    rating: str
    request_files: list[FileView]
    trail: list[TrailView]
    claims: list[ClaimView]
    versions: list[InspectedVersion]
    steps: list[InspectionStepView]
    barred: str  # why this person may not grade it


class SampleView(Struct):
    """A library's random sample; ``lacking`` clean ones would show a failure rate of at most 1 % (95 %)."""

    library_id: str
    library: Names
    sampled: int
    failed: int
    lacking: int


class PublicationView(Struct):
    """Results published for the answers of a period, up to and without ``ends_at``."""

    id: str
    starts_at: str
    ends_at: str
    names_librarians: bool
    published_at: str


class SamplesView(Struct):
    """Samples by library, and what was published so far."""

    samples: list[SampleView]
    published: list[PublicationView]
    may_publish: bool


class AnswerCorrected(Struct):
    """The version that replaces the returned one."""

    id: str
    version: int
