"""What is recorded about an answer, as far as its grade depends on it, and what an inspector may put right in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from server.domain.consultations import Consultation
from server.domain.errors import Invalid
from server.domain.standard_phrases import StandardPhrase, phrases_in
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Delivery, Kind, Waiting, is_late


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What is recorded about an answer, as far as its grade depends on it.

    ``late`` is more than 72 h after submission (`tasks.is_late`). ``link_opens`` is None until the link was probed
    and then says what was found when it was sent; a link that died after that is ``link_died``. ``rating`` is the
    reader's: satisfied, fair, unsatisfied, or empty.
    """

    channel: Channel = Channel.DOCUMENT
    late: bool = False
    kind: Kind = Kind.EXACT
    delivery: Delivery | None = None  # None when nothing is delivered
    material: str = ""
    phrases: frozenset[StandardPhrase] = frozenset()
    name_changed: bool = False  # the file's name was shortened, or changed by the system (R-ANS.3)
    citation_only: bool = False  # of the original, only a citation record (题录) was found
    abstract_only: bool = False  # only the abstract was given
    link_opens: bool | None = None
    link_paywalled: bool = False  # asks for payment, registration or authentication (R-ANS.2)
    link_died: bool = False  # it opened when it was sent
    misses_question: bool = False
    handed_back_before: bool = False  # who answers had handed this task back already
    rating: str = ""
    other_answered: bool = False  # somebody else had answered it before
    widened: bool = True  # the task stood open to the alliance

    @property
    def asks_document(self) -> bool:
        """Whether R-72.2-4 bind: only document requests; the other channels are answered with text."""
        return self.channel is Channel.DOCUMENT

    @property
    def gives_link(self) -> bool:
        return self.delivery is Delivery.LINK and self.kind is not Kind.NOT_FOUND

    @property
    def link_unknown(self) -> bool:
        return self.gives_link and self.link_opens is None and not self.link_paywalled


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """A version of an answer with what was noted when it was written, and what has become of its links since.

    ``noted`` are the facts by name that were known then, whoever its reader is (``citation_only``, ``widened`` …).
    """

    kind: Kind
    delivery: Delivery | None
    body: str
    sent_at: datetime
    noted: Mapping[str, Any]
    link_died: bool = False


def facts_of(asked: Consultation, given: GivenAnswer, policy: TaskPolicy) -> AnswerFacts:
    """The facts behind the grade of this version for this reader; ``policy`` is that of the submission."""
    noted = facts_from({name: value for name, value in given.noted.items() if name in _NOTED})
    return replace(
        noted,
        channel=asked.channel,
        late=is_late(Waiting(asked.id, asked.submitted_at, policy), given.sent_at),
        kind=given.kind,
        delivery=given.delivery,
        material=asked.material,
        phrases=phrases_in(given.body, policy),
        link_died=given.link_died,
        rating=asked.rating,
    )


_NOTED = (
    "name_changed",
    "citation_only",
    "abstract_only",
    "link_opens",
    "link_paywalled",
    "handed_back_before",
    "widened",
)
# What people or machines may have got wrong; the clock, the channel and the rating are nobody's to correct.
CORRECTABLE = (
    "kind",
    "misses_question",
    "citation_only",
    "abstract_only",
    "name_changed",
    "link_opens",
    "link_paywalled",
    "handed_back_before",
    "other_answered",
    "widened",
)


_FIELDS = tuple(field.name for field in fields(AnswerFacts))


def _values_of(facts: AnswerFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in _FIELDS}


def facts_as_values(facts: AnswerFacts) -> dict[str, Any]:
    """The facts as they are kept."""
    return {**_values_of(facts), "phrases": sorted(facts.phrases)}


def facts_as_json(facts: AnswerFacts) -> str:
    """The same as a text."""
    return json.dumps(facts_as_values(facts), sort_keys=True)


def facts_from(values: Mapping[str, Any]) -> AnswerFacts:
    """The facts that were kept; what is not among them stands at its default, what is unknown is left out."""
    known = {name: values[name] for name in _FIELDS if name in values}
    if "channel" in known:
        known["channel"] = Channel(known["channel"])
    if "kind" in known:
        known["kind"] = Kind(known["kind"])
    if known.get("delivery") is not None:
        known["delivery"] = Delivery(known["delivery"]) if known["delivery"] else None
    if "phrases" in known:
        known["phrases"] = frozenset(StandardPhrase(each) for each in known["phrases"])
    return AnswerFacts(**known)


def with_corrections(facts: AnswerFacts, corrections: Mapping[str, Any]) -> AnswerFacts:
    """The facts as an inspector has put them right."""
    return facts_from({**_values_of(facts), **{k: v for k, v in corrections.items() if k in CORRECTABLE}})


def correction_of(name: str, text: str) -> Any:
    """What an inspector filled in for a fact: a kind of answer, yes, no or (links only) unknown. Raises Invalid."""
    if name not in CORRECTABLE:
        raise Invalid("fact_not_correctable", "name", "R-QC.3")
    choices: Mapping[str, Any] = {"yes": True, "no": False}
    if name == "kind":
        choices = {str(kind): str(kind) for kind in Kind}
    elif name == "link_opens":
        choices = {**choices, "unknown": None}
    if text not in choices:
        raise Invalid("choice_wrong", "value", choices=", ".join(choices), text=text)
    return choices[text]
