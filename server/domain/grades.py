"""The grade of an answer: which row of the quality standard the recorded facts meet, or what stands against all rows.

The rows are those of the rulebook's table (G-E1 … G-P6, R-QC.1), tried in this order. A finding is what an inspector
must see; facts that meet no row always have one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from server.domain.answer_facts import AnswerFacts
from server.domain.standard_phrases import StandardPhrase
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Delivery, Kind

THESIS = "thesis"


class Grade(StrEnum):
    """What an inspector says of an answer."""

    EXCELLENT = "excellent"
    PASS = "pass"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the quality standard: its grade, when it is met, and the facts that it looks at."""

    id: str
    grade: Grade
    facts: tuple[str, ...]
    met: Callable[[AnswerFacts], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about an answer that an inspector must see; ``rule_id`` says which rule it touches."""

    code: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The grade that an answer would get: none, and at least one finding, where no row is met.

    ``if_rated_satisfied`` names the better row that waits only for the reader's rating.
    """

    grade: Grade | None
    row: str = ""
    findings: tuple[Finding, ...] = ()
    if_rated_satisfied: str = ""
    facts: tuple[str, ...] = ()  # the names of the facts that decided


def suggest(facts: AnswerFacts, policy: TaskPolicy) -> Suggestion:
    """The grade that the recorded facts suggest, with its row, and what an inspector must see."""
    findings = findings_of(facts, policy)
    row = _first_met(facts)
    if row is None:
        return Suggestion(None, findings=findings)
    rated = row if facts.rating else _first_met(replace(facts, rating="satisfied"))
    better = rated.id if rated is not None and rated is not row else ""
    return Suggestion(row.grade, row.id, findings, better, row.facts)


def findings_of(facts: AnswerFacts, policy: TaskPolicy) -> tuple[Finding, ...]:
    """What about the answer an inspector must see, graded or not."""
    found = [Finding(code, rule) for code, rule, holds in _FINDINGS if holds(facts)]
    if _early(facts, Kind.SIMILAR):
        refused = policy.early_answer == "strict"
        found.append(Finding("early_similar_refused" if refused else "early_similar", "R-72.2"))
    return tuple(found)


def _first_met(facts: AnswerFacts) -> Row | None:
    return next((row for row in ROWS if row.met(facts)), None)


# --- Parts of the rows ----------------------------------------------------------------------------------------------


def _early(facts: AnswerFacts, *kinds: Kind) -> bool:
    return facts.asks_document and facts.kind in kinds and not facts.late


def _late(facts: AnswerFacts, *kinds: Kind) -> bool:
    return facts.asks_document and facts.kind in kinds and facts.late


def _given(facts: AnswerFacts) -> bool:
    """A document reached the reader: not merely an abstract, and not by a link of which nothing is known."""
    return facts.delivery is not None and not facts.abstract_only and not facts.link_unknown


def _early_exact(facts: AnswerFacts, delivery: Delivery) -> bool:
    return (
        _early(facts, Kind.EXACT) and _given(facts) and not facts.citation_only and facts.delivery is delivery
    )


def _early_similar(facts: AnswerFacts, *ratings: str) -> bool:
    return (
        _early(facts, Kind.SIMILAR)
        and _given(facts)
        and not facts.handed_back_before
        and facts.rating in ratings
    )


def _answers_question(facts: AnswerFacts) -> bool:
    return not facts.asks_document and not facts.link_unknown


def _pleased_in_time(facts: AnswerFacts) -> bool:
    return not facts.late and facts.rating == "satisfied"


_FOUND, _SIMILAR, _NOT_FOUND = StandardPhrase.FOUND, StandardPhrase.SIMILAR, StandardPhrase.NOT_FOUND

# What is wrong goes first, so that no file and no haste buys a grade for an answer beside the question; of the
# others no two are met by the same facts.
ROWS: tuple[Row, ...] = (
    Row("G-F2", Grade.FAIL, ("misses_question",), lambda f: f.misses_question),
    Row(
        "G-F3",
        Grade.FAIL,
        ("material", "abstract_only"),
        lambda f: (
            f.asks_document and f.material == THESIS and f.abstract_only and f.kind is not Kind.NOT_FOUND
        ),
    ),
    Row(
        "G-F4",
        Grade.FAIL,
        ("delivery", "link_opens", "link_paywalled"),
        lambda f: f.gives_link and (f.link_opens is False or f.link_paywalled),
    ),
    Row(
        "G-F1",
        Grade.FAIL,
        ("late", "kind", "handed_back_before"),
        lambda f: _early(f, Kind.NOT_FOUND) and not f.handed_back_before,
    ),
    Row(
        "G-E1",
        Grade.EXCELLENT,
        ("late", "kind", "delivery", "phrases"),
        lambda f: _early_exact(f, Delivery.ATTACHMENT) and not f.name_changed and _FOUND in f.phrases,
    ),
    Row(
        "G-E2",
        Grade.EXCELLENT,
        ("late", "kind", "delivery", "name_changed"),
        lambda f: _early_exact(f, Delivery.ATTACHMENT) and f.name_changed,
    ),
    Row(
        "G-E3",
        Grade.EXCELLENT,
        ("late", "kind", "delivery", "link_opens"),
        lambda f: _early_exact(f, Delivery.LINK),
    ),
    Row("G-E4", Grade.EXCELLENT, ("late", "kind", "delivery"), lambda f: _early_exact(f, Delivery.MAIL_BODY)),
    Row(
        "G-E5",
        Grade.EXCELLENT,
        ("late", "kind", "handed_back_before", "rating"),
        lambda f: _early_similar(f, "satisfied") and not f.citation_only,
    ),
    Row(
        "G-E6",
        Grade.EXCELLENT,
        ("channel", "late", "rating"),
        lambda f: _answers_question(f) and _pleased_in_time(f),
    ),
    Row(
        "G-P1",
        Grade.PASS,
        ("late", "kind", "widened", "phrases"),
        lambda f: _late(f, Kind.SIMILAR) and _given(f) and f.widened and _SIMILAR in f.phrases,
    ),
    Row(
        "G-P2",
        Grade.PASS,
        ("late", "kind", "widened", "other_answered", "phrases"),
        lambda f: _late(f, Kind.NOT_FOUND) and f.widened and not f.other_answered and _NOT_FOUND in f.phrases,
    ),
    Row(
        "G-P3",
        Grade.PASS,
        ("late", "kind", "handed_back_before", "rating"),
        lambda f: _early_similar(f, "") and not f.citation_only,
    ),
    Row(
        "G-P4",
        Grade.PASS,
        ("late", "kind", "citation_only", "handed_back_before"),
        lambda f: _early_similar(f, "", "satisfied") and f.citation_only,
    ),
    Row(
        "G-P5",
        Grade.PASS,
        ("late", "kind"),
        lambda f: _late(f, Kind.EXACT) and _given(f) and not f.citation_only,
    ),
    Row(
        "G-P6",
        Grade.PASS,
        ("channel", "late", "rating"),
        lambda f: _answers_question(f) and not _pleased_in_time(f),
    ),
)

# What an inspector must see: code, the rule it touches, when it holds.
_FINDINGS: tuple[tuple[str, str, Callable[[AnswerFacts], bool]], ...] = (
    ("misses_question", "G-F2", lambda f: f.misses_question),
    (
        "phrase_found_missing",
        "G-E1",
        lambda f: _early_exact(f, Delivery.ATTACHMENT) and not f.name_changed and _FOUND not in f.phrases,
    ),
    ("phrase_similar_missing", "R-72.3", lambda f: _late(f, Kind.SIMILAR) and _SIMILAR not in f.phrases),
    (
        "phrase_not_found_missing",
        "R-72.4",
        lambda f: _late(f, Kind.NOT_FOUND) and _NOT_FOUND not in f.phrases,
    ),
    (
        "early_similar_rated_low",
        "R-QC.1",
        lambda f: _early(f, Kind.SIMILAR) and f.rating in ("fair", "unsatisfied"),
    ),
    ("early_not_found", "R-72.2", lambda f: _early(f, Kind.NOT_FOUND)),
    (
        "handed_back_then_answered",
        "R-72.2",
        lambda f: _early(f, Kind.SIMILAR, Kind.NOT_FOUND) and f.handed_back_before,
    ),
    ("not_widened", "R-72.7", lambda f: _late(f, Kind.SIMILAR, Kind.NOT_FOUND) and not f.widened),
    ("other_answered", "G-P2", lambda f: _late(f, Kind.NOT_FOUND) and f.other_answered),
    (
        "nothing_delivered",
        "R-ANS.1",
        lambda f: f.asks_document and f.kind in (Kind.EXACT, Kind.SIMILAR) and f.delivery is None,
    ),
    ("text_for_document", "R-72.2", lambda f: f.asks_document and f.kind is Kind.TEXT),
    ("citation_only", "G-P4", lambda f: f.asks_document and f.kind is Kind.EXACT and f.citation_only),
    ("abstract_only", "G-F3", lambda f: f.asks_document and f.kind is not Kind.NOT_FOUND and f.abstract_only),
    ("link_unknown", "R-ANS.2", lambda f: f.link_unknown),
    ("link_closed", "R-ANS.2", lambda f: f.gives_link and (f.link_opens is False or f.link_paywalled)),
    ("link_died", "R-ANS.2", lambda f: f.gives_link and f.link_opens is True and f.link_died),
)
