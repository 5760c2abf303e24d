"""Endpoints of the task pool: look, claim, hand back, draft, preview, answer, release."""

from datetime import timedelta
from typing import Any

import msgspec

from server.actions.answers import preview_answer, save_draft, send_answer
from server.actions.pool import Searched, claim_task, hand_back, pool_page
from server.actions.pool_views import show_task
from server.actions.releases import correct_answer, refuse_answer, release_answer
from server.api.pool_views import pool_page_view, preview_view, task_view
from server.api.routes import ApiRequest, Endpoint
from server.domain.errors import Invalid
from server.domain.permissions import Verb
from server.domain.pool import PoolFilter
from server.domain.tasks import STAGES, Stage
from server.wire import pool_bodies as bodies

_VIEWS = ("pool", "mine", "release")


async def pool(r: ApiRequest) -> bodies.PoolPageView:
    stage = r.query.get("stage", "")
    if stage and stage not in STAGES:
        raise Invalid("choice_wrong", "stage", choices=", ".join(STAGES), text=stage)
    view = r.query.get("view", "") or "pool"
    if view not in _VIEWS:
        raise Invalid("choice_wrong", "view", choices=", ".join(_VIEWS), text=view)
    written = r.query.get("written", "")
    if written not in ("", "zh", "foreign"):
        raise Invalid("choice_wrong", "written", choices="zh, foreign", text=written)
    older = r.number("hours", 0, high=10_000)
    chosen = PoolFilter(
        view=view,
        stage=STAGES.index(Stage(stage)) if stage else None,
        desk_id=r.query.get("desk", ""),
        channel=r.query.get("channel", ""),
        material=r.query.get("material", ""),
        language=r.query.get("language", ""),
        written=written,
        asked_before=r.ctx.clock.now() - timedelta(hours=older) if older else None,
    )
    page = await pool_page(r.ctx, r.actor, chosen, r.place("after"))
    return pool_page_view(page)


async def task(r: ApiRequest) -> bodies.TaskView:
    return await _task(r)


async def claim(r: ApiRequest) -> bodies.Claimed:
    return bodies.Claimed(await claim_task(r.ctx, r.actor, r.path["id"]))


async def give_back(r: ApiRequest) -> dict[str, Any]:
    body: bodies.HandBack = r.body
    entries = [Searched(each.place, each.outcome, each.note) for each in body.entries]
    await hand_back(r.ctx, r.actor, r.path["id"], body.claim_number, entries)
    return {}


async def draft(r: ApiRequest) -> bodies.DraftKept:
    body: bodies.DraftBody = r.body
    return bodies.DraftKept(await save_draft(r.ctx, r.actor, r.path["id"], body.claim_number, _content(r)))


async def preview(r: ApiRequest) -> bodies.PreviewView:
    seen = await preview_answer(r.ctx, r.actor, r.path["id"], _content(r))
    return preview_view(seen, _content(r), r.language)


async def answer(r: ApiRequest) -> bodies.AnswerKept:
    body: bodies.DraftBody = r.body
    sent = await send_answer(r.ctx, r.actor, r.path["id"], body.claim_number, _content(r))
    return bodies.AnswerKept(sent.id, sent.state, sent.version)


async def release(r: ApiRequest) -> bodies.AnswerKept:
    sent = await release_answer(r.ctx, r.actor, r.path["id"], r.body.comment)
    return bodies.AnswerKept(sent.id, sent.state, sent.version)


async def refuse(r: ApiRequest) -> dict[str, Any]:
    await refuse_answer(r.ctx, r.actor, r.path["id"], r.body.comment)
    return {}


async def correct(r: ApiRequest) -> bodies.AnswerKept:
    sent = await correct_answer(r.ctx, r.actor, r.path["id"], _content(r))
    return bodies.AnswerKept(sent.id, sent.state, sent.version)


async def _task(r: ApiRequest) -> bodies.TaskView:
    return task_view(await show_task(r.ctx, r.actor, r.path["id"]), r.actor, r.language, r.ctx.clock.now())


def _content(r: ApiRequest) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.to_builtins(r.body.content)
    return content


_LEASE = ("lease_over", "task_not_found")
_FORBIDDEN = ("similar_too_early", "not_found_too_early", "alliance_not_asked", "question_takes_text")
ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/pool",
        Verb.WATCH_POOL,
        pool,
        "The task pool, longest wait first",
        answer=bodies.PoolPageView,
    ),
    Endpoint(
        "GET",
        "/api/tasks/{id}",
        Verb.WATCH_POOL,
        task,
        "A task with its request, trail and what may be answered now",
        answer=bodies.TaskView,
        errors=("task_not_found", "task_not_open_yet"),
    ),
    Endpoint(
        "POST",
        "/api/tasks/{id}/claim",
        Verb.WORK_TASK,
        claim,
        "Claim a task: of many who press, one has it",
        bodies.Nothing,
        bodies.Claimed,
        errors=(
            "task_taken",
            "task_done",
            "claims_full",
            "task_not_open_yet",
            "handed_back_before",
            "own_question",
        ),
    ),
    Endpoint(
        "POST",
        "/api/tasks/{id}/hand-back",
        Verb.WORK_TASK,
        give_back,
        "Hand a task back with where one has looked",
        bodies.HandBack,
        dict[str, str],
        errors=(*_LEASE, "trail_missing"),
    ),
    Endpoint(
        "PUT",
        "/api/tasks/{id}/draft",
        Verb.WORK_TASK,
        draft,
        "Keep an answer as it is being typed",
        bodies.DraftBody,
        bodies.DraftKept,
        errors=("task_not_found",),
    ),
    Endpoint(
        "POST",
        "/api/tasks/{id}/preview",
        Verb.WORK_TASK,
        preview,
        "What would become of an answer: to whom, its text, its grade with the row",
        bodies.DraftBody,
        bodies.PreviewView,
        errors=("task_not_found",),
    ),
    Endpoint(
        "POST",
        "/api/tasks/{id}/answer",
        Verb.WORK_TASK,
        answer,
        "Send the answer to everybody whom the clock allows",
        bodies.DraftBody,
        bodies.AnswerKept,
        errors=(*_LEASE, *_FORBIDDEN),
    ),
    Endpoint(
        "POST",
        "/api/answers/{id}/release",
        Verb.RELEASE_ANSWER,
        release,
        "Send an intern's answer",
        bodies.Decision,
        bodies.AnswerKept,
        errors=("release_over", "release_not_yet"),
    ),
    Endpoint(
        "POST",
        "/api/answers/{id}/refuse",
        Verb.RELEASE_ANSWER,
        refuse,
        "Give an intern's answer back with a comment",
        bodies.Decision,
        dict[str, str],
        errors=("release_over", "release_not_yet"),
    ),
    Endpoint(
        "POST",
        "/api/answers/{id}/correct",
        Verb.WORK_TASK,
        correct,
        "Replace an answer by a better version",
        bodies.Correction,
        bodies.AnswerKept,
        errors=("answer_not_found", "answer_replaced"),
    ),
]
