"""Accounts and what they are granted."""

from collections.abc import Collection, Sequence
from datetime import datetime

from server.domain.accounts import Account, AccountState
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.rows import (
    Reader,
    Row,
    Transaction,
    from_us,
    from_us_or_none,
    placeholders,
    to_us,
    to_us_or_none,
)

ACCOUNT_COLUMNS = (
    *("id", "mail", "name", "password_hash", "library_id", "language", "card_number", "state"),
    *("verified_at", "large_type", "created_at"),
)
_ACCOUNT = f"SELECT {', '.join(ACCOUNT_COLUMNS)} FROM account"


async def account_by_id(db: Reader, account_id: str) -> Account | None:
    row = await db.row(f"{_ACCOUNT} WHERE id = $1", account_id)
    return account_from(row) if row else None


async def account_by_mail(db: Reader, mail: str) -> Account | None:
    """The account with this address, in lower case."""
    row = await db.row(f"{_ACCOUNT} WHERE mail = $1", mail)
    return account_from(row) if row else None


async def accounts_by_mails(db: Reader, mails: Sequence[str]) -> dict[str, Account]:
    """The accounts with these addresses (at most a few hundred), by address."""
    if not mails:
        return {}
    rows = await db.rows(f"{_ACCOUNT} WHERE mail IN ({placeholders(len(mails))})", *mails)
    return {row["mail"]: account_from(row) for row in rows}


async def insert_account(tx: Transaction, account: Account) -> bool:
    """Store a new account; False when the mail address has one already."""
    return bool(
        await tx.execute(
            f"INSERT INTO account ({', '.join(ACCOUNT_COLUMNS)}) VALUES ({placeholders(len(ACCOUNT_COLUMNS))})"
            " ON CONFLICT (mail) DO NOTHING",
            account.id,
            account.mail,
            account.name,
            account.password_hash,
            account.library_id,
            account.language,
            account.card_number,
            str(account.state),
            to_us_or_none(account.verified_at),
            account.large_type,
            to_us(account.created_at),
        )
    )


async def renew_hash(tx: Transaction, account: Account, password_hash: str) -> bool:
    """Keep the hash that a log-in was proved with, or its successor; False when the account has changed meanwhile."""
    return bool(
        await tx.execute(
            "UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND state = 'active'",
            account.id,
            account.password_hash,
            password_hash,
        )
    )


async def set_password(tx: Transaction, account_id: str, password_hash: str, at: datetime) -> bool:
    """Give the account a new password; its mail address has just proved itself. False for a closed account."""
    return bool(
        await tx.execute(
            "UPDATE account SET password_hash = $2, state = 'active', verified_at = COALESCE(verified_at, $3)"
            " WHERE id = $1 AND state IN ('pending', 'active')",
            account_id,
            password_hash,
            to_us(at),
        )
    )


async def set_preferences(
    tx: Transaction, account_id: str, *, name: str, language: str, large_type: bool
) -> None:
    """How the account wants to be named and shown."""
    await tx.execute(
        "UPDATE account SET name = $2, language = $3, large_type = $4 WHERE id = $1 AND state = 'active'",
        account_id,
        name,
        language,
        large_type,
    )


async def set_membership(tx: Transaction, account_id: str, *, library_id: str, card_number: str) -> bool:
    """Make a reader without library one of this library; False when they belong to one already."""
    return bool(
        await tx.execute(
            "UPDATE account SET library_id = $2, card_number = $3 WHERE id = $1 AND library_id = ''",
            account_id,
            library_id,
            card_number,
        )
    )


async def set_state(tx: Transaction, account_id: str, state: AccountState) -> bool:
    """Open or close an account; an erased one stays so."""
    return bool(
        await tx.execute(
            "UPDATE account SET state = $2 WHERE id = $1 AND state <> 'erased'", account_id, str(state)
        )
    )


async def anonymise_account(tx: Transaction, account_id: str, password_hash: str) -> bool:
    """Forget who it was and keep the row for the figures; False when its password was changed meanwhile."""
    return bool(
        await tx.execute(
            "UPDATE account SET mail = $3, name = '', password_hash = '', card_number = '', state = 'erased'"
            " WHERE id = $1 AND password_hash = $2 AND state = 'active'",
            account_id,
            password_hash,
            f"{account_id}@erased.invalid",
        )
    )


async def grants_of(db: Reader, account_id: str) -> list[Grant]:
    """The account's roles, oldest first."""
    rows = await db.rows(
        "SELECT role, scope, scope_id FROM role_grant WHERE account_id = $1 ORDER BY granted_at, id",
        account_id,
    )
    return [grant_from(row) for row in rows]


async def add_grant(
    tx: Transaction, account_id: str, grant: Grant, *, grant_id: str, by: str, at: datetime
) -> bool:
    """Grant the role; False when the account holds it already."""
    return bool(
        await tx.execute(
            "INSERT INTO role_grant (id, account_id, role, scope, scope_id, granted_by, granted_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, role, scope, scope_id) DO NOTHING",
            grant_id,
            account_id,
            str(grant.role),
            str(grant.scope),
            grant.scope_id,
            by,
            to_us(at),
        )
    )


async def remove_grant(tx: Transaction, account_id: str, grant: Grant) -> bool:
    """Take the role away; False when the account did not hold it."""
    return bool(
        await tx.execute(
            "DELETE FROM role_grant WHERE account_id = $1 AND role = $2 AND scope = $3 AND scope_id = $4",
            account_id,
            str(grant.role),
            str(grant.scope),
            grant.scope_id,
        )
    )


async def count_administrators(db: Reader) -> int:
    """How many can still log in and administer."""
    row = await db.row(
        "SELECT COUNT(DISTINCT account.id) AS n FROM account JOIN role_grant ON role_grant.account_id = account.id"
        " WHERE role_grant.role = 'administrator' AND account.state = 'active'"
    )
    return int(row["n"]) if row else 0


async def managers_of(db: Reader, library_id: str) -> list[Account]:
    """Who manages the library; where it has nobody, the alliance's duty managers."""
    for scope, scope_id in (("library", library_id), ("alliance", "")):
        rows = await db.rows(
            f"{_ACCOUNT} WHERE state = 'active' AND id IN (SELECT account_id FROM role_grant"
            " WHERE role = 'manager' AND scope = $1 AND scope_id = $2) ORDER BY mail",
            scope,
            scope_id,
        )
        if rows:
            break
    return [account_from(row) for row in rows]


async def managers_by_library(db: Reader) -> dict[str, list[Account]]:
    """Who manages each library that has anybody; the alliance's duty managers under the empty id."""
    rows = await db.rows(
        "SELECT a.*, g.scope_id FROM role_grant g JOIN account a ON a.id = g.account_id WHERE a.state = 'active'"
        " AND g.role = 'manager' AND g.scope IN ('library', 'alliance') ORDER BY a.mail"
    )
    managers: dict[str, list[Account]] = {}
    for row in rows:
        managers.setdefault(row["scope_id"], []).append(account_from(row))
    return managers


async def accounts_by_ids(db: Reader, account_ids: Collection[str]) -> dict[str, Account]:
    """These accounts, by id."""
    rows = await db.rows(f"{_ACCOUNT} WHERE id = ANY($1)", list(account_ids))
    return {row["id"]: account_from(row) for row in rows}


async def full_librarians_beside(db: Reader, staff_id: str) -> list[Account]:
    """The full librarians who answer at one of this person's desks, by name (R-ORG.5)."""
    rows = await db.rows(
        f"{_ACCOUNT} WHERE state = 'active' AND id <> $1"
        " AND id IN (SELECT account_id FROM role_grant WHERE role = 'librarian')"
        " AND id IN (SELECT b.staff_id FROM desk_staff a JOIN desk_staff b ON b.desk_id = a.desk_id"
        " WHERE a.staff_id = $1) ORDER BY name, id LIMIT 200",
        staff_id,
    )
    return [account_from(row) for row in rows]


async def staff_accounts(
    db: Reader, *, scope: frozenset[str] | None, search: str = "", after: str = "", limit: int = 100
) -> list[tuple[Account, tuple[Grant, ...]]]:
    """Staff with their roles, by mail address, after the given one; ``scope`` bounds them to some libraries."""
    values: list[object] = [after, f"%{search.lower()}%", limit]
    bound = ""
    if scope is not None:
        bound = f" AND library_id IN ({placeholders(len(scope), start=4)})" if scope else " AND 1 = 0"
        values += sorted(scope)
    rows = await db.rows(
        f"{_ACCOUNT} WHERE mail > $1 AND (mail LIKE $2 OR lower(name) LIKE $2)"
        f" AND id IN (SELECT account_id FROM role_grant){bound} ORDER BY mail LIMIT $3",
        *values,
    )
    accounts = [account_from(row) for row in rows]
    return [(account, tuple(await grants_of(db, account.id))) for account in accounts]


def account_from(row: Row) -> Account:
    return Account(
        id=row["id"],
        mail=row["mail"],
        name=row["name"],
        password_hash=row["password_hash"],
        library_id=row["library_id"],
        language=row["language"],
        card_number=row["card_number"],
        state=AccountState(row["state"]),
        verified_at=from_us_or_none(row["verified_at"]),
        large_type=bool(row["large_type"]),
        created_at=from_us(row["created_at"]),
    )


def grant_from(row: Row) -> Grant:
    return Grant(Role(row["role"]), ScopeKind(row["scope"]), row["scope_id"])
