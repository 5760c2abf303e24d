"""What inspection screens say of grades and facts."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from server.domain.answer_facts import CORRECTABLE, AnswerFacts
from server.domain.grades import ROWS, Suggestion
from server.domain.inspections import Inspection
from server.domain.tasks import Delivery, Kind
from server.words.catalogue import text

_LINK = frozenset({"link_opens", "link_paywalled", "link_died"})
_DOCUMENT = frozenset(
    {
        "material",
        "phrases",
        "name_changed",
        "citation_only",
        "abstract_only",
        "handed_back_before",
        "other_answered",
        "widened",
    }
)
_BY_KEY = {
    "kind": "fact_kind",
    "delivery": "fact_delivery",
    "channel": "fact_channel",
    "material": "material",
    "rating": "rating",
}


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact in words; ``decides``: the suggested grade hangs on it."""

    name: str
    label: str
    value: str
    decides: bool
    corrected: bool


def fact_lines(inspection: Inspection, suggestion: Suggestion, language: str) -> list[FactLine]:
    """The facts as they stand, those on which the suggestion hangs first."""
    now = inspection.facts_now
    lines = [
        FactLine(
            field.name,
            text(f"fact.{field.name}", language),
            _said(field.name, getattr(now, field.name), language),
            field.name in suggestion.facts,
            field.name in inspection.corrections,
        )
        for field in fields(AnswerFacts)
        if _bears(field.name, now)
    ]
    return sorted(lines, key=lambda line: not line.decides)


def corrections(inspection: Inspection, language: str) -> list[tuple[str, str]]:
    """What an inspector may put right: each fact with every value that it does not have now."""
    now, offered = inspection.facts_now, []
    for name in CORRECTABLE:
        if not _bears(name, now) or (name == "kind" and not now.asks_document):
            continue
        values: dict[str, Any] = {"yes": True, "no": False}
        if name == "kind":
            values = {str(kind): kind for kind in Kind}
        elif name == "link_opens":
            values["unknown"] = None
        label = text(f"fact.{name}", language)
        offered += [
            (f"{name}={key}", f"{label}: {_said(name, value, language)}")
            for key, value in values.items()
            if value != getattr(now, name)
        ]
    return offered


def rows_to_choose(language: str) -> list[tuple[str, str]]:
    """Every row of the quality standard, for a grade that is not the suggested one."""
    return [
        (row.id, f"{row.id} {text(f'grade.{row.grade}', language)} · {text(f'grade_row.{row.id}', language)}")
        for row in ROWS
    ]


def place_of(text: str, start: datetime) -> tuple[datetime, str]:
    """A place in a list as an address carries it: a moment and an id; the list's start for anything else."""
    moment, _, name = text.partition("~")
    try:
        at = datetime.fromisoformat(moment.replace(" ", "+"))
    except ValueError:
        return start, "~" if start.year > 2500 else ""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)), name


def place_after(inspection: Inspection) -> str:
    """Where the next page of a list begins."""
    return f"{inspection.waiting_from.isoformat()}~{inspection.consultation_id}"


def _bears(name: str, facts: AnswerFacts) -> bool:
    """Whether the fact means anything for this kind of consultation and answer."""
    if name in _LINK:
        return facts.delivery is Delivery.LINK
    return facts.asks_document or name not in _DOCUMENT


def _said(name: str, value: Any, language: str) -> str:
    if name == "phrases":
        return ", ".join(sorted(value)) or text("fact_value.none", language)
    if name in _BY_KEY:
        return text(f"{_BY_KEY[name]}.{value}", language) if value else text("fact_value.none", language)
    known = {True: "yes", False: "no", None: "unknown"}[value]
    return text(f"fact_value.{known}", language)
