"""A conversation as text: for the reader's own keeping, and to go along with a question that moves on."""

import json
from zoneinfo import ZoneInfo

from server.actions.access import access_session, admit
from server.actions.logins import count
from server.actions.mails import write_mail
from server.actions.sessions import log_transcript_access
from server.context import Context
from server.domain.chat import ChatSession
from server.domain.events import ChatEventRecorded
from server.domain.forms import checked_mail
from server.domain.logins import TRANSCRIPTS_OF, WORDS_TO
from server.domain.permissions import Actor, Verb
from server.store.chat import events_after
from server.store.libraries import desk_by_id
from server.store.rows import Reader
from server.wire.tokens import hashed
from server.words.catalogue import text
from server.words.times import day_text

_PAGE = 500


async def transcript_text(ctx: Context, actor: Actor, session_id: str, language: str) -> str:
    """The whole conversation as plain text, for somebody who may read it. Internal notes are never in it."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.READ_SESSION)
    await log_transcript_access(ctx, actor, await admit(ctx.db.read, actor, session_id))
    return await written_out(ctx, ctx.db.read, session, language)


async def mail_transcript(ctx: Context, actor: Actor, session_id: str, *, mail: str, language: str) -> None:
    """Send the reader their conversation. Raises Invalid for an address that is none, TooMany."""
    session = await access_session(ctx.db.read, actor, session_id, Verb.RATE_SESSION)
    address = checked_mail(mail)
    await count(ctx, (TRANSCRIPTS_OF, session.id), (WORDS_TO, address))
    desk = await desk_by_id(ctx.db.read, session.desk_id)
    body = await written_out(ctx, ctx.db.read, session, language)
    async with ctx.transaction() as tx:
        await write_mail(
            ctx,
            tx,
            template="transcript",
            recipient=address,
            language=language,
            data={
                "desk": (desk.name_zh if language == "zh" else desk.name_en) if desk else "",
                "transcript": body,
            },
            event_key=f"transcript:{session.id}:{hashed(address)[:32]}:{session.last_seq}",
        )


async def written_out(ctx: Context, db: Reader, session: ChatSession, language: str) -> str:
    """Head and lines of the conversation, times in the installation's zone.

    Under the dates of its days: it is read on another day than it was written, when "today" would be a lie.
    """
    desk = await desk_by_id(db, session.desk_id)
    name = (desk.name_zh if language == "zh" else desk.name_en) if desk else ""
    lines = [text("chat.transcript_head", language, desk=name, id=session.id)]
    zone, after, day = ZoneInfo(ctx.settings.zone), 0, None
    while page := await events_after(db, session.id, "all", after, _PAGE):
        for event in page:
            at = event.at.astimezone(zone)
            if line := _line(event, f"{at:%H:%M}", language):
                lines += [line] if at.date() == day else ["", day_text(at.date(), language), line]
                day = at.date()
        after = page[-1].seq
    return "\n".join(lines) + "\n"


def _line(event: ChatEventRecorded, at: str, language: str) -> str:
    data = json.loads(event.data) if event.data else {}
    who = event.author_name or text(f"chat.author_{event.author_kind}", language)
    match event.kind:
        case "message":
            return f"[{at}] {who}: {event.body}"
        case "file":
            file = data.get("file", {})
            # What staff sent opens by its address, as what they passed on does; what the reader sent is their own.
            address = file.get("url", "") if event.author_kind == "staff" else ""
            return f"[{at}] {who}: [{file.get('name', '')}] {address}".rstrip()
        case "document":
            return f"[{at}] {who}: 《{data.get('title', '')}》 {data.get('url', '')}".rstrip()
        case "joined":
            staff, library = data["staff"]["name"], data["library"].get(language, "")
            return f"[{at}] {text('chat.line_joined', language, name=staff, library=library)}"
        case "left":
            staff = data.get("staff", {}).get("name") or text("chat.author_staff", language)
            return f"[{at}] {text('chat.line_left', language, name=staff)}"
        case "transferred" if data.get("reason"):
            return f"[{at}] {text('chat.line_transferred_for', language, reason=data['reason'])}"
        case "transferred" | "requeued" | "ended":
            return f"[{at}] {text(f'chat.line_{event.kind}', language)}"
        case _:
            return ""
