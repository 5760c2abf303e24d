"""What waits for a manager: blocks to review, records never written; and the audit trail."""

import re
from datetime import UTC, datetime

from starlette.responses import Response

from server.actions.blocks import PAGE, list_audit, list_blocks, list_overdue, review_block, subjects_of
from server.actions.desk_work import record_wrap_up
from server.domain.accounts import Account
from server.domain.audits import AuditLine
from server.domain.chat import Outcome, QuestionType, wrap_up_from
from server.domain.desks import Desk, Library
from server.domain.errors import Conflict
from server.domain.permissions import Verb
from server.words.catalogue import text, words
from web.pages.base import Page, PageRequest
from web.pages.managing import filled, show

_HERE = "/manage/reviews"
_ROLE = re.compile(r"(\w+)@(library|store|alliance)(?::\w+)?")


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
    subjects = await subjects_of(page.ctx, found)
    return show(
        page,
        "manage_audit.html",
        lines=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else "",
        search=search,
        before=before,
        verbs=words().starting("audit.", page.language),
        subjects={key: _named(one, page.language) for key, one in subjects.items()},
        conversations=("transcript.read", "block.set"),
        details={line.id: _worded(line, page.language) for line in found},
    )


def _worded(line: AuditLine, language: str) -> str:
    """A line's detail as people say it: roles and scopes stand there as the program calls them."""
    if line.verb not in ("role.grant", "role.revoke", "staff.invite"):
        return line.detail
    return _ROLE.sub(
        lambda found: " · ".join(text(key, language) for key in (f"role.{found[1]}", f"scope.{found[2]}")),
        line.detail,
    )


def _named(subject: Desk | Library | Account, language: str) -> str:
    return subject.name if isinstance(subject, Account) else subject.name(language)


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
