"""What waits for a manager: blocks to review, records never written; and the audit trail."""

from datetime import UTC, datetime

from starlette.responses import Response

from server.actions.blocks import PAGE, list_audit, list_blocks, list_overdue, review_block
from server.actions.desk_work import record_wrap_up
from server.domain.chat import Outcome, QuestionType, wrap_up_from
from server.domain.errors import Conflict
from server.domain.permissions import Verb
from server.words.catalogue import words
from web.pages.base import Page, PageRequest
from web.pages.managing import filled, show

_HERE = "/manage/reviews"


async def blocks(page: PageRequest) -> Response:
    """Readers barred for a time, those not looked at yet first of all."""
    reviewed = page.query.get("reviewed") == "1"
    found = await list_blocks(page.ctx, page.actor, reviewed=reviewed, before=page.query.get("before", ""))
    return show(
        page,
        "manage_blocks.html",
        blocks=found[:PAGE],
        more=found[PAGE - 1].block.id if len(found) > PAGE else "",
        reviewed=reviewed,
    )


async def review(page: PageRequest) -> Response:
    """Uphold or lift a block; when another manager was faster, the list says what they decided."""
    form = await filled(page)
    try:
        await review_block(page.ctx, page.actor, page.path["id"], form.raw("verdict"))
    except Conflict:
        return page.redirect(_HERE, reviewed="1")
    return page.redirect(_HERE, done="reviewed")


async def records(page: PageRequest) -> Response:
    """Ended sessions whose record nobody wrote in time (R-LIVE.5)."""
    found = await list_overdue(page.ctx, page.actor, after=_instant(page.query.get("after", "")))
    return show(
        page,
        "manage_records.html",
        records=found[:PAGE],
        more=found[PAGE - 1].due_at.isoformat() if len(found) > PAGE else "",
        question_types=[str(each) for each in QuestionType],
        outcomes=[str(each) for each in Outcome],
    )


async def record(page: PageRequest) -> Response:
    """Write the record in the librarian's place."""
    form = await filled(page)
    effort = form.raw("effort")
    wrap_up = wrap_up_from(
        form.raw("question_type"),
        int(effort) if effort.isascii() and effort.isdigit() else 0,
        form.raw("outcome"),
        typical_case=form.switch("typical_case"),
        note=form.raw("note"),
    )
    files = {file_id: form.raw(f"title-{file_id}") for file_id in form.ticked("file-")}
    await record_wrap_up(page.ctx, page.actor, page.path["id"], wrap_up, documents=files)
    return page.redirect(f"{_HERE}/records", done="recorded")


async def audit(page: PageRequest) -> Response:
    """Who looked at or changed what, newest first (R-LIVE.6)."""
    search, before = page.query.get("q", "")[:100], page.query.get("before", "")
    found = await list_audit(page.ctx, page.actor, search, before=before)
    return show(
        page,
        "manage_audit.html",
        lines=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else "",
        search=search,
        before=before,
        verbs=words().starting("audit.", page.language),
    )


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return datetime(2000, 1, 1, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


PAGES = [
    Page("GET", _HERE, Verb.REVIEW_BLOCK, blocks),
    Page("POST", f"{_HERE}/{{id}}", Verb.REVIEW_BLOCK, review),
    Page("GET", f"{_HERE}/records", Verb.KEEP_DESK, records),
    Page("POST", f"{_HERE}/records/{{id}}", Verb.WRAP_UP, record),
    Page("GET", f"{_HERE}/audit", Verb.READ_AUDIT, audit),
]
