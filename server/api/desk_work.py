"""Endpoints of a librarian's work in a conversation, the console, and the archive."""

from typing import Any

from server.actions.consoles import card_of, read_archived, search_archive, view_console, view_desk
from server.actions.conversations import read_events
from server.actions.desk_work import (
    Transfer,
    end_for_abuse,
    invite_colleague,
    leave_session,
    pass_on_document,
    record_wrap_up,
    take_over,
    transfer_session,
)
from server.actions.desks import home_card
from server.api.routes import ApiRequest, Endpoint, Handler
from server.api.views import (
    card_view,
    console_view,
    desk_view,
    documents_view,
    events_view,
    library_card,
    names,
)
from server.domain.chat import ChatSession, wrap_up_from
from server.domain.permissions import Verb
from server.wire import bodies
from server.wire.frames import iso
from server.wire.tokens import csrf_token, hashed

_PAGE = 50


async def console(r: ApiRequest) -> bodies.ConsoleView:
    csrf = csrf_token(r.ctx.settings.secret_key, hashed(r.request.cookies.get("sid", "")))
    shown = await view_console(r.ctx, r.actor)
    return console_view(shown, r.actor, csrf=csrf, language=r.language)


async def view(r: ApiRequest) -> bodies.DeskViewBody:
    seen = await view_desk(r.ctx, r.actor, r.path["id"])
    return desk_view(seen, r.actor, library_card(await home_card(r.ctx, seen.card.session.desk_id)))


async def notes(r: ApiRequest) -> bodies.Events:
    found, last = await read_events(
        r.ctx, r.actor, r.path["id"], after=r.number("after", 0), limit=500, audience="staff"
    )
    return events_view(found, last)


async def invite(r: ApiRequest) -> bodies.SessionCard:
    return await _card(r, await invite_colleague(r.ctx, r.actor, r.path["id"], r.body.staff_id))


async def transfer(r: ApiRequest) -> bodies.SessionCard:
    body: bodies.TransferTo = r.body
    moved = await transfer_session(r.ctx, r.actor, r.path["id"], Transfer(body.to, body.id, body.reason))
    return await _card(r, moved)


async def leave(r: ApiRequest) -> dict[str, Any]:
    await leave_session(r.ctx, r.actor, r.path["id"])
    return {}


async def take(r: ApiRequest) -> bodies.SessionCard:
    return await _card(r, await take_over(r.ctx, r.actor, r.path["id"]))


async def abuse(r: ApiRequest) -> dict[str, Any]:
    await end_for_abuse(r.ctx, r.actor, r.path["id"], reason=r.body.reason, hours=r.body.hours)
    return {}


async def document(r: ApiRequest) -> bodies.DocumentView:
    body: bodies.PassDocument = r.body
    d = await pass_on_document(
        r.ctx, r.actor, r.path["id"], title=body.title, url=body.url, file_id=body.file_id
    )
    return bodies.DocumentView(d.id, d.title, d.url, iso(d.passed_at))


async def wrap_up(r: ApiRequest) -> dict[str, Any]:
    b: bodies.WrapUpRecord = r.body
    record = wrap_up_from(b.question_type, b.effort, b.outcome, typical_case=b.typical_case, note=b.note)
    titles = {file.file_id: file.title for file in b.documents}
    await record_wrap_up(r.ctx, r.actor, r.path["id"], record, documents=titles)
    return {}


async def archive(r: ApiRequest) -> bodies.Archive:
    before = r.instant("before")
    found = await search_archive(
        r.ctx,
        r.actor,
        words=r.query.get("q", ""),
        before=before,
        typical="typical" in r.query,
        limit=_PAGE + 1,
    )
    lines = [
        bodies.ArchiveLine(
            id=f.session.id,
            at=iso(f.session.created_at),
            created_at=f.session.created_at.isoformat(),
            topic=str(f.session.topic),
            question=f.session.question[:200],
            desk=names(f.desk_zh, f.desk_en),
            state=str(f.session.state),
            outcome=f.outcome,
            rating=f.session.rating,
            documents=f.session.documents,
        )
        for f in found[:_PAGE]
    ]
    return bodies.Archive(lines, len(found) > _PAGE)


async def archived(r: ApiRequest) -> bodies.ArchivedTalk:
    documents = await read_archived(r.ctx, r.actor, r.path["id"])
    found, last = await read_events(r.ctx, r.actor, r.path["id"], after=r.number("after", 0), limit=500)
    talk = events_view(found, last)
    return bodies.ArchivedTalk(talk.events, talk.last_seq, documents_view(documents))


async def _card(r: ApiRequest, session: ChatSession) -> bodies.SessionCard:
    return card_view(await card_of(r.ctx, r.actor, session.id), r.actor)


_S = "/api/sessions/{id}"


_Do = tuple[str, Verb, Handler, str, type | None, Any]
_DOINGS: list[_Do] = [
    # what is done in a conversation: path, verb, handler, summary, body, answer
    ("/invite", Verb.SERVE_SESSION, invite, "Bring in a colleague", bodies.Invite, bodies.SessionCard),
    ("/transfer", Verb.SERVE_SESSION, transfer, "Pass it on", bodies.TransferTo, bodies.SessionCard),
    ("/leave", Verb.SERVE_SESSION, leave, "Leave as a colleague", None, dict[str, str]),
    ("/take-over", Verb.SERVE_SESSION, take, "Take over from an intern (R-ORG.5)", None, bodies.SessionCard),
    (
        "/abuse",
        Verb.BLOCK_READER,
        abuse,
        "End it for abuse, bar the reader",
        bodies.EndForAbuse,
        dict[str, str],
    ),
    (
        "/documents",
        Verb.SERVE_SESSION,
        document,
        "Pass on a document (R-LIVE.4, R-LIVE.5)",
        bodies.PassDocument,
        bodies.DocumentView,
    ),
    (
        "/wrap-up",
        Verb.WRAP_UP,
        wrap_up,
        "Archive it with its record (R-LIVE.5)",
        bodies.WrapUpRecord,
        dict[str, str],
    ),
]

ENDPOINTS = [
    Endpoint(
        "GET", "/api/console", Verb.STAND_DUTY, console, "The console in one go", answer=bodies.ConsoleView
    ),
    Endpoint(
        "GET",
        _S + "/desk-view",
        Verb.READ_ARCHIVE,
        view,
        "The page behind a conversation, for staff alone",
        answer=bodies.DeskViewBody,
    ),
    Endpoint("GET", _S + "/notes", Verb.SERVE_SESSION, notes, "Internal notes", answer=bodies.Events),
    *(
        Endpoint("POST", _S + path, verb, handler, summary, body=body, answer=answer)
        for path, verb, handler, summary, body, answer in _DOINGS
    ),
    Endpoint("GET", "/api/archive", Verb.READ_ARCHIVE, archive, "Past conversations", answer=bodies.Archive),
    Endpoint(
        "GET",
        "/api/archive/{id}",
        Verb.READ_ARCHIVE,
        archived,
        "One past conversation; the look is noted (R-LIVE.6)",
        answer=bodies.ArchivedTalk,
    ),
]
