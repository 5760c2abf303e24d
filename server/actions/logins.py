"""Logging in and out: proving who one is, a bounded number of times."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actions.access import audit
from server.actions.passwords import passwords_of
from server.context import Context
from server.domain.accounts import Account, actor_of, typed_password
from server.domain.errors import Invalid
from server.domain.events import AccountChanged
from server.domain.logins import (
    LIMITS,
    LOG_IN_ACCOUNT,
    LOG_IN_ADDRESS,
    LOG_IN_HERE,
    Limit,
    LogIn,
    LogInKind,
    judge_attempt,
    life_of,
    network_of,
)
from server.domain.permissions import Actor
from server.store.accounts import account_by_mail, grants_of, renew_hash
from server.store.dues import Due
from server.store.logins import count_attempt, delete_login, forget_attempts, insert_login, sweep
from server.store.rows import Transaction
from server.wire.tokens import hashed


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh log-in: ``secret`` goes into the cookie (or to the widget) and nowhere else."""

    secret: str
    actor: Actor
    account: Account


async def log_in(ctx: Context, *, mail: str, password: str, address: str, replacing: str = "") -> LoggedIn:
    """Log in with mail address and password; ``replacing`` is the browser's earlier secret, which ends.

    Unknown, closed and unverified accounts read and take as long as a wrong password. Raises Invalid
    ``log_in_failed``, TooMany ``too_many_attempts`` or ``busy``.
    """
    mail = mail.strip().lower()[:200]
    here = f"{mail} {network_of(address)}"
    await count(ctx, (LOG_IN_HERE, here), (LOG_IN_ACCOUNT, mail), (LOG_IN_ADDRESS, network_of(address)))
    account = await account_by_mail(ctx.db.read, mail)
    known_hash = account.password_hash if account and account.can_log_in else ""
    verdict = await passwords_of(ctx).check(typed_password(password)[:1000], known_hash)
    if account is None or not verdict.right:
        raise Invalid("log_in_failed", "password")
    async with ctx.transaction() as tx:
        # The password may have been changed, or the account closed, while it was being checked.
        if not await renew_hash(tx, account, verdict.renewed or account.password_hash):
            raise Invalid("log_in_failed", "password")
        if replacing:
            await end_login(tx, hashed(replacing))
        await forget_attempts(tx, [attempt_key(LOG_IN_HERE, here)])
        return await start_login(ctx, tx, account)


async def start_login(
    ctx: Context,
    tx: Transaction,
    account: Account,
    *,
    kind: LogInKind = LogInKind.BROWSER,
    desk_id: str = "",
    begun_by: str = "",
) -> LoggedIn:
    """Open a log-in for an account that has just proved itself; staff log-ins leave a line in the audit trail."""
    secret, now = ctx.rng.token(), ctx.clock.now()
    actor = actor_of(account, await grants_of(tx, account.id), hashed(secret))
    expires = now + life_of(kind, staff=actor.is_staff)
    await insert_login(tx, LogIn(actor.login, account.id, kind, desk_id, now, now, expires, begun_by))
    if actor.is_staff and kind is LogInKind.BROWSER:
        await audit(ctx, tx, actor, "account.log_in", f"account:{account.id}")
    return LoggedIn(secret, actor, account)


async def log_out(ctx: Context, secret: str) -> None:
    """End this log-in; ending it twice is no error."""
    if secret:
        async with ctx.transaction() as tx:
            await end_login(tx, hashed(secret))


async def end_login(tx: Transaction, login_id: str) -> None:
    """What else is open under it, in another tab or a chat, hears of it at once: it speaks in that person's name."""
    if account_id := await delete_login(tx, login_id):
        tx.announce(AccountChanged(account_id))


async def count(ctx: Context, *attempts: tuple[Limit, str]) -> None:
    """Count an attempt against each limit and subject, refused ones too. Raises TooMany ``too_many_attempts``."""
    now = ctx.clock.now()
    # Rows are always taken in the order of their keys, so that two transactions never wait for each other in a ring.
    keyed = sorted((attempt_key(limit, subject), limit) for limit, subject in attempts)
    async with ctx.transaction() as tx:
        counted = [(limit, *await count_attempt(tx, key, limit, now)) for key, limit in keyed]
    for limit, taken, began in counted:
        judge_attempt(limit, taken, began, now)


def attempt_key(limit: Limit, subject: str) -> str:
    """The row an attempt is counted on; it holds no mail address."""
    return f"{limit.name}:{hashed(subject)}"


async def sweep_logins(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Delete log-ins, links and counts that have run out, every hour."""
    now = ctx.clock.now()
    await sweep(tx, now=now, windows_before=now - max(limit.window for limit in LIMITS))
    return now + timedelta(hours=1)
