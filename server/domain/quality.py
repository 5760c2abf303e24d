"""What spot checks show of a library: samples, results, and what is published of them (R-QC.3, R-QC.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.errors import Invalid
from server.domain.samples import clean_samples_lacking

COMMENT_CHARACTERS = 500
COMMENTS_PER_DAY = 5


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A library's random sample: how many were inspected, and how many of them failed."""

    library_id: str
    name_zh: str
    name_en: str
    sampled: int
    failed: int

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_zh

    @property
    def lacking(self) -> int:
        """Clean samples that are lacking to show a failure rate of at most 1 % at 95 %."""
        return clean_samples_lacking(self.sampled, self.failed)

    @property
    def rate(self) -> float | None:
        return self.failed / self.sampled if self.sampled else None


@dataclass(frozen=True, slots=True)
class Result:
    """Published grades of a library, or of one of its librarians (``staff_id``)."""

    library_id: str
    staff_id: str
    inspected: int
    excellent: int
    passed: int
    failed: int
    corrected: int
    sampled: int
    sampled_failed: int
    library_zh: str = ""
    library_en: str = ""
    staff_name: str = ""

    def library(self, language: str) -> str:
        return self.library_en if language == "en" else self.library_zh

    @property
    def good_share(self) -> float:
        return (self.excellent + self.passed) / self.inspected if self.inspected else 0.0


@dataclass(frozen=True, slots=True)
class Publication:
    """Results published for the answers of a period: from the first moment, up to and without the last."""

    id: str
    starts: datetime
    ends: datetime
    names_librarians: bool
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reader said to published results; nobody is named."""

    id: str
    publication_id: str
    library_id: str
    account_id: str
    text: str
    at: datetime
    hidden_by: str = ""
    about_zh: str = ""
    about_en: str = ""
    from_zh: str = ""  # the reader's own library
    from_en: str = ""

    def about(self, language: str) -> str:
        return self.about_en if language == "en" else self.about_zh

    def home(self, language: str) -> str:
        return self.from_en if language == "en" else self.from_zh


def by_library(results: Sequence[Result]) -> list[Result]:
    """The lines of whole libraries, most inspected first."""
    return sorted((each for each in results if not each.staff_id), key=lambda each: -each.inspected)


def period_of(first: str, last: str, today: date) -> tuple[date, date]:
    """The days of a publication. Raises Invalid at ``first`` or ``last``."""
    days: list[date] = []
    for field, text in (("first", first), ("last", last)):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            raise Invalid("period_wrong", field, "R-QC.5") from None
    if days[1] < days[0] or days[1] > today or days[1] - days[0] > timedelta(days=1100):
        raise Invalid("period_wrong", "last", "R-QC.5")
    return days[0], days[1]


def comment_text(text: str) -> str:
    """A reader's comment. Raises Invalid at ``text``."""
    text = text.strip()
    if not text:
        raise Invalid("comment_empty", "text", "R-QC.5")
    if len(text) > COMMENT_CHARACTERS:
        raise Invalid("field_too_long", "text", limit=COMMENT_CHARACTERS, length=len(text))
    return text
