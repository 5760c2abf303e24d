"""Every cell of the quality standard, the findings beside it, and that no facts fall between."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.answer_facts import AnswerFacts, correction_of, facts_as_json, facts_from, with_corrections
from server.domain.errors import Invalid
from server.domain.grades import ROWS, Grade, Suggestion, suggest
from server.domain.standard_phrases import StandardPhrase, phrases_in
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Delivery, Kind

STRICT, TOLERANT = TaskPolicy(early_answer="strict"), TaskPolicy(early_answer="tolerant")
BOTH = pytest.mark.parametrize("policy", [STRICT, TOLERANT], ids=["strict", "tolerant"])
FOUND, SIMILAR, NOT_FOUND = ({phrase} for phrase in StandardPhrase)


def facts(**given: Any) -> AnswerFacts:
    given["phrases"] = frozenset(given.get("phrases", ()))
    return AnswerFacts(**given)


def exact(**given: Any) -> AnswerFacts:
    """The very document, sent as attachment within 72 h."""
    return facts(**{"kind": Kind.EXACT, "delivery": Delivery.ATTACHMENT, "phrases": FOUND, **given})


def similar(**given: Any) -> AnswerFacts:
    """A document of the same subject and content, sent as attachment."""
    return facts(**{"kind": Kind.SIMILAR, "delivery": Delivery.ATTACHMENT, **given})


def not_found(**given: Any) -> AnswerFacts:
    return facts(**{"kind": Kind.NOT_FOUND, **given})


def question(**given: Any) -> AnswerFacts:
    """A form question answered with text."""
    return facts(**{"channel": Channel.FORM, "kind": Kind.TEXT, "delivery": Delivery.MAIL_BODY, **given})


def codes(suggestion: Suggestion) -> set[str]:
    return {finding.code for finding in suggestion.findings}


CELLS = {
    "the document attached in time with P-FOUND is excellent": (exact(), "G-E1"),
    "with a shortened file name it is excellent": (exact(name_changed=True), "G-E2"),
    "a shortened file name needs no P-FOUND": (exact(name_changed=True, phrases=()), "G-E2"),
    "a link that was verified to open is excellent": (exact(delivery=Delivery.LINK, link_opens=True), "G-E3"),
    "a link needs no P-FOUND": (exact(delivery=Delivery.LINK, link_opens=True, phrases=()), "G-E3"),
    "the document in the mail's body is excellent": (exact(delivery=Delivery.MAIL_BODY, phrases=()), "G-E4"),
    "an early similar document that satisfied may be excellent": (similar(rating="satisfied"), "G-E5"),
    "a question answered in time to the reader's satisfaction is excellent": (
        question(rating="satisfied"),
        "G-E6",
    ),
    "a knowledge question likewise": (question(channel=Channel.KNOWLEDGE, rating="satisfied"), "G-E6"),
    "an inquiry by phone likewise": (question(channel=Channel.PHONE, rating="satisfied"), "G-E6"),
    "a similar document after 72 h with P-SIMILAR passes": (similar(late=True, phrases=SIMILAR), "G-P1"),
    "its rating changes nothing": (similar(late=True, phrases=SIMILAR, rating="unsatisfied"), "G-P1"),
    "a similar document by a link that opens passes": (
        similar(late=True, phrases=SIMILAR, delivery=Delivery.LINK, link_opens=True),
        "G-P1",
    ),
    "not found after 72 h with P-NOTFOUND passes": (not_found(late=True, phrases=NOT_FOUND), "G-P2"),
    "an early similar document without rating may pass": (similar(), "G-P3"),
    "only a citation record beside a document of the subject may pass": (similar(citation_only=True), "G-P4"),
    "and a satisfied reader makes it no more": (similar(citation_only=True, rating="satisfied"), "G-P4"),
    "the document after 72 h passes": (exact(late=True), "G-P5"),
    "and needs no phrase then": (exact(late=True, phrases=(), delivery=Delivery.MAIL_BODY), "G-P5"),
    "and by a link that opens": (exact(late=True, delivery=Delivery.LINK, link_opens=True), "G-P5"),
    "a question answered without rating passes": (question(), "G-P6"),
    "a question answered late passes, however rated": (question(late=True, rating="satisfied"), "G-P6"),
    "a question whose answer left the reader cold passes": (question(rating="unsatisfied"), "G-P6"),
    "an early 'not found' fails": (not_found(phrases=NOT_FOUND), "G-F1"),
    "an answer beside the question fails": (question(misses_question=True), "G-F2"),
    "a document that has nothing to do with it fails, also in time": (exact(misses_question=True), "G-F2"),
    "a thesis of which only the abstract came fails": (
        exact(material="thesis", abstract_only=True),
        "G-F3",
    ),
    "also after 72 h, as something similar": (
        similar(material="thesis", abstract_only=True, late=True, phrases=SIMILAR),
        "G-F3",
    ),
    "a link that does not open fails": (exact(delivery=Delivery.LINK, link_opens=False), "G-F4"),
    "a link that asks for money or log-in fails": (
        exact(delivery=Delivery.LINK, link_opens=True, link_paywalled=True),
        "G-F4",
    ),
    "also after 72 h": (exact(delivery=Delivery.LINK, link_opens=False, late=True), "G-F4"),
    "also in the answer to a question": (question(delivery=Delivery.LINK, link_opens=False), "G-F4"),
}


@BOTH
@pytest.mark.parametrize(("given_facts", "row"), CELLS.values(), ids=list(CELLS))
def test_each_cell_of_the_table(given_facts: AnswerFacts, row: str, policy: TaskPolicy) -> None:
    suggestion = suggest(given_facts, policy)
    assert suggestion.row == row
    assert suggestion.grade == {"E": Grade.EXCELLENT, "P": Grade.PASS, "F": Grade.FAIL}[row[2]]
    assert suggestion.facts


def test_every_row_has_its_cell() -> None:
    assert {row for _, row in CELLS.values()} == {row.id for row in ROWS}


OPEN = {
    "an early similar document rated fair": (similar(rating="fair"), "early_similar_rated_low"),
    "an early similar document rated unsatisfied": (similar(rating="unsatisfied"), "early_similar_rated_low"),
    "a late similar document without P-SIMILAR": (similar(late=True), "phrase_similar_missing"),
    "a late 'not found' without P-NOTFOUND": (not_found(late=True), "phrase_not_found_missing"),
    "one phrase is not the other": (not_found(late=True, phrases=SIMILAR), "phrase_not_found_missing"),
    "the document attached without P-FOUND": (exact(phrases=()), "phrase_found_missing"),
    "a similar document without a widened search": (
        similar(late=True, phrases=SIMILAR, widened=False),
        "not_widened",
    ),
    "'not found' without a widened search": (
        not_found(late=True, phrases=NOT_FOUND, widened=False),
        "not_widened",
    ),
    "'not found' where somebody had answered": (
        not_found(late=True, phrases=NOT_FOUND, other_answered=True),
        "other_answered",
    ),
    "an early similar document by who had handed it back": (
        similar(handed_back_before=True),
        "handed_back_then_answered",
    ),
    "an early 'not found' by who had handed it back": (
        not_found(handed_back_before=True),
        "early_not_found",
    ),
    "a link that nobody has probed": (exact(delivery=Delivery.LINK), "link_unknown"),
    "a citation record as if it were the document": (exact(citation_only=True), "citation_only"),
    "the abstract of an article": (exact(material="journal", abstract_only=True), "abstract_only"),
    "nothing delivered at all": (exact(delivery=None), "nothing_delivered"),
    "talk instead of a document": (facts(kind=Kind.TEXT, delivery=Delivery.MAIL_BODY), "text_for_document"),
}


@BOTH
@pytest.mark.parametrize(("given_facts", "code"), OPEN.values(), ids=list(OPEN))
def test_where_no_row_is_met_a_finding_is_shown(
    given_facts: AnswerFacts, code: str, policy: TaskPolicy
) -> None:
    suggestion = suggest(given_facts, policy)
    assert (suggestion.grade, suggestion.row, suggestion.if_rated_satisfied) == (None, "", "")
    assert code in codes(suggestion)


@pytest.mark.parametrize(
    ("given_facts", "shown"),
    [
        (question(), ("G-P6", "G-E6")),
        (similar(), ("G-P3", "G-E5")),
        (question(late=True), ("G-P6", "")),
        (question(rating="fair"), ("G-P6", "")),
        (similar(citation_only=True), ("G-P4", "")),
        (exact(), ("G-E1", "")),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_grade_that_hangs_on_the_rating_says_so(given_facts: AnswerFacts, shown: tuple[str, str]) -> None:
    suggestion = suggest(given_facts, STRICT)
    assert (suggestion.row, suggestion.if_rated_satisfied) == shown


def test_an_early_similar_document_is_refused_or_flagged_as_the_policy_says() -> None:
    """R-QC.2: the row is the same under both; what the inspector is told is not."""
    assert codes(suggest(similar(), STRICT)) == {"early_similar_refused"}
    assert codes(suggest(similar(), TOLERANT)) == {"early_similar"}
    assert not codes(suggest(similar(late=True, phrases=SIMILAR), TOLERANT))


@BOTH
def test_a_link_that_was_verified_and_died_is_no_fail_by_itself(policy: TaskPolicy) -> None:
    suggestion = suggest(exact(delivery=Delivery.LINK, link_opens=True, link_died=True), policy)
    assert suggestion.row == "G-E3"
    assert codes(suggestion) == {"link_died"}


VALUES: dict[str, list[Any]] = {
    "channel": list(Channel),
    "kind": list(Kind),
    "delivery": [None, *Delivery],
    "material": ["thesis", "book", ""],
    "phrases": [frozenset(), *(frozenset(each) for each in (FOUND, SIMILAR, NOT_FOUND, SIMILAR | FOUND))],
    "link_opens": [None, True, False],
    "rating": ["", "satisfied", "fair", "unsatisfied"],
}
ANY = st.builds(
    AnswerFacts,
    **{field.name: st.sampled_from(VALUES.get(field.name, [True, False])) for field in fields(AnswerFacts)},
)


@settings(max_examples=1500)
@given(ANY, st.sampled_from([STRICT, TOLERANT]))
def test_all_facts_have_one_outcome_a_row_or_a_finding(any_facts: AnswerFacts, policy: TaskPolicy) -> None:
    suggestion = suggest(any_facts, policy)
    assert bool(suggestion.row) == (suggestion.grade is not None)
    assert suggestion.row or suggestion.findings
    met = [row for row in ROWS if row.met(any_facts)]
    assert len([row for row in met if row.grade is not Grade.FAIL]) <= 1
    if suggestion.grade is Grade.FAIL:
        assert met[0].grade is Grade.FAIL


@settings(max_examples=500)
@given(ANY)
def test_the_row_that_waits_for_a_rating_is_the_row_once_it_comes(any_facts: AnswerFacts) -> None:
    unrated = replace(any_facts, rating="")
    now, then = suggest(unrated, STRICT), suggest(replace(unrated, rating="satisfied"), STRICT)
    assert then.row == (now.if_rated_satisfied or now.row)


def test_the_facts_that_a_row_names_are_facts_of_an_answer() -> None:
    assert {name for row in ROWS for name in row.facts} <= {field.name for field in fields(AnswerFacts)}


@settings(max_examples=300)
@given(ANY)
def test_facts_are_kept_as_they_were(any_facts: AnswerFacts) -> None:
    assert facts_from(json.loads(facts_as_json(any_facts))) == any_facts


def test_facts_that_were_not_recorded_then_stand_at_their_default() -> None:
    assert facts_from({"kind": "similar", "from_a_later_version": 1}) == AnswerFacts(kind=Kind.SIMILAR)


def test_an_inspector_who_puts_a_fact_right_has_the_grade_worked_out_anew() -> None:
    """What was sent as the very document turns out to be another one of the same subject."""
    corrections = {"kind": correction_of("kind", "similar")}
    assert suggest(exact(), STRICT).row == "G-E1"
    assert suggest(with_corrections(exact(), corrections), STRICT).row == "G-P3"
    corrections |= {"misses_question": correction_of("misses_question", "yes")}
    assert suggest(with_corrections(exact(), corrections), STRICT).row == "G-F2"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("late", "no"),
        ("rating", "satisfied"),
        ("channel", "form"),
        ("kind", "better"),
        ("widened", "unknown"),
    ],
)
def test_what_nobody_may_put_right_is_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid):
        correction_of(name, value)


@pytest.mark.parametrize("phrase", list(StandardPhrase))
def test_a_standard_phrase_is_recognised_word_for_word(phrase: StandardPhrase) -> None:
    text = STRICT.phrase(phrase)
    for said in (
        text,
        f"您好！\n{text}\n附件是全文。",
        text.replace("，", ",").replace("。", ". ").replace("！", "!"),
        " ".join(text),
        text.replace("。", "｡\r\n"),
    ):
        assert phrases_in(said, STRICT) == {phrase}


def test_two_days_and_three_days_are_both_accepted() -> None:
    """The reply norm writes two days, the quality standard three; both mean the 72 hours."""
    three = STRICT.phrase_similar
    two = three.replace("三天", "两天")
    assert two != three
    for policy in (STRICT, TaskPolicy(phrase_similar=two)):
        assert phrases_in(two, policy) == phrases_in(three, policy) == SIMILAR


@pytest.mark.parametrize(
    "text",
    ["", "找到了。", STRICT.phrase_similar.replace("本馆和", ""), "经一天的检索，没有找到。"],
)
def test_something_like_a_phrase_is_none(text: str) -> None:
    assert not phrases_in(text, STRICT)


def test_an_alliance_may_word_a_phrase_anew() -> None:
    worded = TaskPolicy(phrase_found="全文请见附件。")
    assert phrases_in("您好，全文请见附件. 再见", worded) == FOUND
    assert not phrases_in(STRICT.phrase_found, worded)
