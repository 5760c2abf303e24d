"""Lists of loan orders for managers."""

from dataclasses import dataclass

from server.domain.loan_rows import LoanOrder
from server.store.rows import Reader, placeholders
from server.store.values import columns, value_from

_ORDER = columns(LoanOrder, of="o")


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """Which orders: of these libraries (None: all), in these states (none: any), by number or the reader's name."""

    scope: frozenset[str] | None
    states: tuple[str, ...] = ()
    number: str = ""
    text: str = ""  # of the reader's name, phone or mail
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
            f" OR LOWER(o.mail) LIKE {like} ESCAPE '!')"
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
