"""Accounts: who asks, how readers register, how everybody keeps their own account."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.actions.access import audit
from server.actions.links import address_of, issue_link, mail_link, use_link
from server.actions.logins import LoggedIn, count, start_login
from server.actions.mails import write_mail
from server.actions.passwords import passwords_of
from server.context import Context
from server.domain.accounts import (
    Account,
    AccountState,
    actor_of,
    checked_language,
    checked_name,
    checked_password,
    typed_password,
)
from server.domain.desks import Library
from server.domain.errors import Conflict, Invalid, NotAllowed
from server.domain.events import AccountChanged
from server.domain.forms import checked_mail
from server.domain.logins import (
    LIFE,
    LOG_IN_ACCOUNT,
    MAIL_FROM,
    MAIL_TO,
    LogInKind,
    Purpose,
    gone,
    network_of,
    renewed,
)
from server.domain.permissions import NOBODY, Actor, Grant, Thing, Verb, demand
from server.store.accounts import (
    account_by_id,
    account_by_mail,
    grants_of,
    insert_account,
    renew_hash,
    set_password,
    set_preferences,
)
from server.store.libraries import library_by_id
from server.store.logins import delete_logins, login_by_id, renew_login
from server.store.rows import Reader, Transaction
from server.wire.tokens import hashed
from server.words.times import exact_moment


async def resolve_actor(ctx: Context, *, cookie: str = "", bearer: str = "") -> Actor:
    """Who comes with this cookie or bearer; nobody in particular for a cookie that has run out.

    A bearer lives on the library's page, so that it proves a reader and never a member of staff. Raises NotAllowed
    ``not_logged_in`` for a bearer that is not good (any more): the widget asks for a new log-in.
    """
    kind = LogInKind.WIDGET if bearer else LogInKind.BROWSER
    now = ctx.clock.now()
    found = await login_by_id(ctx.db.read, hashed(bearer or cookie), kind, now) if bearer or cookie else None
    if found is None:
        if bearer:
            raise NotAllowed("not_logged_in")
        return NOBODY
    login, account, grants = found
    actor = actor_of(account, grants if kind is LogInKind.BROWSER else (), login.id)
    if expires := renewed(login, staff=actor.is_staff, now=now):
        async with ctx.transaction() as tx:
            await renew_login(tx, login, now=now, expires=expires)
    return actor


async def actor_by_id(db: Reader, account_id: str) -> Actor | None:
    """An account as who would ask, with its present roles; None when it cannot act."""
    account = await account_by_id(db, account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        return None
    return actor_of(account, await grants_of(db, account_id))


async def register_reader(ctx: Context, *, mail: str, name: str, language: str, address: str) -> None:
    """Mail a link that proves the address; who follows it chooses a password and is a reader (R-ORG.2).

    Nothing is kept of a mail address that is never proved, and the password is chosen by whoever opens the mail, so
    that nobody can prepare an account for somebody else. A known address gets a mail that says so; the answer here
    is the same. Raises Invalid by field, TooMany.
    """
    mail, name, language = checked_mail(mail), checked_name(name), checked_language(language)
    await count(ctx, (MAIL_TO, mail), (MAIL_FROM, network_of(address)))
    account = await account_by_mail(ctx.db.read, mail)
    async with ctx.transaction() as tx:
        if account is None:
            data = {"mail": mail, "name": name, "language": language}
            secret = await issue_link(ctx, tx, Purpose.VERIFY, data=data)
            hours = LIFE[Purpose.VERIFY].total_seconds() // 3600
            await mail_link(
                ctx,
                tx,
                "verify",
                to=mail,
                language=language,
                secret=secret,
                data={"name": name, "hours": int(hours)},
            )
        else:
            await write_mail(
                ctx,
                tx,
                template="known",
                recipient=mail,
                language=account.language,
                data={"name": account.name, "link": address_of(ctx, "/login")},
                event_key=f"known:{ctx.ids.new()}",
            )


async def verify_mail(ctx: Context, secret: str, *, password: str) -> LoggedIn:
    """The mail address is proved: the reader's account begins, with this password.

    Raises NotFound ``link_gone``, Invalid, Conflict ``mail_known`` when the address has got an account meanwhile.
    """
    now = ctx.clock.now()
    # Hashing takes long and must not hold the writer, so the link is looked at first and used afterwards.
    chosen = checked_password(password)
    password_hash = await passwords_of(ctx).hash(chosen)
    async with ctx.transaction() as tx:
        link = await use_link(ctx, tx, secret, Purpose.VERIFY)
        mail, name = str(link.data["mail"]), str(link.data["name"])
        checked_password(password, mail=mail, name=name)
        account = Account(
            id=ctx.ids.new(),
            mail=mail,
            name=name,
            password_hash=password_hash,
            library_id="",
            language=str(link.data["language"]),
            card_number="",
            state=AccountState.ACTIVE,
            verified_at=now,
            large_type=False,
            created_at=now,
        )
        if not await insert_account(tx, account):
            raise Conflict("mail_known")
        return await start_login(ctx, tx, account)


async def request_reset(ctx: Context, *, mail: str, address: str) -> None:
    """Mail a link for a new password, good for 30 minutes, to who has an account; the answer is always the same.

    Raises Invalid, TooMany.
    """
    mail = checked_mail(mail)
    await count(ctx, (MAIL_TO, mail), (MAIL_FROM, network_of(address)))
    account = await account_by_mail(ctx.db.read, mail)
    if account is None or account.state not in (AccountState.ACTIVE, AccountState.PENDING):
        return
    async with ctx.transaction() as tx:
        secret = await issue_link(ctx, tx, Purpose.RESET, account_id=account.id)
        minutes = int(LIFE[Purpose.RESET].total_seconds() // 60)
        data = {"name": account.name, "minutes": minutes}
        await mail_link(ctx, tx, "reset", to=mail, language=account.language, secret=secret, data=data)


async def reset_password(ctx: Context, secret: str, *, password: str) -> LoggedIn:
    """Choose a new password by a mailed link; every other log-in of the account ends.

    Raises NotFound ``link_gone``, Invalid.
    """
    chosen = checked_password(password)
    password_hash = await passwords_of(ctx).hash(chosen)
    async with ctx.transaction() as tx:
        link = await use_link(ctx, tx, secret, Purpose.RESET)
        return await begin_with_password(ctx, tx, link.account_id, password, password_hash)


async def begin_with_password(
    ctx: Context, tx: Transaction, account_id: str, password: str, password_hash: str
) -> LoggedIn:
    """Give the account this password and a log-in; all earlier log-ins end. Raises NotFound, Invalid."""
    account = await account_by_id(tx, account_id)
    if account is None or not await set_password(tx, account_id, password_hash, ctx.clock.now()):
        raise gone(Purpose.RESET)
    checked_password(password, mail=account.mail, name=account.name)
    await delete_logins(tx, account_id)
    tx.announce(AccountChanged(account_id))
    actor = actor_of(account, ())
    await audit(ctx, tx, actor, "account.password", f"account:{account_id}")
    await _tell_password_changed(ctx, tx, account)
    fresh = await account_by_id(tx, account_id)
    assert fresh is not None
    return await start_login(ctx, tx, fresh)


async def own_account(ctx: Context, actor: Actor) -> Account:
    """The actor's own account. Raises NotAllowed without one."""
    demand(actor, Verb.KEEP_ACCOUNT, Thing(owner_keys=frozenset({actor.account_id})))
    account = await account_by_id(ctx.db.read, actor.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        raise NotAllowed("not_logged_in")
    return account


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as its owner sees it."""

    account: Account
    library: Library | None
    grants: tuple[Grant, ...]


async def view_account(ctx: Context, actor: Actor) -> AccountView:
    """The actor's own account with its library and roles. Raises NotAllowed without one."""
    account = await own_account(ctx, actor)
    library = await library_by_id(ctx.db.read, account.library_id) if account.library_id else None
    return AccountView(account, library, tuple(await grants_of(ctx.db.read, account.id)))


async def keep_preferences(ctx: Context, actor: Actor, *, name: str, language: str, large_type: bool) -> None:
    """How the actor wants to be called, in which language, and whether in large type. Raises Invalid by field."""
    account = await own_account(ctx, actor)
    name, language = checked_name(name), checked_language(language)
    async with ctx.transaction() as tx:
        await set_preferences(tx, account.id, name=name, language=language, large_type=large_type)


async def change_password(ctx: Context, actor: Actor, *, current: str, password: str, cookie: str) -> None:
    """Change one's own password; this browser stays logged in, all others are logged out. Raises Invalid, TooMany."""
    account = await own_account(ctx, actor)
    chosen = checked_password(password, mail=account.mail, name=account.name)
    await prove_password(ctx, account, current)
    password_hash = await passwords_of(ctx).hash(chosen)
    async with ctx.transaction() as tx:
        if not await renew_hash(tx, account, password_hash):
            raise Conflict("account_moved")
        await delete_logins(tx, account.id, but=hashed(cookie))
        tx.announce(AccountChanged(account.id))
        await audit(ctx, tx, actor, "account.password", f"account:{account.id}")
        await _tell_password_changed(ctx, tx, account)


async def log_out_elsewhere(ctx: Context, actor: Actor, *, cookie: str) -> None:
    """End every log-in of one's own account but this browser's: on other devices, and in the chats of libraries."""
    account = await own_account(ctx, actor)
    async with ctx.transaction() as tx:
        await delete_logins(tx, account.id, but=hashed(cookie))
        tx.announce(AccountChanged(account.id))
        await audit(ctx, tx, actor, "account.log_out_elsewhere", f"account:{account.id}")


async def _tell_password_changed(ctx: Context, tx: Transaction, account: Account) -> None:
    """Whoever changed it, the owner of the mail address hears of it, and how to get the account back."""
    await write_mail(
        ctx,
        tx,
        template="password_changed",
        recipient=account.mail,
        language=account.language,
        data={
            "name": account.name,
            "at": exact_moment(ctx.clock.now(), ZoneInfo(ctx.settings.zone), account.language),
            "link": address_of(ctx, "/reset"),
        },
        event_key=f"password:{account.id}:{ctx.ids.new()}",
    )


async def prove_password(ctx: Context, account: Account, current: str) -> None:
    """Ask for the present password before something that cannot be undone. Raises Invalid, TooMany."""
    await count(ctx, (LOG_IN_ACCOUNT, account.mail))
    verdict = await passwords_of(ctx).check(typed_password(current)[:1000], account.password_hash)
    if not verdict.right:
        raise Invalid("password_wrong", "current")
