"""What readers say: comments on titles, wishes and suggestions (R-COM.4, R-COM.5, R-LOAN.8)."""

from dataclasses import dataclass
from datetime import timedelta

from server.actions.access import audit
from server.actions.slots import stopped_by
from server.context import Context
from server.domain.errors import Invalid, NotFound, TooMany
from server.domain.lending import A_DAY, COMMENT_LIMIT, SUGGESTION_LIMIT, TitleComment, checked_words
from server.domain.permissions import Actor, Verb, demand
from server.domain.told import Told
from server.store.catalogue import records_by_ids
from server.store.loan_catalogue import count_comments_since, hide_comment_of, insert_comment, remove_comment
from server.store.told import count_suggestions_since, keep_suggestion, shown_now

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What all readers are told now."""

    stopped: Told | None
    notices: list[Told]
    news: list[Told]


async def bulletin(ctx: Context, actor: Actor) -> Bulletin:
    """Suspensions, notices and reading news that are shown now (R-LOAN.10, R-COM.7)."""
    demand(actor, Verb.SEARCH_TITLES)
    now = ctx.clock.now()
    shown = await shown_now(ctx.db.read, now, library_id=actor.library_id)
    return Bulletin(
        await stopped_by(ctx.db.read, actor.library_id, now),
        [told for told in shown if told.kind != "news"],
        [told for told in shown if told.kind == "news"],
    )


async def comment_title(ctx: Context, actor: Actor, record_id: int, text: str) -> TitleComment:
    """Say something about a title, with one's name. Raises Invalid, NotFound, TooMany ``comments_too_many``."""
    demand(actor, Verb.KEEP_CART)
    text, now = checked_words(text, COMMENT_LIMIT), ctx.clock.now()
    if record_id not in await records_by_ids(ctx.db.read, [record_id]):
        raise NotFound("title_not_found")
    comment = TitleComment(ctx.ids.new(), record_id, actor.account_id, text, now)
    async with ctx.transaction() as tx:
        await tx.lock(f"title.comment/{actor.account_id}")
        if await count_comments_since(tx, actor.account_id, now - _DAY) >= A_DAY:
            raise TooMany("comments_too_many", "R-COM.4", retry_after=86_400)
        await insert_comment(tx, comment)
    return comment


async def withdraw_comment(ctx: Context, actor: Actor, comment_id: str) -> None:
    """Take one's own comment back. Raises NotFound."""
    demand(actor, Verb.KEEP_CART)
    async with ctx.transaction() as tx:
        if not await remove_comment(tx, comment_id, actor.account_id):
            raise NotFound("comment_not_found")


async def hide_title_comment(ctx: Context, actor: Actor, comment_id: str) -> None:
    """Hide a comment that names people or abuses them; it is noted in the audit trail."""
    demand(actor, Verb.KEEP_NOTICES)
    async with ctx.transaction() as tx:
        if await hide_comment_of(tx, comment_id, by=actor.account_id):
            await audit(ctx, tx, actor, "title_comment.hide", comment_id)


async def suggest(ctx: Context, actor: Actor, client_id: str, text: str) -> bool:
    """Leave a wish or suggestion for the main library; False when this press was kept before (R-COM.5)."""
    demand(actor, Verb.KEEP_CART)
    text, now = checked_words(text, SUGGESTION_LIMIT), ctx.clock.now()
    if not client_id:
        raise Invalid("field_required", "client_id")
    async with ctx.transaction() as tx:
        await tx.lock(f"suggestion/{actor.account_id}")
        if await count_suggestions_since(tx, actor.account_id, now - _DAY) >= A_DAY:
            raise TooMany("suggestions_too_many", "R-COM.5", retry_after=86_400)
        return await keep_suggestion(
            tx,
            ctx.ids.new(),
            f"{actor.account_id}:{client_id}"[:60],
            reader_id=actor.account_id,
            library_id=actor.library_id,
            text=text,
            at=now,
        )
