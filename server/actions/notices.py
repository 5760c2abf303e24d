"""What all readers are told: notices, news, and suspensions, which show at once wherever readers are (R-LOAN.10)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from server.actions.access import audit
from server.actions.desks import zone_of
from server.context import Context
from server.domain.errors import Invalid, NotFound
from server.domain.events import NoticesChanged
from server.domain.forms import Form
from server.domain.permissions import Actor, Thing, Verb, demand, library_scopes, may
from server.domain.told import Told
from server.store.dues import Due, cancel_due, set_due
from server.store.libraries import desk_by_slug
from server.store.notices import Notice, change_notice_row, insert_notice, notice_by_id, notices_of
from server.store.rows import Transaction
from server.store.told import shown_now

KINDS = ("notice", "suspension", "news")
TEXT_LIMIT = 4000


async def shown_notices(ctx: Context, actor: Actor, *, desk: str = "") -> Sequence[Told]:
    """What is shown now: the alliance's, and those of the reader's library or of the desk that they are at."""
    library_id = actor.library_id
    if desk:
        found = await desk_by_slug(ctx.db.read, desk)
        library_id = found.library_id if found else ""
    return await shown_now(ctx.db.read, ctx.clock.now(), library_id=library_id)


async def kept_notices(ctx: Context, actor: Actor) -> list[Notice]:
    """The notices that the actor keeps, the newest first."""
    demand(actor, Verb.KEEP_NOTICES)
    return await notices_of(ctx.db.read, library_scopes(actor, Verb.KEEP_NOTICES))


async def put_up_notice(ctx: Context, actor: Actor, library_id: str, form: Form) -> Notice:
    """Put up a notice: ``kind``, ``title_zh``, ``title_en``, ``text_zh``, ``text_en``, ``from``, ``until``,
    ``stops_orders``. Empty ``from``: now; empty ``until``: until it is taken down. Raises FormRefused, NotAllowed.
    """
    demand(actor, Verb.KEEP_NOTICES, Thing(library_id))
    now = ctx.clock.now()
    blank = Notice(ctx.ids.new(), library_id, "", "", "", "", "", now, None, False, actor.account_id, now)
    notice = _read(ctx, form, blank)
    async with ctx.transaction() as tx:
        await insert_notice(tx, notice)
        await _tell(ctx, tx, notice)
        await audit(ctx, tx, actor, "notice.put_up", library_id or "alliance", detail=notice.title_zh)
    return notice


async def change_notice(ctx: Context, actor: Actor, notice_id: str, form: Form) -> Notice:
    """Change a notice; readers see it at once. Raises NotFound, FormRefused."""
    notice = _read(ctx, form, await kept_notice(ctx, actor, notice_id))
    async with ctx.transaction() as tx:
        await change_notice_row(tx, notice)
        await _tell(ctx, tx, notice)
        await audit(ctx, tx, actor, "notice.change", notice.library_id or "alliance", detail=notice.title_zh)
    return notice


async def take_down_notice(ctx: Context, actor: Actor, notice_id: str) -> Notice:
    """Take a notice down: a suspension of service ends with it."""
    notice = replace(await kept_notice(ctx, actor, notice_id), shown_until_at=ctx.clock.now())
    async with ctx.transaction() as tx:
        await change_notice_row(tx, notice)
        await _tell(ctx, tx, notice)
        verb = "notice.take_down"
        await audit(ctx, tx, actor, verb, notice.library_id or "alliance", detail=notice.title_zh)
    return notice


async def kept_notice(ctx: Context, actor: Actor, notice_id: str) -> Notice:
    """A notice for who keeps it. Raises NotFound."""
    notice = await notice_by_id(ctx.db.read, notice_id)
    if notice is None or not may(actor, Verb.KEEP_NOTICES, Thing(notice.library_id)):
        raise NotFound("notice_not_found")
    return notice


async def turn_notice(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """A notice begins or ends to be shown: open pages look again. (Due ``notice``.)"""
    notice = await notice_by_id(tx, due.subject_id)
    if notice is None:
        return None
    tx.announce(NoticesChanged())
    return _next_turn(notice, ctx.clock.now())


async def _tell(ctx: Context, tx: Transaction, notice: Notice) -> None:
    tx.announce(NoticesChanged())
    turn = _next_turn(notice, ctx.clock.now())
    if turn is None:
        await cancel_due(tx, "notice", notice.id)
    else:
        await set_due(tx, "notice", notice.id, turn)


def _next_turn(notice: Notice, now: datetime) -> datetime | None:
    """When what is shown of it changes next."""
    turns = (notice.shown_from_at, notice.shown_until_at)
    return min((turn for turn in turns if turn is not None and turn > now), default=None)


def _read(ctx: Context, form: Form, before: Notice) -> Notice:
    kind = form.choice("kind", KINDS, default="notice")
    starts = form.read(lambda: _moment(ctx, form, "from"), None) or before.shown_from_at
    ends = form.read(lambda: _moment(ctx, form, "until"), None)
    if ends is not None and ends <= starts:
        form.refuse(Invalid("notice_backwards", "until", "R-LOAN.10"))
    notice = replace(
        before,
        kind=kind,
        title_zh=form.text("title_zh", limit=120, required=True),
        title_en=form.text("title_en", limit=120),
        text_zh=form.text("text_zh", limit=TEXT_LIMIT),
        text_en=form.text("text_en", limit=TEXT_LIMIT),
        shown_from_at=starts,
        shown_until_at=ends,
        stops_orders=kind == "suspension" and form.switch("stops_orders"),
    )
    form.demand()
    return notice


def _moment(ctx: Context, form: Form, name: str) -> datetime | None:
    given = form.raw(name)
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise Invalid("moment_wrong", name, text=given[:30]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_of(ctx))
