"""What sending, releasing and correcting an answer share: judging it, writing it down, getting it to its readers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.actions.deliveries import Delivered, make_deliveries
from server.actions.inspection_entry import correction_sent, queue_inspection
from server.actions.links import address_of
from server.actions.pool_entry import note_step, tell_reader
from server.actions.probes import unwatch_links, watch_link
from server.context import Context
from server.domain.answer_facts import AnswerFacts, facts_as_values
from server.domain.answers import Draft, LinkFacts, as_sent, draft_from, facts_of, problems_of
from server.domain.attachments import Attached, Belonging, Owner
from server.domain.citations import Citation, citation_from
from server.domain.consultations import Consultation
from server.domain.errors import Invalid
from server.domain.forms import FormRefused
from server.domain.kept_answers import Answer
from server.domain.permissions import Actor
from server.domain.pool import TaskRow
from server.domain.probes import FRESH
from server.domain.tasks import Option, Task, Waiting
from server.domain.verdicts import Verdict
from server.store.attachments import attached_read
from server.store.consultations import mark_answered, mark_corrected
from server.store.dues import cancel_due
from server.store.probes import latest_probe
from server.store.reads import Read, first, read_together
from server.store.rows import Reader, Transaction
from server.wire.tokens import hashed
from server.words.times import exact_moment, size

_WALLS = frozenset({Verdict.LOG_IN_WALL, Verdict.PAYMENT_WALL})
_DOCUMENT = ("title", "author", "source", "date")


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer is held against: the document asked for (None for a question), and the files at hand."""

    asked: Citation | None
    files: Sequence[Attached]


async def basis_of(db: Reader, task_id: str, draft: Draft) -> Basis:
    """What this answer to the task is held against."""
    return Basis(*await read_together(db, asked_read(task_id), attached_read(draft.file_ids)))


def asked_read(task_id: str) -> Read[Citation | None]:
    """The document that the task asks for; None for a question."""
    sql = "SELECT citation FROM consultation WHERE task_id = $1 AND citation <> '' ORDER BY submitted_at LIMIT 1"
    return Read(sql, (task_id,), first(lambda row: citation_from(json.loads(row["citation"]))))


async def link_facts(ctx: Context, db: Reader, url: str) -> LinkFacts:
    """What the latest fresh look at a link has shown; nothing for no link, or where nobody has looked lately."""
    if not url:
        return LinkFacts()
    probe = await latest_probe(db, hashed(url), since=ctx.clock.now() - 4 * FRESH)
    if probe is None:
        return LinkFacts()
    return LinkFacts(probe.look.meaning, probe.look.verdict in _WALLS)


def checked(task: Task, draft: Draft, option: Option, link: LinkFacts, basis: Basis) -> str:
    """The text as its readers get it. Raises FormRefused with everything that stands against the answer."""
    problems = problems_of(draft, option, basis.asked, link)
    mine = Belonging(Owner.ANSWER, task.id)
    if not {each.id for each in basis.files if each.owner == mine} >= set(draft.file_ids):
        problems.append(Invalid("attachment_missing", "file_ids", "R-ANS.1"))
    if problems:
        raise FormRefused(problems)
    return as_sent(draft, option, task.waiting[0].policy)


def written(
    ctx: Context,
    actor: Actor,
    row: TaskRow,
    draft: Draft,
    *,
    text: str,
    facts: AnswerFacts,
    state: str,
    version: int,
    reviewer_id: str = "",
) -> Answer:
    """The answer as it is kept."""
    now = ctx.clock.now()
    return Answer(
        id=ctx.ids.new(),
        task_id=row.id,
        claim_number=row.claim_number,
        version=version,
        replaces_id="",
        state=state,
        staff_id=actor.account_id,
        library_id=actor.library_id,
        kind=str(draft.kind),
        delivery=str(draft.delivery or ""),
        body=text,
        link_url=draft.link_url,
        document={name: text for name in _DOCUMENT if (text := getattr(draft, name))},
        files=draft.file_ids,
        facts=facts_as_values(facts),
        reason=draft.reason,
        proposed_at=now if state == "proposed" else None,
        reviewer_id=reviewer_id,
        released_by="",
        comment="",
        sent_at=now if state == "sent" else None,
        created_at=now,
    )


def judged(
    draft: Draft,
    text: str,
    task: Task,
    waiting: Waiting,
    now: datetime,
    *,
    material: str,
    link: LinkFacts,
    by: str,
) -> AnswerFacts:
    """The facts on which the grade hangs, for one reader."""
    return facts_of(draft, text, task, waiting, now, material=material, link=link, staff_id=by)


def draft_of(answer: Answer) -> Draft:
    """A kept version as a draft again."""
    facts: Mapping[str, Any] = answer.facts
    return draft_from(
        {
            "kind": answer.kind,
            "delivery": answer.delivery,
            "body": answer.body,
            "link_url": answer.link_url,
            "file_ids": answer.files,
            "reason": answer.reason,
            **answer.document,
            **{name: facts.get(name) for name in ("citation_only", "abstract_only", "name_changed")},
            "same_anyway": bool(answer.reason),
            "link_opened": facts.get("link_opens"),
        }
    )


async def bring(
    ctx: Context,
    tx: Transaction,
    answer: Answer,
    readers: Sequence[Consultation],
    *,
    files: Sequence[Attached] = (),
    corrected: Answer | None = None,
) -> None:
    """Bring a sent answer with its files to these readers: their consultation, their history, their mail."""
    if corrected is None:
        await mark_answered(
            tx,
            [reader.id for reader in readers],
            answer_id=answer.id,
            kind=answer.kind,
            staff_id=answer.staff_id,
            library_id=answer.library_id,
            at=ctx.clock.now(),
        )
        await cancel_due(tx, "task_clock", *(reader.id for reader in readers))
    else:
        await mark_corrected(tx, corrected.id, answer_id=answer.id, kind=answer.kind)
    kind = "answered" if corrected is None else "corrected"
    for reader in readers:
        await note_step(ctx, tx, reader.id, kind, actor_id=answer.staff_id, answer=answer.id)
        await tell_reader(
            ctx,
            tx,
            reader,
            "answer_sent" if corrected is None else "answer_corrected",
            event=f"{kind}:{answer.id}",
            body=answer.body,
            link_url=answer.link_url,
            kind=answer.kind,
            files=_addresses(ctx, reader, await make_deliveries(ctx, tx, reader, answer.id, files)),
        )
        if corrected is None:
            await queue_inspection(ctx, tx, reader, answer)
        else:
            await correction_sent(ctx, tx, reader.id)
    if corrected is not None and corrected.link_url:
        await unwatch_links(ctx, tx, corrected.id)
    if answer.link_url:
        await watch_link(ctx, tx, answer_id=answer.id, task_id=answer.task_id, url=answer.link_url)


def _addresses(ctx: Context, reader: Consultation, made: Sequence[Delivered]) -> list[dict[str, str]]:
    """The delivered files as a mail names them: good for some days, without log-in (R-ANS.5)."""
    zone = ZoneInfo(ctx.settings.zone)
    return [
        {
            "name": each.name,
            "url": each.url,
            "size": size(each.size, reader.language),
            "until": exact_moment(each.expires, zone, reader.language),
        }
        for each in made
    ]


def page_of(ctx: Context, task_id: str) -> str:
    """Where staff work on the task."""
    return address_of(ctx, f"/console/pool/{task_id}")
