"""Samples of each library, publication of results, and readers' comments on them (R-QC.3, R-QC.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from server.actions.access import audit
from server.actions.desks import zone_of
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound, TooMany
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.domain.quality import (
    COMMENTS_PER_DAY,
    Comment,
    Publication,
    Result,
    SampleLine,
    comment_text,
    period_of,
)
from server.store.policies import task_policy_at
from server.store.quality import (
    closed_results,
    comments_of,
    count_comments_since,
    hide_comment_of,
    insert_comment,
    insert_publication,
    insert_results,
    publications,
    results_of,
    sample_lines,
)

SAMPLED_FOR = timedelta(days=365)
NEWEST = "~"  # sorts after every id


@dataclass(frozen=True, slots=True)
class Samples:
    """What random samples show of the libraries, and what was published so far."""

    lines: Sequence[SampleLine]
    published: Sequence[Publication]
    names_librarians: bool
    may_publish: bool


@dataclass(frozen=True, slots=True)
class Published:
    """One publication with its lines and what readers say to it; the others to choose from."""

    publication: Publication
    results: Sequence[Result]
    comments: Sequence[Comment]
    others: Sequence[Publication]
    may_hide: bool


async def samples_by_library(ctx: Context, actor: Actor) -> Samples:
    """How many clean samples each library still lacks to show that at most 1 % of its answers fail (R-QC.3)."""
    demand(actor, Verb.READ_SAMPLES)
    db, now = ctx.db.read, ctx.clock.now()
    return Samples(
        await sample_lines(db, library_scopes(actor, Verb.READ_SAMPLES), since=now - SAMPLED_FOR),
        await publications(db),
        (await task_policy_at(db, "", now)).portal_names_graded,
        may(actor, Verb.PUBLISH_QUALITY, Thing()),
    )


async def publish_results(ctx: Context, actor: Actor, first: str, last: str) -> Publication:
    """Publish what is settled among the answers of these days, by library and, as the policy says, by librarian.

    What is still being inspected, corrected or appealed can be published later. Raises Invalid at ``first`` or
    ``last``, Conflict ``nothing_to_publish``, NotAllowed.
    """
    demand(actor, Verb.PUBLISH_QUALITY, Thing())
    now, zone = ctx.clock.now(), zone_of(ctx)
    days = period_of(first, last, now.astimezone(zone).date())
    starts = datetime.combine(days[0], time(), zone)
    ends = datetime.combine(days[1] + timedelta(days=1), time(), zone)
    policy = await task_policy_at(ctx.db.read, "", now)
    publication = Publication(ctx.ids.new(), starts, ends, policy.portal_names_graded, now, actor.account_id)
    async with ctx.transaction() as tx:
        # Closed first and counted then: a grade given at this very moment is either in it or waits for the next.
        if not await insert_publication(tx, publication):
            raise Conflict("nothing_to_publish", "R-QC.5")
        by_librarian = await closed_results(tx, publication.id)
        lines = _summed(by_librarian) + (by_librarian if publication.names_librarians else [])
        await insert_results(tx, publication.id, [(ctx.ids.new(), line) for line in lines])
        await audit(ctx, tx, actor, "quality.publish", publication.id, detail=f"{days[0]} … {days[1]}")
    return publication


async def published_results(
    ctx: Context, actor: Actor, publication_id: str = "", *, before: str = ""
) -> Published | None:
    """The results as everybody sees them, the newest unless another is named; None before the first publication.

    Raises NotFound.
    """
    db = ctx.db.read
    known = await publications(db)
    if not known:
        return None
    chosen = next((each for each in known if each.id == publication_id), None if publication_id else known[0])
    if chosen is None:
        raise NotFound("publication_not_found")
    may_hide = may(actor, Verb.PUBLISH_QUALITY, Thing())
    comments = await comments_of(db, chosen.id, hidden=may_hide, before=before or NEWEST)
    others = [each for each in known if each.id != chosen.id]
    return Published(chosen, await results_of(db, chosen.id), comments, others, may_hide)


async def comment_on(ctx: Context, actor: Actor, publication_id: str, *, library_id: str, text: str) -> None:
    """Say something to published results (R-QC.5). Raises Invalid, NotFound, TooMany ``comments_too_many``."""
    demand(actor, Verb.COMMENT_QUALITY)
    text, now = comment_text(text), ctx.clock.now()
    if publication_id not in {each.id for each in await publications(ctx.db.read)}:
        raise NotFound("publication_not_found")
    if library_id and library_id not in {r.library_id for r in await results_of(ctx.db.read, publication_id)}:
        raise Invalid("choice_unknown", "library", text=library_id)
    async with ctx.transaction() as tx:
        await tx.lock(f"quality.comment/{actor.account_id}")
        since = now - timedelta(days=1)
        if await count_comments_since(tx, actor.account_id, since) >= COMMENTS_PER_DAY:
            raise TooMany("comments_too_many", "R-QC.5", retry_after=86_400)
        comment = Comment(ctx.ids.new(), publication_id, library_id, actor.account_id, text, now)
        await insert_comment(tx, comment)


async def hide_comment(ctx: Context, actor: Actor, comment_id: str) -> None:
    """Hide a comment that names people or abuses them; hiding is noted in the audit trail."""
    demand(actor, Verb.PUBLISH_QUALITY, Thing())
    async with ctx.transaction() as tx:
        if await hide_comment_of(tx, comment_id, by=actor.account_id):
            await audit(ctx, tx, actor, "quality.hide", comment_id)


def _summed(lines: Sequence[Result]) -> list[Result]:
    """One line for each library."""
    totals: dict[str, Result] = {}
    for line in lines:
        old = totals.get(line.library_id, Result(line.library_id, "", 0, 0, 0, 0, 0, 0, 0))
        totals[line.library_id] = replace(
            old,
            inspected=old.inspected + line.inspected,
            excellent=old.excellent + line.excellent,
            passed=old.passed + line.passed,
            failed=old.failed + line.failed,
            corrected=old.corrected + line.corrected,
            sampled=old.sampled + line.sampled,
            sampled_failed=old.sampled_failed + line.sampled_failed,
        )
    return list(totals.values())
