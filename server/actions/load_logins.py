"""Ready log-ins for demonstrations and load tests: as many accounts as wanted, one password hash for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from server.actions.grants import add_account
from server.actions.logins import start_login
from server.actions.passwords import passwords_of
from server.context import Context
from server.domain.accounts import Account, AccountState
from server.domain.desks import Desk
from server.domain.errors import Invalid, NotAllowed
from server.domain.logins import LogInKind
from server.domain.permissions import ANSWERING, Actor, Grant, Role, ScopeKind
from server.store.libraries import desk_by_slug, desks_like
from server.store.rows import Transaction
from server.wire.tokens import csrf_token, hashed

BATCH = 100
MOST = 20_000


@dataclass(frozen=True, slots=True)
class ReadyLogIn:
    """A log-in to use at once: a cookie with its CSRF token, or a reader's bearer for the widget."""

    account_id: str
    mail: str
    name: str
    role: str
    desk: str
    sid: str
    csrf: str
    bearer: str


async def issue_logins(
    ctx: Context,
    actor: Actor,
    *,
    count: int,
    role: Role,
    desks: Sequence[str] = (),
    password: str = "",
    allowed: bool,
) -> list[ReadyLogIn]:
    """Make sure that so many accounts of this role exist, and log each in; staff are spread evenly over the desks.

    Running it again uses the same accounts. Raises NotAllowed in production unless ``allowed`` says that it is
    meant, Invalid.
    """
    if ctx.settings.environment == "production" and not allowed:
        raise NotAllowed("production_refused", option="--in-production")
    if not 1 <= count <= MOST:
        raise Invalid("number_wrong", "count", low=1, high=MOST)
    places = await _places(ctx, desks)
    if not places and role in ANSWERING:
        raise Invalid("desk_unknown", "desk")
    password_hash = await passwords_of(ctx).hash(password or ctx.rng.token())
    wanted = list(enumerate(islice(cycle(places or [None]), count), start=1))
    ready: list[ReadyLogIn] = []
    for start in range(0, count, BATCH):
        async with ctx.transaction() as tx:
            for number, desk in wanted[start : start + BATCH]:
                account = _account(ctx, role, number, desk, password_hash)
                ready.append(await _issue(ctx, tx, actor, account, role=role, desk=desk))
    return ready


async def _places(ctx: Context, slugs: Sequence[str]) -> list[Desk]:
    if not slugs:
        return [desk for desk in await desks_like(ctx.db.read, "", scope=None, limit=1000) if desk.open]
    found = [await desk_by_slug(ctx.db.read, slug) for slug in slugs]
    if None in found:
        raise Invalid("desk_unknown", "desk")
    return [desk for desk in found if desk is not None]


async def _issue(
    ctx: Context, tx: Transaction, actor: Actor, account: Account, *, role: Role, desk: Desk | None
) -> ReadyLogIn:
    grants = [_grant(role, account.library_id)] if role is not Role.READER else []
    desk_ids = [desk.id] if desk and role in ANSWERING else []
    account = await add_account(ctx, tx, actor, account, grants=grants, desk_ids=desk_ids)
    browser = await start_login(ctx, tx, account)
    bearer = ""
    if role is Role.READER:
        widget = await start_login(ctx, tx, account, kind=LogInKind.WIDGET, desk_id=desk.id if desk else "")
        bearer = widget.secret
    return ReadyLogIn(
        account_id=account.id,
        mail=account.mail,
        name=account.name,
        role=str(role),
        desk=desk.slug if desk else "",
        sid=browser.secret,
        csrf=csrf_token(ctx.settings.secret_key, hashed(browser.secret)),
        bearer=bearer,
    )


def _grant(role: Role, library_id: str) -> Grant:
    if role is Role.ADMINISTRATOR or not library_id:
        return Grant(role, ScopeKind.ALLIANCE)
    return Grant(role, ScopeKind.LIBRARY, library_id)


def _account(ctx: Context, role: Role, number: int, desk: Desk | None, password_hash: str) -> Account:
    now = ctx.clock.now()
    return Account(
        id=ctx.ids.new(),
        mail=f"{role}-{number:05}@load.invalid",  # a name that can never get mail (RFC 2606)
        name=f"{role} {number:05}",
        password_hash=password_hash,
        library_id=desk.library_id if desk and role is not Role.READER else "",
        language="zh",
        card_number="",
        state=AccountState.ACTIVE,
        verified_at=now,
        large_type=False,
        created_at=now,
    )
