"""Lists of loan orders for managers."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.accounts import Account
from server.domain.loan_orders import Card
from server.domain.loan_rows import LoanOrder
from server.store.accounts import accounts_by_ids
from server.store.rows import Reader, placeholders
from server.store.values import columns, value_from

_ORDER = columns(LoanOrder, of="o")


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """Which orders: of these libraries (None: all), in these states (none: any), by number or the reader's name."""

    scope: frozenset[str] | None
    states: tuple[str, ...] = ()
    number: str = ""
    text: str = ""  # of the reader's name, phone or mail, a title, or a barcode
    after: str = ""  # the id of the last order before this stretch
    oldest_first: bool = False


async def orders_chosen(db: Reader, choice: OrderChoice, *, limit: int) -> list[LoanOrder]:
    """A stretch of orders, by the moment that they were placed. Ids rise with time."""
    where: list[str] = []
    values: list[object] = []

    def value(given: object) -> str:
        values.append(given)
        return f"${len(values)}"

    if choice.scope is not None:
        ids = sorted(choice.scope)[:500] or ["-"]
        where.append(f"o.library_id IN ({placeholders(len(ids), start=len(values) + 1)})")
        values += ids
    if choice.states and not choice.number:
        where.append(f"o.state IN ({placeholders(len(choice.states), start=len(values) + 1)})")
        values += choice.states
    if choice.number:
        where.append(f"o.number = {value(choice.number)}")
    if choice.text:
        like = value(f"%{_plain(choice.text.lower())}%")
        where.append(
            f"(LOWER(o.name) LIKE {like} ESCAPE '!' OR o.phone LIKE {like} ESCAPE '!'"
            f" OR LOWER(o.mail) LIKE {like} ESCAPE '!' OR EXISTS (SELECT 1 FROM loan_line l WHERE l.order_id = o.id"
            f" AND (l.barcode = {value(choice.text)} OR LOWER(l.title) LIKE {like} ESCAPE '!')))"
        )
    if choice.after:
        where.append(f"o.id {'>' if choice.oldest_first else '<'} {value(choice.after)}")
    order = "o.id" if choice.oldest_first else "o.id DESC"
    rows = await db.rows(
        f"SELECT {_ORDER} FROM loan_order o WHERE {' AND '.join(where) or 'TRUE'}"
        f" ORDER BY {order} LIMIT {value(limit)}",
        *values,
    )
    return [value_from(LoanOrder, row) for row in rows]


async def orders_of_reader(db: Reader, reader_id: str, *, limit: int) -> list[LoanOrder]:
    """A reader's orders, the newest first."""
    rows = await db.rows(
        f"SELECT {_ORDER} FROM loan_order o WHERE reader_id = $1 ORDER BY placed_at DESC, id DESC LIMIT $2",
        reader_id,
        limit,
    )
    return [value_from(LoanOrder, row) for row in rows]


async def borrowers_like(
    db: Reader, text: str, scope: frozenset[str] | None, *, limit: int
) -> list[tuple[Account, Card]]:
    """Accounts of these libraries (None: all) by a part of name or mail, or by card number, with their loan cards."""
    values: list[object] = [f"%{_plain(text.lower())}%", text, limit]
    within = ""
    if scope is not None:
        ids = sorted(scope)[:500] or ["-"]
        within = f" AND a.library_id IN ({placeholders(len(ids), start=4)})"
        values += ids
    rows = await db.rows(
        "SELECT a.id, c.kind, c.reader_group, c.held, c.barred FROM account a"
        " LEFT JOIN reader_card c ON c.reader_id = a.id WHERE (LOWER(a.name) LIKE $1 ESCAPE '!'"
        f" OR a.mail LIKE $1 ESCAPE '!' OR (a.card_number = $2 AND a.card_number <> '')){within}"
        " ORDER BY a.name, a.id LIMIT $3",
        *values,
    )
    accounts = await accounts_by_ids(db, [row["id"] for row in rows])
    cards = {
        row["id"]: Card(row["id"], row["kind"], row["reader_group"], int(row["held"]), row["barred"])
        if row["kind"]
        else Card(row["id"])
        for row in rows
    }
    return [(accounts[row["id"]], cards[row["id"]]) for row in rows if row["id"] in accounts]


async def numbers_of_orders(db: Reader, order_ids: Sequence[str]) -> dict[str, str]:
    """Orders' numbers for people, by id. At most 500."""
    ids = sorted(set(order_ids))[:500]
    if not ids:
        return {}
    rows = await db.rows(f"SELECT id, number FROM loan_order WHERE id IN ({placeholders(len(ids))})", *ids)
    return {row["id"]: row["number"] for row in rows}


async def count_states(db: Reader, scope: frozenset[str] | None) -> dict[str, int]:
    """How many orders of these libraries stand in each state."""
    where, values = "", list[object]()
    if scope is not None:
        ids = sorted(scope)[:500] or ["-"]
        where, values = f"WHERE library_id IN ({placeholders(len(ids))})", list(ids)
    rows = await db.rows(f"SELECT state, COUNT(*) AS n FROM loan_order {where} GROUP BY state", *values)
    return {row["state"]: int(row["n"]) for row in rows}


def _plain(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
