"""Answering: what may be sent now, the grade it would get, sending it to everybody whom the clock allows."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from server.actions.answer_parts import (
    Basis,
    asked_read,
    bring,
    checked,
    judged,
    link_facts,
    page_of,
    written,
)
from server.actions.mails import write_mail
from server.actions.pool import lock_held
from server.actions.pool_entry import note_step
from server.context import Context
from server.domain.accounts import Account
from server.domain.answer_facts import AnswerFacts
from server.domain.answers import Draft, LinkFacts, as_sent, comparison_of, draft_from, problems_of, settled
from server.domain.citation_matching import Comparison
from server.domain.citations import Citation
from server.domain.consultations import Consultation
from server.domain.errors import Conflict, Invalid, NotFound, Refusal
from server.domain.events import PoolChanged
from server.domain.grades import Suggestion, suggest
from server.domain.kept_answers import Answer
from server.domain.permissions import Actor, Role, Verb, demand
from server.domain.pool import TaskRow
from server.domain.tasks import (
    Action,
    Option,
    Task,
    TaskState,
    Worker,
    after,
    demand_answer,
    demand_held,
)
from server.store.accounts import full_librarians_beside
from server.store.answers import drop_draft, insert_answer, latest_of_claim_read, save_draft_of
from server.store.attachments import attached_read
from server.store.consultations import consultations_read
from server.store.dues import cancel_due
from server.store.reads import read, read_together
from server.store.rows import Reader, Transaction
from server.store.tasks import (
    concerned_read,
    end_claim,
    finish_task,
    free_claim_slot,
    put_back,
    rules_of,
    rules_view,
    set_release,
    settle_clock,
    task_by_id,
)

DRAFT_BYTES = 100_000
# By whether a full librarian releases it, and whether somebody goes on waiting.
_SENDING = {
    (False, False): Action.ANSWER,
    (False, True): Action.ANSWER_SOME,
    (True, False): Action.RELEASE,
    (True, True): Action.RELEASE_SOME,
}


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade that an answer would get with so many of its readers."""

    suggestion: Suggestion
    readers: int
    facts: AnswerFacts


@dataclass(frozen=True, slots=True)
class Held:
    """A locked task with all that an answer to it hangs on."""

    row: TaskRow
    rules: Task
    basis: Basis
    readers: Sequence[Consultation]  # who waits
    before: Answer | None  # the newest version that the claim has brought


@dataclass(frozen=True, slots=True)
class Preview:
    """An answer before it is sent: to whom it may go, what stands against it, its text, the grade with its row."""

    option: Option | None
    refusals: tuple[Refusal, ...]
    text: str
    asked: Mapping[str, str]  # title, author, source, date of the request
    comparison: Comparison | None
    graded: tuple[Graded, ...]
    waiting: int


async def preview_answer(ctx: Context, actor: Actor, task_id: str, content: Mapping[str, Any]) -> Preview:
    """What would become of this answer if it were sent now; nothing is changed. Raises NotFound, Invalid by field."""
    demand(actor, Verb.WORK_TASK)
    db, now = ctx.db.read, ctx.clock.now()
    row = await _task(db, task_id)
    rules = await rules_view(db, row)
    draft = settled(draft_from(content), rules.channel)
    asked = await read(db, asked_read(task_id))
    compared = comparison_of(draft, asked)
    try:
        option = demand_answer(rules, draft.kind, now, reason=draft.reason or "…")
    except Refusal as refusal:
        return Preview(None, (refusal,), draft.body, _four(asked), compared, (), len(rules.waiting))
    link = await link_facts(ctx, db, draft.link_url)
    problems = problems_of(draft, option, asked, link)
    text = as_sent(draft, option, rules.waiting[0].policy)
    graded: dict[Suggestion, Graded] = {}
    for waiting in rules.waiting:
        if waiting.id in option.allowed:
            facts = judged(
                draft, text, rules, waiting, now, material=row.material, link=link, by=actor.account_id
            )
            suggestion = suggest(facts, waiting.policy)
            known = graded.get(suggestion)
            graded[suggestion] = Graded(suggestion, known.readers + 1 if known else 1, facts)
    return Preview(
        option, tuple(problems), text, _four(asked), compared, tuple(graded.values()), len(rules.waiting)
    )


async def save_draft(
    ctx: Context, actor: Actor, task_id: str, claim_number: int, content: Mapping[str, Any]
) -> bool:
    """Keep what is being typed, as typed; says whether the task is still held under this claim.

    Raises NotFound for who never held the task, Invalid for more than anybody types.
    """
    demand(actor, Verb.WORK_TASK)
    if len(json.dumps(content)) > DRAFT_BYTES:
        raise Invalid("field_too_long", "content", limit=DRAFT_BYTES, length=len(json.dumps(content)))
    db = ctx.db.read
    rules = await rules_view(db, await _task(db, task_id))
    try:
        demand_held(rules, Worker(actor.account_id), claim_number, ctx.clock.now())
        held = True
    except Conflict:
        held = False
        if not await _has_held(db, task_id, actor.account_id):
            raise NotFound("task_not_found") from None
    async with ctx.transaction() as tx:
        await save_draft_of(
            tx,
            task_id,
            actor.account_id,
            claim_number=claim_number,
            content=content,
            late=not held,
            at=ctx.clock.now(),
        )
        if not held:  # whoever holds the task now is offered it while they write
            tx.announce(PoolChanged(task_id, "late_draft"))
    return held


async def send_answer(
    ctx: Context,
    actor: Actor,
    task_id: str,
    claim_number: int,
    content: Mapping[str, Any],
) -> Answer:
    """Send the answer to everybody whom the clock allows; an intern's waits for its release (R-ORG.5).

    An intern may name who shall release it: ``reviewer_id``, a full librarian of one of her desks.

    Pressed twice under one claim it is one answer. Whose lease has ended is refused by the fencing token, and what
    they wrote is kept as a draft for the present holder. Raises Conflict ``lease_over``, NotAllowed with the rule that
    forbids this kind of answer now, FormRefused by field.
    """
    demand(actor, Verb.WORK_TASK)
    draft = draft_from(content)
    link = await link_facts(ctx, ctx.db.read, draft.link_url)
    try:
        async with ctx.transaction() as tx:
            row = await lock_held(tx, actor, task_id)
            draft = settled(draft, row.channel)
            held = await hold_for(tx, row, draft, claim_number)
            before = held.before
            if before and before.staff_id == actor.account_id and before.state in ("sent", "proposed"):
                return before
            demand_held(held.rules, Worker(actor.account_id), claim_number, ctx.clock.now())
            version = before.version + 1 if before else 1
            reviewer = await _reviewer(tx, actor, content)
            return await _answer(ctx, tx, actor, held, draft, link=link, version=version, reviewer=reviewer)
    except Conflict as refusal:
        if refusal.code == "lease_over":
            with suppress(NotFound):  # who never held it has lost nothing either
                await save_draft(ctx, actor, task_id, claim_number, content)
        raise


async def close_claim(ctx: Context, tx: Transaction, answer: Answer, held: Held, option: Option) -> None:
    """Everybody who may have the answer gets it; who may not goes on waiting in the pool."""
    rules, readers = held.rules, [reader for reader in held.readers if reader.id in option.allowed]
    await bring(ctx, tx, answer, readers, files=held.basis.files)
    now, some = ctx.clock.now(), len(option.allowed) < len(rules.waiting)
    after(rules.state, _SENDING[rules.state is TaskState.IN_RELEASE, some])
    if some:
        await settle_clock(tx, rules.id)
        await put_back(tx, rules.id, answer.claim_number, now, "answered")
    else:
        await end_claim(tx, rules.id, answer.claim_number, now, "answered")
        await finish_task(tx, rules.id, now)
    await free_claim_slot(tx, answer.staff_id)
    await cancel_due(tx, "lease", rules.id)
    await drop_draft(tx, rules.id, answer.staff_id)
    tx.announce(PoolChanged(rules.id, "answered"))


async def hold_for(tx: Transaction, row: TaskRow, draft: Draft, claim_number: int) -> Held:
    """The locked task with all that an answer to it, under this claim, hangs on."""
    concerned, asked, files, readers, before = await read_together(
        tx,
        concerned_read(row.id),
        asked_read(row.id),
        attached_read(draft.file_ids),
        consultations_read(row.id, waiting=True),
        latest_of_claim_read(row.id, claim_number),
    )
    return Held(row, rules_of(row, concerned), Basis(asked, files), readers, before)


async def _answer(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    held: Held,
    draft: Draft,
    *,
    link: LinkFacts,
    version: int,
    reviewer: Account | None,
) -> Answer:
    """Write down the answer of who holds the task, and send it or put it before a full librarian."""
    row, rules, now = held.row, held.rules, ctx.clock.now()
    option = demand_answer(rules, draft.kind, now, reason=draft.reason)
    text = checked(rules, draft, option, link, held.basis)
    first = next(each for each in rules.waiting if each.id in option.allowed)
    facts = judged(draft, text, rules, first, now, material=row.material, link=link, by=actor.account_id)
    full = Role.LIBRARIAN in actor.roles
    answer = written(
        ctx,
        actor,
        row,
        draft,
        text=text,
        facts=facts,
        state="sent" if full else "proposed",
        version=version,
        reviewer_id=reviewer.id if reviewer else "",
    )
    await insert_answer(tx, answer)
    if full:
        await close_claim(ctx, tx, answer, held, option)
    else:
        await _propose(ctx, tx, answer, rules)
        if reviewer:
            await _ask(ctx, tx, reviewer, answer, by=actor.name, title=row.title)
    return answer


async def _reviewer(tx: Transaction, actor: Actor, content: Mapping[str, Any]) -> Account | None:
    """Whom an intern wants to release her answer; nobody reviews a full librarian's. Raises Invalid."""
    wanted = str(content.get("reviewer_id") or "")
    if not wanted or Role.LIBRARIAN in actor.roles:
        return None
    for each in await full_librarians_beside(tx, actor.account_id):
        if each.id == wanted:
            return each
    raise Invalid("reviewer_unknown", "reviewer_id", "R-ORG.5")


async def _ask(
    ctx: Context, tx: Transaction, reviewer: Account, answer: Answer, *, by: str, title: str
) -> None:
    """Tell the full librarian whom the intern has named that an answer waits for them."""
    await write_mail(
        ctx,
        tx,
        template="release_waiting",
        recipient=reviewer.mail,
        language=reviewer.language,
        data={"title": title, "staff": by, "link": page_of(ctx, answer.task_id)},
        event_key=f"answer:{answer.id}:waiting",
    )


async def _propose(ctx: Context, tx: Transaction, answer: Answer, rules: Task) -> None:
    after(rules.state, Action.PROPOSE)
    await set_release(tx, rules.id, answer.claim_number)
    await cancel_due(tx, "lease", rules.id)
    for waiting in rules.waiting:
        await note_step(ctx, tx, waiting.id, "proposed", actor_id=answer.staff_id, public=False)
    tx.announce(PoolChanged(rules.id, "proposed"))


def _four(asked: Citation | None) -> dict[str, str]:
    """What the request says of the four fields in which the document has to agree (R-72.2)."""
    if asked is None:
        return {}
    return {"title": asked.title, "author": asked.authors, "source": asked.source, "date": asked.date}


async def _task(db: Reader, task_id: str) -> TaskRow:
    row = await task_by_id(db, task_id)
    if row is None:
        raise NotFound("task_not_found")
    return row


async def _has_held(db: Reader, task_id: str, staff_id: str) -> bool:
    row = await db.row(
        "SELECT 1 AS found FROM claim WHERE task_id = $1 AND staff_id = $2 LIMIT 1", task_id, staff_id
    )
    return row is not None
