"""What all readers are told: notices, suspensions of service, reading news (R-LOAN.10, R-COM.7)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as readers see it; ``stops`` while no orders are taken."""

    id: str
    kind: str  # notice, suspension, news
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    shown_from: datetime
    shown_until: datetime | None
    stops: bool

    def title(self, language: str) -> str:
        """In a language, the other one's where it has none."""
        return (self.title_en or self.title_zh) if language == "en" else (self.title_zh or self.title_en)

    def text(self, language: str) -> str:
        return (self.text_en or self.text_zh) if language == "en" else (self.text_zh or self.text_en)
