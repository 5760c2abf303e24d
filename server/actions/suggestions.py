"""Readers' wishes and suggestions: answered, or forwarded to the main library (R-COM.5, R-LOAN.8)."""

from collections.abc import Sequence

from server.actions.access import audit
from server.actions.links import address_of
from server.actions.mails import write_mail
from server.context import Context
from server.domain.cases import demand_text
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.forms import checked_mail
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.store.accounts import account_by_id, accounts_by_ids
from server.store.libraries import library_by_id
from server.store.notices import Suggestion, mark_suggestion, suggestion_by_id, suggestions_of

ANSWER_LIMIT = 2000
NOTE_LIMIT = 500


async def kept_suggestions(ctx: Context, actor: Actor, state: str = "") -> list[Suggestion]:
    """The suggestions to the actor's libraries, the newest first."""
    demand(actor, Verb.KEEP_NOTICES)
    return await suggestions_of(ctx.db.read, library_scopes(actor, Verb.KEEP_NOTICES), state)


async def who_suggested(ctx: Context, suggestions: Sequence[Suggestion]) -> dict[str, str]:
    """The names of who suggested, by account."""
    ids = sorted({each.reader_id for each in suggestions} - {""})
    return {account.id: account.name for account in (await accounts_by_ids(ctx.db.read, ids)).values()}


async def answer_suggestion(ctx: Context, actor: Actor, suggestion_id: str, answer: str) -> None:
    """Answer a suggestion; the reader gets it by mail. Raises Conflict ``suggestion_answered``."""
    suggestion = await _access(ctx, actor, suggestion_id)
    words = demand_text(answer, "answer", ANSWER_LIMIT)
    async with ctx.transaction() as tx:
        now = ctx.clock.now()
        if not await mark_suggestion(tx, suggestion.id, state="answered", answer=words, at=now):
            raise Conflict("suggestion_answered", "R-COM.5")
        reader = await account_by_id(tx, suggestion.reader_id) if suggestion.reader_id else None
        if reader is not None and reader.mail:
            await write_mail(
                ctx,
                tx,
                template="suggestion_answer",
                recipient=reader.mail,
                language=reader.language,
                data={"name": reader.name, "question": suggestion.text, "body": words},
                event_key=f"suggestion:{suggestion.id}:answer",
            )
        await audit(ctx, tx, actor, "suggestion.answer", f"suggestion:{suggestion.id}")


async def forward_suggestion(ctx: Context, actor: Actor, suggestion_id: str, *, to: str, note: str) -> None:
    """Forward a suggestion by mail, mostly to the main library; once to each address. Raises Invalid at ``to``."""
    suggestion = await _access(ctx, actor, suggestion_id)
    recipient = checked_mail(to, "to")
    if len(note) > NOTE_LIMIT:
        raise Invalid("field_too_long", "note", limit=NOTE_LIMIT, length=len(note))
    library = await library_by_id(ctx.db.read, suggestion.library_id) if suggestion.library_id else None
    async with ctx.transaction() as tx:
        await mark_suggestion(tx, suggestion.id, state="forwarded", answer=suggestion.answer, at=None)
        await write_mail(
            ctx,
            tx,
            template="suggestion_forward",
            recipient=recipient,
            language=actor.language,
            data={
                "library": library.name(actor.language) if library else "",
                "question": suggestion.text,
                "note": note.strip(),
                "link": address_of(ctx, "/manage/suggestions"),
            },
            event_key=f"suggestion:{suggestion.id}:forward:{recipient}",
        )
        await audit(ctx, tx, actor, "suggestion.forward", f"suggestion:{suggestion.id}", detail=recipient)


async def _access(ctx: Context, actor: Actor, suggestion_id: str) -> Suggestion:
    suggestion = await suggestion_by_id(ctx.db.read, suggestion_id)
    if suggestion is None or not may(actor, Verb.KEEP_NOTICES, Thing(suggestion.library_id)):
        raise NotFound("suggestion_not_found")
    return suggestion
