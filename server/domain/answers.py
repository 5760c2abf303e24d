"""What a librarian means to send: checked against the request and the rules before it goes out (R-72.2, R-ANS.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from server.domain.answer_facts import AnswerFacts
from server.domain.citation_matching import Comparison, compare
from server.domain.citations import Citation, Material, normal_date
from server.domain.errors import Invalid
from server.domain.standard_phrases import StandardPhrase, phrases_in
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Delivery, Kind, Option, Task, Waiting, is_late
from server.domain.verdicts import Meaning

BODY, REASON, LINK, FIELD, FILES = 20_000, 1000, 1000, 300, 20
_DOCUMENTS = (Kind.EXACT, Kind.SIMILAR)


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer as it is being written; ``title`` to ``date`` name the document that is given.

    ``same_anyway``: the librarian says that it is the very document although a field differs, with the ``reason``.
    ``link_opened``: they have opened a link of which no machine can tell.
    """

    kind: Kind = Kind.EXACT
    delivery: Delivery | None = None
    body: str = ""
    link_url: str = ""
    title: str = ""
    author: str = ""
    source: str = ""
    date: str = ""
    file_ids: tuple[str, ...] = ()
    reason: str = ""
    citation_only: bool = False
    abstract_only: bool = False
    name_changed: bool = False
    same_anyway: bool = False
    link_opened: bool = False


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What a look at the link has shown; no meaning where nobody has looked yet (R-ANS.2)."""

    meaning: Meaning | None = None
    paywalled: bool = False

    def opens(self, draft: Draft) -> bool | None:
        """Whether it opens on the public Internet; the librarian's word counts where a machine cannot tell."""
        if self.meaning is Meaning.UNSURE:
            return True if draft.link_opened else None
        return None if self.meaning is None else self.meaning is Meaning.GOOD


_TEXTS = {
    "body": BODY,
    "link_url": LINK,
    "reason": REASON,
    **dict.fromkeys(("title", "author", "source", "date"), FIELD),
}
_SWITCHES = ("citation_only", "abstract_only", "name_changed", "same_anyway", "link_opened")


def draft_from(values: Mapping[str, Any]) -> Draft:
    """What somebody filled in, with blanks trimmed. Raises Invalid by field."""
    values = {**values, **(values.get("document") or {})}
    values = {name: value for name, value in values.items() if value is not None}
    texts = {name: _text(values, name, limit) for name, limit in _TEXTS.items()}
    kind, delivery = str(values.get("kind", "exact")), str(values.get("delivery", ""))
    if kind not in set(Kind):
        raise Invalid("choice_wrong", "kind", choices=", ".join(Kind), text=kind)
    if delivery not in {"", *Delivery}:
        raise Invalid("choice_wrong", "delivery", choices=", ".join(Delivery), text=delivery)
    files = tuple(dict.fromkeys(str(each) for each in values.get("file_ids", ())))
    if len(files) > FILES:
        raise Invalid("too_many_files", "file_ids", limit=FILES)
    rest: dict[str, Any] = {name: bool(values.get(name)) for name in _SWITCHES}
    return Draft(
        kind=Kind(kind), delivery=Delivery(delivery) if delivery else None, file_ids=files, **texts, **rest
    )


def _text(values: Mapping[str, Any], name: str, limit: int) -> Any:
    text = str(values.get(name, "")).strip()
    if len(text) > limit:
        raise Invalid("field_too_long", name, limit=limit, length=len(text))
    return text


def settled(draft: Draft, channel: Channel) -> Draft:
    """The draft without what its kind does not use: no file in an answer that says it was not found."""
    if draft.kind in _DOCUMENTS:
        return replace(
            draft,
            file_ids=draft.file_ids if draft.delivery is Delivery.ATTACHMENT else (),
            link_url=draft.link_url if draft.delivery is Delivery.LINK else "",
        )
    if draft.kind is Kind.NOT_FOUND:
        return replace(
            draft, delivery=None, file_ids=(), link_url="", title="", author="", source="", date=""
        )
    return replace(draft, delivery=_way_of_text(draft))


def _way_of_text(draft: Draft) -> Delivery:
    if draft.file_ids:
        return Delivery.ATTACHMENT
    return Delivery.LINK if draft.link_url else Delivery.MAIL_BODY


def comparison_of(draft: Draft, asked: Citation | None) -> Comparison | None:
    """The given document beside the one asked for, field by field; None where none is asked for or given."""
    if asked is None or draft.kind not in _DOCUMENTS:
        return None
    # Asked for by its number alone, there is nothing else to compare; otherwise a number proves no particulars.
    numbers = {} if asked.title else {"doi": asked.doi, "isbn": asked.isbn}
    source = {_source_field(asked): draft.source}
    date = normal_date(draft.date)
    given = Citation(asked.material, title=draft.title, authors=draft.author, date=date, **numbers, **source)
    return compare(asked, given)


def problems_of(draft: Draft, option: Option, asked: Citation | None, link: LinkFacts) -> list[Invalid]:
    """Everything that stands against sending it, by field; an empty list when nothing does."""
    found: list[Invalid] = []
    if draft.kind is Kind.TEXT and not draft.body:
        found.append(Invalid("answer_empty", "body", "R-ANS.1"))
    if draft.kind in _DOCUMENTS:
        found += _delivery_problems(draft)
        if not draft.title:
            found.append(Invalid("document_title_missing", "title", "R-72.2"))
    if draft.link_url and draft.delivery is Delivery.LINK:
        found += _link_problems(draft, link)
    if option.needs_reason and not draft.reason:
        found.append(Invalid("early_answer_reason", "reason", "R-QC.2"))
    compared = comparison_of(draft, asked)
    if draft.kind is Kind.EXACT and compared is not None and draft.title and not compared.exact:
        if not draft.same_anyway:
            fields = ", ".join(
                name for name, verdict in asdict(compared).items() if verdict in ("differ", "missing")
            )
            found.append(Invalid("document_differs", "same_anyway", "R-72.2", fields=fields))
        elif not draft.reason:
            found.append(Invalid("document_differs_reason", "reason", "R-72.2"))
    return found


def as_sent(draft: Draft, option: Option, policy: TaskPolicy) -> str:
    """The text that the reader gets, with its mandatory phrase (R-72.3, .4) in front unless it is there already."""
    if not option.phrase or StandardPhrase(option.phrase) in phrases_in(draft.body, policy):
        return draft.body
    return "\n\n".join(filter(None, (policy.phrase(option.phrase), draft.body)))


def facts_of(
    draft: Draft,
    text: str,
    task: Task,
    waiting: Waiting,
    now: datetime,
    *,
    material: str,
    link: LinkFacts,
    staff_id: str,
) -> AnswerFacts:
    """What the answer's grade for one reader is worked out from."""
    return AnswerFacts(
        channel=task.channel,
        late=is_late(waiting, now),
        kind=draft.kind,
        delivery=draft.delivery,
        material=material,
        phrases=phrases_in(text, waiting.policy),
        name_changed=draft.name_changed,
        citation_only=draft.citation_only,
        abstract_only=draft.abstract_only,
        link_opens=link.opens(draft) if draft.link_url else None,
        link_paywalled=link.paywalled,
        handed_back_before=staff_id in task.handed_back_by,
        widened=task.opened_at is not None,
    )


def _delivery_problems(draft: Draft) -> Sequence[Invalid]:
    match draft.delivery:
        case None:
            return [Invalid("field_required", "delivery", "R-ANS.1")]
        case Delivery.ATTACHMENT if not draft.file_ids:
            return [Invalid("attachment_missing", "file_ids", "R-ANS.1")]
        case Delivery.LINK if not draft.link_url:
            return [Invalid("link_missing", "link_url", "R-ANS.1")]
        case Delivery.MAIL_BODY if not draft.body:
            return [Invalid("answer_empty", "body", "R-ANS.1")]
    return []


def _link_problems(draft: Draft, link: LinkFacts) -> Sequence[Invalid]:
    match link.meaning:
        case None:
            return [Invalid("link_not_probed", "link_url", "R-ANS.2")]
        case Meaning.UNSURE if not draft.link_opened:
            return [Invalid("link_unsure", "link_opened", "R-ANS.2")]
        case Meaning.BARRED | Meaning.DEAD:
            return [Invalid("link_not_public", "link_url", "R-ANS.2")]
    return []


def _source_field(asked: Citation) -> str:
    """Where a citation of this kind keeps what its document was published in."""
    if asked.container:
        return "container"
    match asked.material:
        case Material.THESIS:
            return "institution"
        case Material.PATENT:
            return "patent_number"
        case Material.STANDARD:
            return "standard_number"
        case Material.BOOK | Material.VIDEO:
            return "publisher"
        case Material.CONFERENCE_PAPER:
            return "conference"
    return "container"
