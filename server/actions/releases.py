"""Answers looked at again: an intern's before its release, a sent one that is corrected (R-ORG.5, R-QC.4)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from server.actions.answer_parts import (
    basis_of,
    bring,
    checked,
    draft_of,
    judged,
    link_facts,
    page_of,
    written,
)
from server.actions.answers import close_claim, hold_for
from server.actions.mails import write_mail
from server.actions.pool import promise_lease, worker_of
from server.actions.pool_entry import note_step
from server.context import Context
from server.domain.answer_facts import facts_as_json
from server.domain.answers import draft_from, settled
from server.domain.consultations import Consultation
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.events import PoolChanged
from server.domain.kept_answers import Answer, may_decide
from server.domain.permissions import Actor, Verb, demand
from server.domain.pool import TaskRow
from server.domain.tasks import Task, TaskState, Waiting, demand_answer, demand_release
from server.store.accounts import account_by_id
from server.store.answers import answer_by_id, insert_answer, mark_refused, mark_released, mark_replaced
from server.store.consultations import consultations_of_task, policies_by_ids
from server.store.rows import Reader, Transaction
from server.store.tasks import lock_claim_slots, lock_task, renew_lease_of, rules_view

COMMENT = 4000


async def release_answer(ctx: Context, actor: Actor, answer_id: str, comment: str = "") -> Answer:
    """Send an intern's answer; it is judged at this moment (R-ORG.5).

    Raises Conflict ``release_over``, NotAllowed ``release_not_yet``, ``release_needs_full_librarian``.
    """
    demand(actor, Verb.RELEASE_ANSWER)
    comment = _comment(comment)
    async with ctx.transaction() as tx:
        answer, row, rules = await _before_release(ctx, tx, actor, answer_id)
        draft, now = draft_of(answer), ctx.clock.now()
        held = await hold_for(tx, row, draft, answer.claim_number)
        option = demand_answer(rules, draft.kind, now, reason=draft.reason)
        link = await link_facts(ctx, tx, draft.link_url)
        first = next(each for each in rules.waiting if each.id in option.allowed)
        facts = judged(
            draft, answer.body, rules, first, now, material=row.material, link=link, by=answer.staff_id
        )
        kept = facts_as_json(facts)
        if not await mark_released(tx, answer_id, by=actor.account_id, comment=comment, facts=kept, at=now):
            raise Conflict("release_over", "R-ORG.5")
        sent = replace(answer, state="sent", released_by=actor.account_id, comment=comment, sent_at=now)
        await close_claim(ctx, tx, sent, held, option)
    return sent


async def refuse_answer(ctx: Context, actor: Actor, answer_id: str, comment: str) -> None:
    """Give an intern's answer back with a comment and a fresh lease; the version stays (R-ORG.5)."""
    demand(actor, Verb.RELEASE_ANSWER)
    comment = _comment(comment)
    if not comment:
        raise Invalid("field_required", "comment", "R-ORG.5")
    async with ctx.transaction() as tx:
        answer, row, rules = await _before_release(ctx, tx, actor, answer_id)
        if not await mark_refused(tx, answer_id, by=actor.account_id, comment=comment):
            raise Conflict("release_over", "R-ORG.5")
        policy = rules.waiting[0].policy
        until = ctx.clock.now() + timedelta(hours=policy.lease_hours)
        await renew_lease_of(tx, row.id, row.claim_number, until)
        await promise_lease(tx, row.id, row.claim_number, until, policy)
        await _tell_intern(ctx, tx, answer, row.title, comment)
        for waiting in rules.waiting:
            await note_step(ctx, tx, waiting.id, "release_refused", actor_id=actor.account_id, public=False)
        tx.announce(PoolChanged(row.id, "release_refused"))


async def correct_answer(ctx: Context, actor: Actor, answer_id: str, content: Mapping[str, Any]) -> Answer:
    """Replace a sent answer by a better version for everybody who had it; both stay in the archive (R-QC.4).

    Its author may, and nobody else. Raises NotFound, Conflict ``answer_replaced``, FormRefused by field.
    """
    demand(actor, Verb.WORK_TASK)
    draft = draft_from(content)
    link = await link_facts(ctx, ctx.db.read, draft.link_url)
    async with ctx.transaction() as tx:
        old = await answer_by_id(tx, answer_id)
        if old is None or old.staff_id != actor.account_id:
            raise NotFound("answer_not_found")
        row = await lock_task(tx, old.task_id)
        assert row is not None, "an answer's task is never deleted"
        if not await mark_replaced(tx, old.id):
            raise Conflict("answer_replaced", "R-QC.4")
        readers = [each for each in await consultations_of_task(tx, row.id) if each.answer_id == old.id]
        rules = await _as_answered(tx, row, readers)
        draft, now = settled(draft, rules.channel), ctx.clock.now()
        option = demand_answer(rules, draft.kind, now, reason=draft.reason)
        basis = await basis_of(tx, row.id, draft)
        text = checked(rules, draft, option, link, basis)
        facts = judged(
            draft, text, rules, rules.waiting[0], now, material=row.material, link=link, by=old.staff_id
        )
        new = written(ctx, actor, row, draft, text=text, facts=facts, state="sent", version=old.version + 1)
        new = replace(new, claim_number=old.claim_number, replaces_id=old.id)
        await insert_answer(tx, new)
        await bring(ctx, tx, new, readers, files=basis.files, corrected=old)
    return new


async def _before_release(
    ctx: Context, tx: Transaction, actor: Actor, answer_id: str
) -> tuple[Answer, TaskRow, Task]:
    """The proposed answer and its task, locked, for who may decide about it by now."""
    answer = await answer_by_id(tx, answer_id)
    if answer is None:
        raise NotFound("answer_not_found")
    await lock_claim_slots(tx, answer.staff_id)
    row = await lock_task(tx, answer.task_id)
    assert row is not None, "an answer's task is never deleted"
    rules = await rules_view(tx, row)
    if answer.state != "proposed":
        raise Conflict("release_over", "R-ORG.5")
    demand_release(rules, await worker_of(tx, actor), answer.staff_id)
    policy, now = rules.waiting[0].policy, ctx.clock.now()
    if not may_decide(answer, policy, now, staff_id=actor.account_id, library_id=actor.library_id):
        raise NotAllowed("release_not_yet", "R-ORG.5")
    return answer, row, rules


async def _as_answered(db: Reader, row: TaskRow, readers: list[Consultation]) -> Task:
    """The task as it stood for those who have this answer: what may be corrected is judged as an answer is."""
    rules = await rules_view(db, row)
    policies = await policies_by_ids(db, sorted({reader.policy_id for reader in readers}))
    waiting = tuple(
        Waiting(each.id, each.submitted_at, policies[each.policy_id], each.desk_id, each.reader_id)
        for each in readers
    )
    return replace(rules, state=TaskState.CLAIMED, waiting=waiting)


async def _tell_intern(ctx: Context, tx: Transaction, answer: Answer, title: str, comment: str) -> None:
    intern = await account_by_id(tx, answer.staff_id)
    if intern is None:
        return
    await write_mail(
        ctx,
        tx,
        template="release_refused",
        recipient=intern.mail,
        language=intern.language,
        data={"title": title, "comment": comment, "link": page_of(ctx, answer.task_id)},
        event_key=f"answer:{answer.id}:refused",
    )


def _comment(text: str) -> str:
    text = text.strip()
    if len(text) > COMMENT:
        raise Invalid("field_too_long", "comment", limit=COMMENT, length=len(text))
    return text
