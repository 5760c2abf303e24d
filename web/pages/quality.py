"""Results of spot checks: published for everybody, open to readers' comment; samples and publication for managers."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.actions.quality import (
    comment_on,
    hide_comment,
    publish_results,
    published_results,
    samples_by_library,
)
from server.domain.errors import Conflict, Invalid, TooMany
from server.domain.permissions import Verb, may
from server.domain.quality import by_library
from server.words.catalogue import text
from server.words.times import day_text
from web.pages.base import Page, PageRequest
from web.pages.managing import Fill, filled, refill, show

_PAGE = 50
_DONE = frozenset({"commented", "hidden", "published"})


async def quality(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """What was published, the newest first, with readers' comments (R-QC.5)."""
    chosen, before = page.path.get("id", "") or page.query.get("of", ""), page.query.get("before", "")
    published = await published_results(page.ctx, page.actor, chosen, before=before)
    done = page.query.get("done", "")
    zone = ZoneInfo(page.ctx.settings.zone)

    def days(publication: object) -> dict[str, str]:
        starts, ends = publication.starts, publication.ends - timedelta(seconds=1)  # type: ignore[attr-defined]
        return {
            "first": day_text(starts.astimezone(zone).date(), page.language),
            "last": day_text(ends.astimezone(zone).date(), page.language),
        }

    results = by_library(published.results) if published else []
    return page.render(
        "quality.html",
        status=status,
        flashes=[("good", text(f"quality.done.{done}", page.language))] if done in _DONE else [],
        published=published,
        days=days,
        results=results,
        librarians=[each for each in published.results if each.staff_id] if published else [],
        libraries=[
            ("", text("quality.comment_all", page.language)),
            *((each.library_id, each.library(page.language)) for each in results),
        ],
        comments=published.comments[:_PAGE] if published else [],
        fill=fill or Fill(),
        may_comment=may(page.actor, Verb.COMMENT_QUALITY),
    )


async def comment(page: PageRequest) -> Response:
    """Say something to the results."""
    form = await filled(page)
    try:
        await comment_on(
            page.ctx,
            page.actor,
            page.path["id"],
            library_id=form.raw("library"),
            text=form.raw("text"),
        )
    except (Invalid, TooMany) as refusal:
        return await quality(page, fill=await refill(page, refusal, fallback="text"), status=422)
    return page.redirect("/quality", of=page.path["id"], done="commented")


async def samples(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """What random samples show of each library, and publication (R-QC.3, R-QC.5)."""
    found = await samples_by_library(page.ctx, page.actor)
    today = page.ctx.clock.now().astimezone(ZoneInfo(page.ctx.settings.zone)).date()
    last = today.replace(day=1) - timedelta(days=1)
    month = {"first": last.replace(day=1).isoformat(), "last": last.isoformat()}
    return show(
        page, "manage_quality.html", status=status, samples=found, fill=fill or Fill(month), today=today
    )


async def publish(page: PageRequest) -> Response:
    """Publish what is settled."""
    form = await filled(page)
    try:
        await publish_results(page.ctx, page.actor, form.raw("first"), form.raw("last"))
    except (Invalid, Conflict) as refusal:
        return await samples(page, fill=await refill(page, refusal, fallback="first"), status=422)
    return page.redirect("/quality", done="published")


async def hide(page: PageRequest) -> Response:
    """Hide a comment that names people."""
    await hide_comment(page.ctx, page.actor, page.path["id"])
    return page.redirect("/quality", of=(await filled(page)).raw("of"), done="hidden")


PAGES = [
    Page("GET", "/quality", Verb.ENTER, quality),
    Page("POST", "/quality/{id}/comments", Verb.COMMENT_QUALITY, comment),
    Page("GET", "/manage/quality", Verb.READ_SAMPLES, samples),
    Page("POST", "/manage/quality", Verb.PUBLISH_QUALITY, publish),
    Page("POST", "/manage/quality/comments/{id}/hide", Verb.PUBLISH_QUALITY, hide),
]
