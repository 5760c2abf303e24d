"""Log-ins, links that work once, and counts of attempts. Secrets are kept as hashes only."""

import json
from collections.abc import Sequence
from datetime import datetime

from server.domain.accounts import Account
from server.domain.logins import Limit, Link, LogIn, LogInKind, Purpose
from server.domain.permissions import Grant
from server.store.accounts import ACCOUNT_COLUMNS, account_from, grant_from
from server.store.rows import Reader, Row, Transaction, from_us, to_us

_LOG_IN = ", ".join(
    f"w.{name} AS w_{name}"
    for name in ("id", "account_id", "kind", "desk_id", "created_at", "seen_at", "expires_at")
)
_ACCOUNT = ", ".join(f"a.{name} AS {name}" for name in ACCOUNT_COLUMNS)


async def insert_login(tx: Transaction, login: LogIn) -> None:
    """Keep a log-in."""
    await tx.execute(
        "INSERT INTO web_session (id, account_id, kind, desk_id, created_at, seen_at, expires_at, begun_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        login.id,
        login.account_id,
        str(login.kind),
        login.desk_id,
        to_us(login.created_at),
        to_us(login.seen_at),
        to_us(login.expires),
        login.begun_by or None,
    )


async def login_by_id(
    db: Reader, login_id: str, kind: LogInKind, now: datetime
) -> tuple[LogIn, Account, list[Grant]] | None:
    """A log-in that is still good, with its account and roles: one query, for every request begins with it."""
    rows = await db.rows(
        f"SELECT {_LOG_IN}, {_ACCOUNT}, g.role AS role, g.scope AS scope, g.scope_id AS scope_id"
        " FROM web_session w JOIN account a ON a.id = w.account_id LEFT JOIN role_grant g ON g.account_id = a.id"
        " WHERE w.id = $1 AND w.kind = $2 AND w.expires_at > $3 AND a.state = 'active'",
        login_id,
        str(kind),
        to_us(now),
    )
    if not rows:
        return None
    return _login(rows[0]), account_from(rows[0]), [grant_from(row) for row in rows if row["role"]]


async def login_stands(db: Reader, login_id: str, account_id: str, now: datetime) -> bool:
    """Whether this log-in of the account, of a browser or a widget, is still good."""
    row = await db.row(
        "SELECT 1 AS good FROM web_session w JOIN account a ON a.id = w.account_id"
        " WHERE w.id = $1 AND w.account_id = $2 AND w.expires_at > $3 AND a.state = 'active'",
        login_id,
        account_id,
        to_us(now),
    )
    return row is not None


async def hold_login(tx: Transaction, login_id: str, now: datetime) -> bool:
    """Nobody ends the log-in until the transaction ends; False when somebody has."""
    return bool(
        await tx.execute(
            "UPDATE web_session SET seen_at = seen_at WHERE id = $1 AND expires_at > $2", login_id, to_us(now)
        )
    )


async def renew_login(tx: Transaction, login: LogIn, *, now: datetime, expires: datetime) -> None:
    """Note that the log-in is in use; of several requests at once the first one writes."""
    await tx.execute(
        "UPDATE web_session SET seen_at = $3, expires_at = $4 WHERE id = $1 AND seen_at = $2",
        login.id,
        to_us(login.seen_at),
        to_us(now),
        to_us(expires),
    )


async def delete_login(tx: Transaction, login_id: str) -> str:
    """End one log-in, and what was begun by it in chats; whose it was, "" when there was none."""
    row = await tx.row("DELETE FROM web_session WHERE id = $1 RETURNING account_id", login_id)
    if row is None:
        return ""
    account_id = str(row["account_id"])
    await tx.execute("DELETE FROM web_session WHERE account_id = $1 AND begun_by = $2", account_id, login_id)
    return account_id


async def delete_logins(tx: Transaction, account_id: str, *, but: str = "") -> int:
    """End all log-ins of an account, except one; returns how many ended."""
    return await tx.execute("DELETE FROM web_session WHERE account_id = $1 AND id <> $2", account_id, but)


async def logins_of(db: Reader, account_id: str, now: datetime) -> list[LogIn]:
    """Where the account is logged in, latest first."""
    columns = _LOG_IN
    rows = await db.rows(
        f"SELECT {columns} FROM web_session w WHERE w.account_id = $1 AND w.expires_at > $2 ORDER BY w.seen_at DESC",
        account_id,
        to_us(now),
    )
    return [_login(row) for row in rows]


async def insert_link(tx: Transaction, link: Link) -> None:
    """Keep a link until it is used or too old."""
    await tx.execute(
        "INSERT INTO one_time_link (id, purpose, account_id, data, expires_at) VALUES ($1, $2, $3, $4, $5)",
        link.id,
        str(link.purpose),
        link.account_id,
        json.dumps(dict(link.data), ensure_ascii=False),
        to_us(link.expires),
    )


async def link_by_id(db: Reader, link_id: str, purpose: Purpose, now: datetime) -> Link | None:
    """A link that can still be used; looking does not use it."""
    row = await db.row(
        "SELECT * FROM one_time_link WHERE id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
        link_id,
        str(purpose),
        to_us(now),
    )
    return _link(row) if row else None


async def take_link(tx: Transaction, link_id: str, purpose: Purpose, now: datetime) -> Link | None:
    """Use the link; of several who try, one gets it."""
    row = await tx.row(
        "UPDATE one_time_link SET used_at = $3 WHERE id = $1 AND purpose = $2 AND used_at IS NULL"
        " AND expires_at > $3 RETURNING *",
        link_id,
        str(purpose),
        to_us(now),
    )
    return _link(row) if row else None


async def void_links(tx: Transaction, account_id: str, purpose: Purpose, now: datetime) -> None:
    """A newer link takes the place of older ones."""
    await tx.execute(
        "UPDATE one_time_link SET used_at = $3 WHERE account_id = $1 AND purpose = $2 AND used_at IS NULL",
        account_id,
        str(purpose),
        to_us(now),
    )


async def delete_links(tx: Transaction, account_id: str) -> None:
    """Forget every link of an account."""
    await tx.execute("DELETE FROM one_time_link WHERE account_id = $1", account_id)


async def count_attempt(tx: Transaction, key: str, limit: Limit, now: datetime) -> tuple[int, datetime]:
    """Count an attempt; returns which one it is and when its window began."""
    row = await tx.row(
        "INSERT INTO throttle (id, window_at, count) VALUES ($1, $2, 1) ON CONFLICT (id) DO UPDATE SET"
        " count = CASE WHEN throttle.window_at <= $3 THEN 1 ELSE throttle.count + 1 END,"
        " window_at = CASE WHEN throttle.window_at <= $3 THEN $2 ELSE throttle.window_at END"
        " RETURNING count AS taken, window_at",
        key,
        to_us(now),
        to_us(now - limit.window),
    )
    assert row is not None
    return row["taken"], from_us(row["window_at"])


async def forget_attempts(tx: Transaction, keys: Sequence[str]) -> None:
    """The right password was given: earlier slips no longer count."""
    for key in keys:
        await tx.execute("DELETE FROM throttle WHERE id = $1", key)


async def sweep(tx: Transaction, *, now: datetime, windows_before: datetime) -> int:
    """Delete what has run out; returns the number of rows."""
    gone = await tx.execute("DELETE FROM web_session WHERE expires_at <= $1", to_us(now))
    gone += await tx.execute("DELETE FROM one_time_link WHERE expires_at <= $1", to_us(now))
    return gone + await tx.execute("DELETE FROM throttle WHERE window_at <= $1", to_us(windows_before))


def _login(row: Row) -> LogIn:
    return LogIn(
        id=row["w_id"],
        account_id=row["w_account_id"],
        kind=LogInKind(row["w_kind"]),
        desk_id=row["w_desk_id"],
        created_at=from_us(row["w_created_at"]),
        seen_at=from_us(row["w_seen_at"]),
        expires=from_us(row["w_expires_at"]),
    )


def _link(row: Row) -> Link:
    return Link(
        row["id"],
        Purpose(row["purpose"]),
        row["account_id"],
        json.loads(row["data"]),
        from_us(row["expires_at"]),
    )
