"""Endpoints of a reader's consultations, and of phone calls that staff write down."""

import json

from server.actions.consultations import (
    OwnLine,
    Story,
    ask_again,
    cancel_consultation,
    consultation_story,
    my_consultations,
    own_line,
    rate_consultation,
)
from server.actions.conversions import Conversion, convert_consultation, convert_task
from server.actions.desks import zone_of
from server.actions.phone_calls import Call, enter_phone
from server.actions.requests import Request, Submitted, submit_request
from server.api.routes import ApiRequest, Endpoint
from server.api.views import maybe, names
from server.domain.permissions import Verb
from server.wire import request_bodies as bodies
from server.wire.frames import iso
from server.words.consultations import next_text, step_text


async def ask(r: ApiRequest) -> bodies.AskedConsultation:
    body: bodies.AskConsultation = r.body
    citation = body.citation | ({"material": body.material} if body.material else {})
    request = Request(
        channel=body.channel,
        client_id=body.client_id,
        citation=citation,
        question=body.question,
        topic=body.topic,
        language=body.language,
        name=body.name,
        mail=body.mail,
        phone=body.phone,
        show_title=body.show_title,
        record_id=body.record_id,
        session_id=body.session_id,
        file_ids=tuple(body.file_ids),
    )
    return await _asked(r, await submit_request(r.ctx, r.actor, r.path["slug"], request))


async def mine(r: ApiRequest) -> bodies.Consultations:
    lines, more = await my_consultations(
        r.ctx, r.actor, before=r.instant("before"), before_id=r.query.get("before_id", "")
    )
    place = bodies.Place(more[0].isoformat(), more[1]) if more else None
    return bodies.Consultations([consultation_view(r, line) for line in lines], place)


async def show(r: ApiRequest) -> bodies.StoryView:
    return story_view(r, await consultation_story(r.ctx, r.actor, r.path["id"]))


async def cancel(r: ApiRequest) -> bodies.ConsultationView:
    return consultation_view(
        r, await own_line(r.ctx, await cancel_consultation(r.ctx, r.actor, r.path["id"]))
    )


async def rate(r: ApiRequest) -> dict[str, str]:
    body: bodies.RateAnswer = r.body
    await rate_consultation(r.ctx, r.actor, r.path["id"], body.rating, body.comment)
    return {"rating": body.rating}


async def again(r: ApiRequest) -> bodies.AskedConsultation:
    return await _asked(r, await ask_again(r.ctx, r.actor, r.path["id"], r.body.client_id))


async def convert(r: ApiRequest) -> bodies.ConsultationView:
    kept = await convert_consultation(r.ctx, r.actor, r.path["id"], _conversion(r.body))
    return consultation_view(r, await own_line(r.ctx, kept))


async def convert_held(r: ApiRequest) -> dict[str, str]:
    await convert_task(r.ctx, r.actor, r.path["id"], r.body.claim_number, _conversion(r.body))
    return {"to": r.body.to}


async def phone(r: ApiRequest) -> bodies.PhoneKept:
    body: bodies.EnterPhone = r.body
    call = Call(
        desk=body.desk,
        question=body.question,
        client_id=body.client_id,
        answer=body.answer,
        name=body.name,
        phone=body.phone,
        mail=body.mail,
        topic=body.topic,
        language=body.language,
    )
    kept = await enter_phone(r.ctx, r.actor, call)
    return bodies.PhoneKept(kept.id, str(kept.state))


def consultation_view(r: ApiRequest, line: OwnLine) -> bodies.ConsultationView:
    """A consultation as its reader sees it: no grade, no names of who worked on it."""
    c, desk = line.consultation, line.desk
    words = next_text(line.next, r.language, zone_of(r.ctx), r.ctx.clock.now())
    return bodies.ConsultationView(
        id=c.id,
        state=str(c.state),
        channel=str(c.channel),
        material=c.material,
        title=c.title,
        citation=json.loads(c.citation) if c.citation else {},
        question=c.question,
        desk=bodies.DeskOf(desk.slug, names(desk.name_zh, desk.name_en)),
        library=names(line.library.name_zh, line.library.name_en),
        submitted_at=iso(c.submitted_at),
        stage=c.stage,
        answer_kind=c.answer_kind,
        answered_at=maybe(c.answered_at),
        rating=c.rating,
        rating_comment=c.rating_comment,
        show_title=c.show_title,
        clock=bodies.ConsultationClock(iso(line.due_at), c.escalated_at is not None),
        next=bodies.NextStep(line.next.key, words, maybe(line.next.at)),
    )


def story_view(r: ApiRequest, story: Story) -> bodies.StoryView:
    """The whole story, as its reader is told it."""
    c = story.line.consultation
    said = [(step, step_text(step, c, r.language)) for step in story.steps]
    return bodies.StoryView(
        consultation=consultation_view(r, story.line),
        steps=[bodies.StepView(step.kind, words, iso(step.at)) for step, words in said if words],
        answers=[
            bodies.VersionView(
                id=version.answer.id,
                version=version.answer.version,
                kind=version.answer.kind,
                delivery=version.answer.delivery,
                body=version.answer.body,
                link_url=version.answer.link_url,
                document=dict(version.answer.document),
                files=[
                    bodies.DeliveredFile(file.name, file.size, file.url, iso(file.expires), file.over)
                    for file in version.files
                ],
                sent_at=maybe(version.answer.sent_at),
            )
            for version in story.answers
        ],
        files=[bodies.OwnFile(file.id, file.name, file.size) for file in story.own_files],
        mails_failed=[iso(at) for at in story.mails.failed],
        mails_late=[iso(at) for at in story.mails.late],
    )


async def _asked(r: ApiRequest, submitted: Submitted) -> bodies.AskedConsultation:
    line = await own_line(r.ctx, submitted.consultation, submitted.place)
    return bodies.AskedConsultation(consultation_view(r, line), submitted.again)


def _conversion(body: bodies.Convert) -> Conversion:
    citation = body.citation | ({"material": body.material} if body.material else {})
    return Conversion(body.to, citation, body.question)


_C = "/api/consultations/{id}"
ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/desks/{slug}/consultations",
        Verb.ASK_QUESTION,
        ask,
        "Request a document (needs a log-in) or ask a question that takes its time",
        body=bodies.AskConsultation,
        answer=bodies.AskedConsultation,
        status=201,
    ),
    Endpoint(
        "GET",
        "/api/me/consultations",
        Verb.READ_CONSULTATION,
        mine,
        "What the reader asked, newest first",
        answer=bodies.Consultations,
    ),
    Endpoint(
        "GET", _C, Verb.READ_CONSULTATION, show, "One consultation with its history", answer=bodies.StoryView
    ),
    Endpoint(
        "POST",
        _C + "/cancel",
        Verb.KEEP_CONSULTATION,
        cancel,
        "The reader no longer needs it",
        answer=bodies.ConsultationView,
    ),
    Endpoint(
        "POST",
        _C + "/rating",
        Verb.KEEP_CONSULTATION,
        rate,
        "Rate the answer",
        body=bodies.RateAnswer,
        answer=dict[str, str],
    ),
    Endpoint(
        "POST",
        _C + "/again",
        Verb.KEEP_CONSULTATION,
        again,
        "Ask for the same once more",
        body=bodies.AskAgain,
        answer=bodies.AskedConsultation,
        status=201,
    ),
    Endpoint(
        "POST",
        _C + "/convert",
        Verb.KEEP_CONSULTATION,
        convert,
        "From question to document request or back, on the same clock (R-ANS.4)",
        body=bodies.Convert,
        answer=bodies.ConsultationView,
    ),
    Endpoint(
        "POST",
        "/api/tasks/{id}/convert",
        Verb.WORK_TASK,
        convert_held,
        "Convert a task that one holds (R-ANS.4)",
        body=bodies.ConvertTask,
        answer=dict[str, str],
    ),
    Endpoint(
        "POST",
        "/api/phone-consultations",
        Verb.ENTER_PHONE,
        phone,
        "Write down a phone call, answered at once or left to the pool",
        body=bodies.EnterPhone,
        answer=bodies.PhoneKept,
        status=201,
    ),
]
