"""Endpoints of a reader's conversation."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from server.actions.access import access_session, actor_of_visitor
from server.actions.conversations import read_events
from server.actions.files import Upload, open_file, receive_file
from server.actions.questions import Asking, ask_question, refer_session
from server.actions.requests import Request
from server.actions.session_requests import known_request, refer_to_document
from server.actions.sessions import (
    Opening,
    conversation_token,
    end_session,
    is_reader,
    list_sessions,
    open_session,
    rate_session,
    view_of,
    view_session,
)
from server.actions.transcripts import mail_transcript, transcript_text
from server.api.routes import ApiRequest, Endpoint, json_response
from server.api.views import events_view, session_view
from server.domain.errors import NotAllowed
from server.domain.permissions import Verb
from server.domain.tasks import Channel
from server.wire import bodies
from server.wire.frames import iso
from server.wire.tokens import hashed


async def open_(r: ApiRequest) -> Response:
    """Open a conversation, or find the one that is open."""
    body: bodies.OpenSession = r.body
    visitor = body.visitor
    actor, before = r.actor, actor_of_visitor(hashed(visitor)) if visitor else None
    if not actor.account_id:
        visitor = visitor or r.ctx.rng.token()
        actor = actor_of_visitor(hashed(visitor))
    else:
        visitor = ""
    session, fresh = await open_session(
        r.ctx,
        actor,
        Opening(
            slug=r.path["slug"],
            topic=body.topic,
            question=body.question,
            language=body.language,
            client_id=body.client_id,
            page_url=body.page_url,
            page_title=body.page_title,
            name=body.name,
            previous_id=body.previous_id,
            visitor=before,
            practice=body.practice,
            address=r.address,
        ),
    )
    token, expires = conversation_token(r.ctx, actor, session)
    view = session_view(await view_of(r.ctx, session))
    return json_response(bodies.OpenedSession(view, visitor, token, iso(expires)), 201 if fresh else 200)


async def show(r: ApiRequest) -> bodies.SessionView:
    view = await view_session(r.ctx, r.actor, r.path["id"])
    return session_view(view)


async def token(r: ApiRequest) -> bodies.FreshToken:
    """Renew the conversation token; an expired token cannot, the visitor's secret or a log-in can."""
    session = await access_session(r.ctx.db.read, r.actor, r.path["id"], Verb.POST_MESSAGE)
    if not is_reader(r.actor, session):
        raise NotAllowed("token_invalid")
    fresh, expires = conversation_token(r.ctx, r.actor, session)
    return bodies.FreshToken(fresh, iso(expires))


async def events(r: ApiRequest) -> bodies.Events:
    limit = r.number("limit", 200, low=1, high=5000)
    found, last = await read_events(r.ctx, r.actor, r.path["id"], after=r.number("after", 0), limit=limit)
    return events_view(found, last)


async def end(r: ApiRequest) -> bodies.SessionView:
    session = await end_session(r.ctx, r.actor, r.path["id"])
    return session_view(await view_of(r.ctx, session))


async def rate(r: ApiRequest) -> dict[str, Any]:
    await rate_session(r.ctx, r.actor, r.path["id"], rating=r.body.rating, comment=r.body.comment)
    return {}


async def mail(r: ApiRequest) -> dict[str, Any]:
    language = r.body.language or r.language
    await mail_transcript(r.ctx, r.actor, r.path["id"], mail=r.body.mail, language=language)
    return {}


async def transcript(r: ApiRequest) -> Response:
    text = await transcript_text(r.ctx, r.actor, r.path["id"], r.language)
    name = f"shuqiao-{r.path['id']}.txt"
    return Response(
        "\ufeff" + text,  # a byte order mark: old Windows editors would take Chinese for something else
        media_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def refer(r: ApiRequest) -> bodies.Kept:
    body: bodies.AskQuestion = r.body
    question = await refer_session(r.ctx, r.actor, r.path["id"], _asking(body))
    return bodies.Kept(question.id)


async def known_document(r: ApiRequest) -> bodies.KnownDocument:
    return bodies.KnownDocument(*await known_request(r.ctx, r.actor, r.path["id"]))


async def refer_document(r: ApiRequest) -> bodies.Kept:
    body: bodies.ReferDocument = r.body
    request = Request(
        Channel.DOCUMENT,
        body.client_id,
        body.citation,
        question=body.question,
        language=body.language,
        mail=body.mail,
    )
    kept = await refer_to_document(r.ctx, r.actor, r.path["id"], request)
    return bodies.Kept(kept.consultation.id)


async def ask(r: ApiRequest) -> bodies.Kept:
    return bodies.Kept((await ask_question(r.ctx, r.actor, r.path["slug"], _asking(r.body))).id)


async def upload(r: ApiRequest) -> bodies.FileView:
    upload = Upload(
        r.path["id"],
        r.query.get("client_id", "")[:40] or r.ctx.ids.new(),
        r.query.get("name", ""),
        "silent" in r.query,
    )
    file, address, _ = await receive_file(r.ctx, r.actor, upload, r.request.stream())
    return bodies.FileView(file.id, file.name, file.kind, file.size, address)


async def mine(r: ApiRequest) -> dict[str, Any]:
    sessions = await list_sessions(r.ctx, r.actor, desk_slug=r.query.get("desk", ""))
    return {"sessions": [session_view(await view_of(r.ctx, s)) for s in sessions[: r.number("limit", 20)]]}


async def file(r: ApiRequest) -> Response:
    """A file: always as an attachment, never sniffed, never run (OWASP file upload)."""
    found, chunks = await open_file(r.ctx, r.path["token"])
    return StreamingResponse(
        chunks,
        media_type=found.kind if found.kind != "text/plain" else "text/plain; charset=utf-8",
        headers={
            "Content-Length": str(found.size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": f"private, max-age={int(timedelta(days=1).total_seconds())}, immutable",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


def _asking(body: bodies.AskQuestion) -> Asking:
    return Asking(
        body.kind, body.topic, body.question, body.language, body.client_id, body.name, body.mail, body.phone
    )


_S = "/api/sessions/{id}"
ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/desks/{slug}/sessions",
        Verb.OPEN_SESSION,
        open_,
        "Open a conversation at a desk",
        body=bodies.OpenSession,
        answer=bodies.OpenedSession,
        status=201,
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        "/api/desks/{slug}/questions",
        Verb.ASK_QUESTION,
        ask,
        "Leave a form question or ask for a call-back",
        body=bodies.AskQuestion,
        answer=bodies.Kept,
        status=201,
        cross_origin=True,
    ),
    Endpoint(
        "GET",
        "/api/me/sessions",
        Verb.READ_SESSION,
        mine,
        "The reader's own conversations, newest first",
        answer=dict[str, list[bodies.SessionView]],
        cross_origin=True,
    ),
    Endpoint(
        "GET", _S, Verb.READ_SESSION, show, "One conversation", answer=bodies.SessionView, cross_origin=True
    ),
    Endpoint(
        "POST",
        _S + "/token",
        Verb.POST_MESSAGE,
        token,
        "Renew the conversation token",
        answer=bodies.FreshToken,
        cross_origin=True,
    ),
    Endpoint(
        "GET",
        _S + "/events",
        Verb.READ_SESSION,
        events,
        "What happened after a number",
        answer=bodies.Events,
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        _S + "/end",
        Verb.END_SESSION,
        end,
        "End the conversation",
        answer=bodies.SessionView,
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        _S + "/rating",
        Verb.RATE_SESSION,
        rate,
        "Rate an ended conversation",
        body=bodies.Rate,
        answer=dict[str, str],
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        _S + "/transcript",
        Verb.RATE_SESSION,
        mail,
        "Get the transcript by mail",
        body=bodies.MailTo,
        answer=dict[str, str],
        cross_origin=True,
    ),
    Endpoint(
        "GET",
        _S + "/transcript.txt",
        Verb.READ_SESSION,
        transcript,
        "The transcript as a file",
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        _S + "/question",
        Verb.END_SESSION,
        refer,
        "Turn the conversation into a form question or call-back",
        body=bodies.AskQuestion,
        answer=bodies.Kept,
        status=201,
        cross_origin=True,
    ),
    Endpoint(
        "POST",
        _S + "/refer",
        Verb.SERVE_SESSION,
        refer,
        "Refer the reader to a form question or call-back, with their consent (R-LIVE.4)",
        body=bodies.AskQuestion,
        answer=bodies.Kept,
        status=201,
    ),
    Endpoint(
        "GET",
        _S + "/document-request",
        Verb.SERVE_SESSION,
        known_document,
        "The document named in a conversation, and the link for its reader to ask for it",
        answer=bodies.KnownDocument,
    ),
    Endpoint(
        "POST",
        _S + "/document-request",
        Verb.SERVE_SESSION,
        refer_document,
        "Turn the conversation into a document request, with the reader's consent (R-LIVE.4)",
        body=bodies.ReferDocument,
        answer=bodies.Kept,
        status=201,
        errors=("reader_not_logged_in", "requests_today"),
    ),
    Endpoint(
        "POST",
        _S + "/files",
        Verb.POST_MESSAGE,
        upload,
        "Send a file (the request's body is the file)",
        answer=bodies.FileView,
        status=201,
        cross_origin=True,
        raw_body=True,
    ),
    Endpoint(
        "GET", "/f/{token}/{name}", Verb.ENTER, file, "Fetch a file by its secret address", cross_origin=True
    ),
]
