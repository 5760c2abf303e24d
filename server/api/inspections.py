"""Endpoints of quality inspection: the inspectors' queue, a librarian's own grades, samples and publication."""

from datetime import UTC, datetime

from server.actions.inspection_story import inspection_story, own_story
from server.actions.inspections import (
    PAGE,
    VIEWS,
    Judgement,
    correct_fact,
    decide_appeal,
    grade_answer,
    inspection_queue,
    return_answer,
)
from server.actions.quality import publish_results, samples_by_library
from server.actions.returns import Correction, appeal, correct_returned, own_inspections
from server.api.inspection_views import (
    inspection_view,
    line_view,
    publication_view,
    sample_view,
    story_view,
)
from server.api.routes import ApiRequest, Endpoint
from server.domain.errors import Invalid
from server.domain.inspections import Inspection
from server.domain.permissions import Verb
from server.wire import inspection_bodies as bodies

_START, _END = (datetime(2000, 1, 1, tzinfo=UTC), ""), (datetime(3000, 1, 1, tzinfo=UTC), "~")


async def queue(r: ApiRequest) -> bodies.InspectionPage:
    view = r.query.get("view", "") or "waiting"
    if view not in VIEWS:
        raise Invalid("choice_wrong", "view", choices=", ".join(VIEWS), text=view)
    after = r.place("after") or (_END if view == "done" else _START)
    found, counts = await inspection_queue(r.ctx, r.actor, view, after=after)
    more = _place_after(found[PAGE - 1].inspection) if len(found) > PAGE else ""
    counted = {name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()}
    return bodies.InspectionPage([line_view(each) for each in found[:PAGE]], more, counted)


async def story(r: ApiRequest) -> bodies.InspectionStoryView:
    return story_view(await inspection_story(r.ctx, r.actor, r.path["id"]), r.language)


async def fact(r: ApiRequest) -> bodies.InspectionView:
    body: bodies.FactCorrection = r.body
    return inspection_view(
        await correct_fact(
            r.ctx, r.actor, r.path["id"], version=body.version, name=body.name, value=body.value
        )
    )


async def grade(r: ApiRequest) -> bodies.InspectionView:
    return inspection_view(await grade_answer(r.ctx, r.actor, r.path["id"], _judgement(r.body)))


async def give_back(r: ApiRequest) -> bodies.InspectionView:
    return inspection_view(await return_answer(r.ctx, r.actor, r.path["id"], _judgement(r.body)))


async def decide(r: ApiRequest) -> bodies.InspectionView:
    return inspection_view(await decide_appeal(r.ctx, r.actor, r.path["id"], _judgement(r.body)))


async def mine(r: ApiRequest) -> bodies.OwnInspections:
    before = r.place("before") or _END
    to_correct, found = await own_inspections(r.ctx, r.actor, before=before)
    more = _place_after(found[PAGE - 1]) if len(found) > PAGE else ""
    return bodies.OwnInspections(
        [inspection_view(each) for each in to_correct], [inspection_view(each) for each in found[:PAGE]], more
    )


async def own(r: ApiRequest) -> bodies.InspectionStoryView:
    return story_view(await own_story(r.ctx, r.actor, r.path["id"]), r.language, own=True)


async def object_to(r: ApiRequest) -> bodies.InspectionView:
    body: bodies.Appealing = r.body
    return inspection_view(
        await appeal(r.ctx, r.actor, r.path["id"], version=body.version, reason=body.reason)
    )


async def correct(r: ApiRequest) -> bodies.AnswerCorrected:
    body: bodies.CorrectedAnswer = r.body
    correction = Correction(body.kind, body.body, body.link_url, body.link_opened, tuple(body.keep))
    sent = await correct_returned(r.ctx, r.actor, r.path["id"], correction)
    return bodies.AnswerCorrected(sent.id, sent.version)


async def samples(r: ApiRequest) -> bodies.SamplesView:
    shown = await samples_by_library(r.ctx, r.actor)
    return bodies.SamplesView(
        [sample_view(each) for each in shown.lines],
        [publication_view(each) for each in shown.published],
        shown.may_publish,
    )


async def publish(r: ApiRequest) -> bodies.PublicationView:
    body: bodies.Period = r.body
    return publication_view(await publish_results(r.ctx, r.actor, body.first, body.last))


def _judgement(body: bodies.Judging) -> Judgement:
    return Judgement(body.version, body.grade, body.row, body.reason, body.note, body.days)


def _place_after(inspection: Inspection) -> str:
    return f"{inspection.waiting_from.isoformat()}~{inspection.consultation_id}"


_GONE, _MOVED = "inspection_not_found", "inspection_moved"
_I, _R = "/api/inspections", "/api/returns"
ENDPOINTS = [
    Endpoint(
        "GET",
        _I,
        Verb.INSPECT,
        queue,
        "The inspectors' queue, longest wait first",
        answer=bodies.InspectionPage,
    ),
    Endpoint(
        "GET",
        _I + "/{id}",
        Verb.INSPECT,
        story,
        "The whole story of an answer with the suggested grade; that it was read is noted (R-LIVE.6)",
        answer=bodies.InspectionStoryView,
        errors=(_GONE,),
    ),
    Endpoint(
        "POST",
        _I + "/{id}/facts",
        Verb.INSPECT,
        fact,
        "Put a recorded fact right; the suggestion is worked out anew",
        bodies.FactCorrection,
        bodies.InspectionView,
        errors=(_GONE, _MOVED, "fact_not_correctable"),
    ),
    Endpoint(
        "POST",
        _I + "/{id}/grade",
        Verb.INSPECT,
        grade,
        "Confirm the suggested grade, or give another with a reason (R-QC.3)",
        bodies.Judging,
        bodies.InspectionView,
        errors=(_GONE, _MOVED),
    ),
    Endpoint(
        "POST",
        _I + "/{id}/return",
        Verb.INSPECT,
        give_back,
        "Return the answer for correction by a deadline (R-QC.4)",
        bodies.Judging,
        bodies.InspectionView,
        errors=(_GONE, _MOVED, "return_needs_note", "days_wrong"),
    ),
    Endpoint(
        "POST",
        _I + "/{id}/decide",
        Verb.INSPECT,
        decide,
        "Decide a librarian's appeal",
        bodies.Judging,
        bodies.InspectionView,
        errors=(_GONE, _MOVED, "decision_needs_reason"),
    ),
    Endpoint(
        "GET",
        _R,
        Verb.ANSWER_INSPECTION,
        mine,
        "One's own inspected answers, those to be corrected first",
        answer=bodies.OwnInspections,
    ),
    Endpoint(
        "GET",
        _R + "/{id}",
        Verb.ANSWER_INSPECTION,
        own,
        "One's own answer with its grade",
        answer=bodies.InspectionStoryView,
        errors=(_GONE,),
    ),
    Endpoint(
        "POST",
        _R + "/{id}/appeal",
        Verb.ANSWER_INSPECTION,
        object_to,
        "Appeal; another inspector decides",
        bodies.Appealing,
        bodies.InspectionView,
        errors=(_GONE, _MOVED, "appeal_needs_reason"),
    ),
    Endpoint(
        "POST",
        _R + "/{id}/correct",
        Verb.ANSWER_INSPECTION,
        correct,
        "Send the corrected answer in place of a returned one (R-QC.4)",
        bodies.CorrectedAnswer,
        bodies.AnswerCorrected,
        errors=(_GONE,),
    ),
    Endpoint(
        "GET",
        "/api/quality/samples",
        Verb.READ_SAMPLES,
        samples,
        "How many clean samples each library lacks (R-QC.3), and what was published",
        answer=bodies.SamplesView,
    ),
    Endpoint(
        "POST",
        "/api/quality/publications",
        Verb.PUBLISH_QUALITY,
        publish,
        "Publish what is settled among the answers of some days (R-QC.5)",
        bodies.Period,
        bodies.PublicationView,
        status=201,
        errors=("nothing_to_publish",),
    ),
]
