"""A librarian turns a live conversation into a document request, with the reader's consent (R-LIVE.4)."""

from dataclasses import replace

from server.actions.access import access_session
from server.actions.pool_entry import terms_at
from server.actions.requests import Request, Submitted, keep_document, read_document
from server.actions.sessions import end_in
from server.actions.talk_files import files_of_reader, send_along
from server.actions.talk_links import named_document, request_address
from server.actions.transcripts import written_out
from server.context import Context
from server.domain.accounts import actor_of
from server.domain.chat import ChatSession, EndReason
from server.domain.desks import Desk
from server.domain.errors import NotAllowed
from server.domain.permissions import Actor, Verb
from server.store.accounts import account_by_id, grants_of
from server.store.libraries import desk_by_id


async def known_request(ctx: Context, actor: Actor, session_id: str) -> tuple[dict[str, str], str]:
    """The document named in the conversation, and the link under which its reader can ask for it themselves."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.END_SESSION)
    desk = await _desk(ctx, session)
    return await named_document(ctx.db.read, session), request_address(ctx, session, desk)


async def refer_to_document(ctx: Context, actor: Actor, session_id: str, request: Request) -> Submitted:
    """Ask for a document in the reader's name, transcript and files attached; the conversation ends with it.

    Raises NotAllowed ``reader_not_logged_in`` (R-ORG.2): who is nobody yet gets the link; FormRefused by field,
    TooMany ``requests_today`` (R-ANS.5).
    """
    session = await access_session(ctx.db.read, actor, session_id, Verb.END_SESSION)
    desk = await _desk(ctx, session)
    account = await account_by_id(ctx.db.read, session.reader_id) if session.reader_id else None
    if account is None or session.practice:
        raise NotAllowed("reader_not_logged_in", "R-ORG.2")
    reader = actor_of(account, await grants_of(ctx.db.read, account.id))
    wanted = read_document(ctx, reader, desk, replace(request, name=request.name or session.reader_name))
    wanted = replace(
        wanted,
        session_id=session.id,
        submitted_by="" if actor.account_id == account.id else actor.account_id,
        client_id=f"{session.id}:{request.client_id}"[:60],
    )
    by = "reader" if actor.account_id == account.id else "staff"
    async with ctx.transaction() as tx:
        wanted = replace(wanted, transcript=await written_out(ctx, tx, session, wanted.language))
        policy, deserted = await terms_at(ctx, tx, desk, wanted.submitted_at)
        entered = await keep_document(ctx, tx, desk, wanted, policy, deserted=deserted)
        if not entered.again:
            await send_along(ctx, tx, session, await files_of_reader(tx, session), entered.consultation.id)
        data = {"question_id": entered.consultation.id}
        await end_in(ctx, tx, session, EndReason.DOCUMENT_REQUEST, by=by, data=data)
    return Submitted(entered.consultation, entered.again)


async def _desk(ctx: Context, session: ChatSession) -> Desk:
    desk = await desk_by_id(ctx.db.read, session.desk_id)
    assert desk is not None, "a session's desk is never deleted"
    return desk
