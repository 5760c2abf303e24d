"""Logging in from a library's own page: a window at our address hands the widget a code, the code becomes a bearer."""

from dataclasses import dataclass

from server.actions.access import actor_of_visitor
from server.actions.accounts import own_account
from server.actions.links import issue_link, use_link
from server.actions.logins import LoggedIn, end_login, start_login
from server.actions.sessions import bind_sessions
from server.context import Context
from server.domain.desks import Desk, checked_origin
from server.domain.errors import Invalid, NotAllowed, NotFound
from server.domain.logins import LogInKind, Purpose, gone
from server.domain.permissions import Actor
from server.store.accounts import account_by_id
from server.store.chat import open_session_of, was_asked_at
from server.store.libraries import desk_by_slug
from server.store.logins import hold_login
from server.store.orders import order_by_number
from server.wire.tokens import hashed


@dataclass(frozen=True, slots=True)
class Window:
    """A log-in window that may answer: the desk, and the one origin its code goes to."""

    desk: Desk
    origin: str


async def open_window(ctx: Context, *, slug: str, origin: str) -> Window:
    """The window for a desk's widget on a page of this origin.

    A desk that has closed has one, too: who talks there may log in yet, to go on from another device. Raises NotFound
    for a desk that is not open and was never asked at, NotAllowed ``origin_unlisted`` (with the origin's name) for a
    page that the desk does not list: it must never learn who is logged in.
    """
    desk = await desk_by_slug(ctx.db.read, slug)
    if desk is None or not (desk.open or await was_asked_at(ctx.db.read, desk.id)):
        raise NotFound("desk_not_found", slug=slug[:60])
    try:
        plain = checked_origin(origin)
    except Invalid:
        raise NotAllowed("origin_unlisted", origin=origin[:100], desk=desk.slug) from None
    # Compared in the form browsers send, letter by letter: no wild cards, no sub-domains.
    if plain != checked_origin(ctx.settings.origin) and plain not in desk.origins:
        raise NotAllowed("origin_unlisted", origin=plain[:100], desk=desk.slug)
    return Window(desk, plain)


async def issue_code(ctx: Context, actor: Actor, window: Window) -> str:
    """A code for the widget behind this window, good once and for a minute.

    What it becomes ends with the log-in that it was asked for with: who logs out at our address, at a shared computer
    perhaps, has logged out of the chats, too (R-LIVE.6).
    """
    account = await own_account(ctx, actor)
    async with ctx.transaction() as tx:
        return await issue_link(
            ctx,
            tx,
            Purpose.WIDGET,
            account_id=account.id,
            data={"desk_id": window.desk.id, "origin": window.origin, "login": actor.login},
        )


async def code_for_known(ctx: Context, actor: Actor, desk: Desk, number: str) -> str:
    """The code for the chat on the desk's own page when a logged-in reader talks there, or comes from their order.

    So the conversation is there on whichever device, and whoever helps knows that the order is really theirs. Nothing
    for anybody else: other questions may be asked without a name.
    """
    if not actor.account_id:
        return ""
    order = await order_by_number(ctx.db.read, number) if number else None
    own = order is not None and order.reader_id == actor.account_id
    if not own and await open_session_of(ctx.db.read, desk.id, actor.account_id) is None:
        return ""
    return await code_for_chat(ctx, actor, desk)


async def code_for_chat(ctx: Context, actor: Actor, desk: Desk) -> str:
    """The code for the chat on the desk's own page, for who is logged in there."""
    return await issue_code(ctx, actor, Window(desk, checked_origin(ctx.settings.origin)))


async def log_in_widget(
    ctx: Context, *, slug: str, code: str, origin: str = "", visitor: str = ""
) -> LoggedIn:
    """Turn the code into a bearer, good for 12 hours; what the visitor has open becomes theirs as a reader.

    ``origin`` is the one that the browser names: a code is of no use on another page than the one it was made for.
    Raises NotFound ``code_gone``.
    """
    desk = await desk_by_slug(ctx.db.read, slug)
    async with ctx.transaction() as tx:
        link = await use_link(ctx, tx, code, Purpose.WIDGET)
        account = await account_by_id(tx, link.account_id)
        asked_here = desk is not None and desk.id == link.data["desk_id"]
        if (
            account is None
            or not account.can_log_in
            or not asked_here
            or origin not in ("", link.data["origin"])
        ):
            raise gone(Purpose.WIDGET)
        begun_by = str(link.data.get("login", ""))
        if begun_by and not await hold_login(tx, begun_by, ctx.clock.now()):
            raise gone(Purpose.WIDGET)  # they have logged out since
        login = await start_login(
            ctx,
            tx,
            account,
            kind=LogInKind.WIDGET,
            desk_id=str(link.data["desk_id"]),
            begun_by=begun_by,
        )
        if visitor:
            key = actor_of_visitor(hashed(visitor)).reader_key
            await bind_sessions(ctx, tx, visitor_key=key, reader=login.actor)
        return login


async def log_out_widget(ctx: Context, bearer: str) -> None:
    """End the widget's log-in; ending it twice is no error."""
    async with ctx.transaction() as tx:
        await end_login(tx, hashed(bearer))
