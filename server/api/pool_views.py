"""The task pool's values as the HTTP API shows them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from server.actions.answers import Graded, Preview
from server.actions.pool import PoolPage
from server.actions.pool_views import Shown
from server.api.views import maybe, names
from server.domain.attachments import Attached
from server.domain.consultations import Consultation
from server.domain.desks import Desk, Library
from server.domain.errors import NotAllowed, Refusal
from server.domain.kept_answers import Answer, KeptDraft
from server.domain.permissions import Actor, Role
from server.domain.pool import PoolRow
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import STAGES, Channel, Option, Stage, is_late, stage_of
from server.wire import pool_bodies as bodies
from server.wire.frames import iso
from server.words.catalogue import say


def pool_page_view(page: PoolPage) -> bodies.PoolPageView:
    """A page of the pool."""
    place = page.goes_on_after
    counted = {str(stage): page.stages.get(number, 0) for number, stage in enumerate(STAGES)}
    return bodies.PoolPageView(
        [
            row_view(
                row,
                page.desks[row.task.desk_id],
                page.libraries[row.task.library_id],
                page.policies.get(row.policy_id, TaskPolicy()),
            )
            for row in page.rows
        ],
        f"{place[0].isoformat()}~{place[1]}" if place else "",
        bodies.PoolCounts(mine=page.mine, release=page.to_release, claims_held=page.claims_held, **counted),
    )


def row_view(row: PoolRow, desk: Desk, library: Library, policy: TaskPolicy) -> bodies.PoolRowView:
    """A task in a list; its clock runs under the values of whoever waits longest."""
    task = row.task
    return bodies.PoolRowView(
        id=task.id,
        state=str(task.state),
        channel=str(task.channel),
        material=task.material,
        title=task.title,
        language=task.language,
        foreign=task.foreign_document,
        desk=bodies.DeskNames(
            desk.id, names(desk.name_zh, desk.name_en), names(library.name_zh, library.name_en)
        ),
        stage=str(STAGES[task.stage]),
        clock_from_at=iso(task.clock_from_at),
        strict_until_at=iso(task.clock_from_at + timedelta(hours=policy.strict_hours)),
        readers=task.consultations,
        opened_at=maybe(task.opened_at),
        holder=bodies.Person(task.holder_id, row.holder_name) if task.holder_id else None,
        lease_ends_at=maybe(task.lease_ends_at),
        trail=row.trail,
        in_catalogue=row.in_catalogue,
        handed_back=row.handed_back,
        reviewer=bodies.Person(row.reviewer_id, row.reviewer_name) if row.reviewer_id else None,
    )


def task_view(shown: Shown, actor: Actor, language: str, now: datetime) -> bodies.TaskView:
    """A task's page for this actor."""
    opened, task = shown.opened, shown.opened.row.task
    policy = opened.rules.waiting[0].policy if opened.rules.waiting else TaskPolicy()
    return bodies.TaskView(
        row=row_view(opened.row, shown.desk, shown.library, policy),
        claim_number=task.claim_number,
        held=shown.held,
        intern=Role.LIBRARIAN not in actor.roles,
        request=_request(shown, policy, now),
        trail=[
            bodies.TrailView(
                each.place, each.outcome, each.note, each.staff_name, each.claim_number, iso(each.at)
            )
            for each in opened.trail
        ],
        claims=[
            bodies.ClaimView(
                each.staff_name, each.number, iso(each.claimed_at), maybe(each.ended_at), each.outcome
            )
            for each in opened.claims
        ],
        options=[_option(each, len(opened.rules.waiting), policy, language) for each in shown.options],
        draft=_draft(shown.draft) if shown.draft else None,
        late_drafts=[_draft(each) for each in shown.late_drafts],
        answers=[_answer(each, shown) for each in shown.answers],
        mails_failed=shown.mails_failed,
        mails_late=shown.mails_late,
        phrases={name: policy.phrase(name) for name in ("P-FOUND", "P-SIMILAR", "P-NOTFOUND")},
        may_release=shown.may_release,
        reviewers=[bodies.Person(each.id, each.name) for each in shown.reviewers],
    )


def preview_view(seen: Preview, content: Mapping[str, Any], language: str) -> bodies.PreviewView:
    """An answer before it is sent."""
    given = content.get("document") or {}
    return bodies.PreviewView(
        allowed=len(seen.option.allowed) if seen.option else 0,
        of=seen.waiting,
        problems=[refusal_view(each, language) for each in seen.refusals],
        body_as_sent=seen.text,
        comparison=[
            bodies.ComparedField(name, seen.asked.get(name, ""), str(given.get(name) or ""), str(verdict))
            for name, verdict in (asdict(seen.comparison) if seen.comparison else {}).items()
        ],
        grades=[_graded(each) for each in seen.graded],
    )


def refusal_view(refusal: Refusal, language: str) -> bodies.RefusalView:
    """A refusal in the actor's language."""
    return bodies.RefusalView(refusal.code, refusal.rule_id, say(refusal, language), refusal.field)


def _request(shown: Shown, policy: TaskPolicy, now: datetime) -> bodies.TaskRequest:
    asked = shown.opened.consultations
    first = asked[0] if asked else None
    by_phone = first is not None and first.channel is Channel.PHONE and shown.held
    return bodies.TaskRequest(
        citation=json.loads(first.citation) if first and first.citation else {},
        question=first.question if first else "",
        transcript=first.transcript if first else "",
        topic=first.topic if first else "",
        files=[_file(each) for each in shown.request_files],
        contact=bodies.Contact(first.name, first.phone) if first and by_phone else None,
        consultations=[_waiting(each, shown, policy, now) for each in asked],
    )


def _waiting(each: Consultation, shown: Shown, policy: TaskPolicy, now: datetime) -> bodies.WaitingView:
    rule = next((known for known in shown.opened.rules.waiting if known.id == each.id), None)
    hours = rule.policy.strict_hours if rule else policy.strict_hours
    return bodies.WaitingView(
        id=each.id,
        state=str(each.state),
        stage=str(stage_of(rule, now)) if rule else str(Stage(STAGES[each.stage])),
        submitted_at=iso(each.submitted_at),
        strict_until_at=iso(each.submitted_at + timedelta(hours=hours)),
        late=is_late(rule, now) if rule else False,
    )


def _option(option: Option, waiting: int, policy: TaskPolicy, language: str) -> bodies.OptionView:
    refusal = None
    if not option.allowed:
        refusal = refusal_view(NotAllowed(option.refusal, option.rule_id), language)
    return bodies.OptionView(
        kind=str(option.kind),
        allowed=len(option.allowed),
        of=waiting,
        refusal=refusal,
        until=maybe(option.until),
        alternative=option.alternative,
        phrase=option.phrase,
        phrase_text=policy.phrase(option.phrase),
        needs_reason=option.needs_reason,
        rule=option.rule_id,
    )


def _answer(answer: Answer, shown: Shown) -> bodies.AnswerView:
    return bodies.AnswerView(
        id=answer.id,
        version=answer.version,
        state=answer.state,
        kind=answer.kind,
        delivery=answer.delivery,
        body=answer.body,
        link_url=answer.link_url,
        document=dict(answer.document),
        files=[_file(shown.files[each]) for each in answer.files if each in shown.files],
        by=shown.authors.get(answer.staff_id, ""),
        reviewer=shown.authors.get(answer.reviewer_id, ""),
        comment=answer.comment,
        reason=answer.reason,
        sent_at=maybe(answer.sent_at),
        created_at=iso(answer.created_at),
    )


def _file(file: Attached) -> bodies.FileView:
    return bodies.FileView(file.id, file.name, file.kind, file.size, f"/api/attachments/{file.id}")


def _draft(draft: KeptDraft) -> bodies.DraftView:
    return bodies.DraftView(draft.staff_name, dict(draft.content), draft.late, iso(draft.updated_at))


def _graded(graded: Graded) -> bodies.GradedView:
    suggestion = graded.suggestion
    return bodies.GradedView(
        grade=str(suggestion.grade or ""),
        row=suggestion.row,
        if_rated_satisfied=suggestion.if_rated_satisfied,
        findings=[{"code": each.code, "rule": each.rule_id} for each in suggestion.findings],
        readers=graded.readers,
    )
