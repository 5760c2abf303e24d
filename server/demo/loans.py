"""Online loans in the demo: stores, machines, books to borrow, slots, coupons, notices, cards."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from server.context import Context
from server.demo.cast import Cast
from server.demo.records import record_of
from server.domain.hours import parse_shifts
from server.domain.loan_rows import Item, Store
from server.store.catalogue import save_records, settle_words
from server.store.loan_catalogue import class_titles
from server.store.rows import Transaction, to_us
from server.store.stack_devices import insert_device, new_device
from server.store.values import insert_values

SOURCE = "loans"
LIBRARY = "szlib"  # whose catalogue the books stand in
_NEW = 14  # the last of the list are new books
_CARDS = {"reader": ("city", ""), "grandma.li": ("city", "elder"), "reader2": ("city", "")}
Table = Mapping[str, Any]


def read_loans() -> dict[str, Any]:
    """The file's tables."""
    return tomllib.loads(files("server.demo").joinpath("loans.toml").read_text("utf-8"))


async def put_loans(ctx: Context, cast: Cast, now: datetime) -> int:
    """Put everything in that can be borrowed, and what goes with it; returns how many volumes."""
    tables = read_loans()
    async with ctx.transaction() as tx:
        stores = await _put_stores(ctx, tx, cast, tables["store"], now)
        await _put_slots(ctx, tx, cast, tables["slot"])
        await _put_coupons(ctx, tx, tables["coupon"], now)
        await _put_notices(ctx, tx, cast, tables["notice"], now)
        await _put_cards(tx, cast, now)
    books = [book for of_class in tables["books"].values() for book in of_class]
    records = {f"demo-loan-{at:04d}": record_of(f"demo-loan-{at:04d}", book) for at, book in enumerate(books)}
    library = cast.libraries[LIBRARY]
    async with ctx.transaction() as tx:
        await save_records(tx, library.id, SOURCE, records, at=now)
        rows = await tx.rows(
            "SELECT id FROM bibliographic_record WHERE library_id = $1 AND source = $2 ORDER BY control_number",
            library.id,
            SOURCE,
        )
        items = _items(ctx, [row["id"] for row in rows], stores, library.id, now)
        await insert_values(tx, "item", items)
        await class_titles(tx, [row["id"] for row in rows])
    async with ctx.transaction() as tx:
        await settle_words(tx)
    return len(items)


async def _put_stores(
    ctx: Context, tx: Transaction, cast: Cast, tables: Sequence[Table], now: datetime
) -> list[Store]:
    stores = []
    for table in tables:
        store = Store(
            ctx.ids.new(),
            cast.libraries[table["library"]].id,
            table["code"],
            table["name_zh"],
            table["name_en"],
            table["kind"],
            table["tier"],
            table["address"],
            "0755-82841052",
            True,
            now,
        )
        stores.append(store)
        if "device" in table:
            device = new_device(ctx.ids.new(), store.id, table["name_zh"], "simulator", now)
            await insert_device(tx, replace(device, address="in-process", options=table["device"]))
    await insert_values(tx, "store", stores)
    return stores


async def _put_slots(ctx: Context, tx: Transaction, cast: Cast, tables: Sequence[Table]) -> None:
    """Every library offers the same times: the demo's reader may come from any of them."""
    for library in cast.libraries.values():
        for table in tables:
            shift = parse_shifts(f"{table['opens']}-{table['closes']}", field="slot")[0]
            for weekday in table["days"]:
                await tx.execute(
                    "INSERT INTO slot (id, library_id, way, place, weekday, opens, closes, capacity, active)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE)",
                    ctx.ids.new(),
                    library.id,
                    table["way"],
                    table.get("place", ""),
                    weekday,
                    shift.opens,
                    shift.closes,
                    table["capacity"],
                )


async def _put_coupons(ctx: Context, tx: Transaction, tables: Sequence[Table], now: datetime) -> None:
    for table in tables:
        await tx.execute(
            "INSERT INTO coupon (id, library_id, code, name_zh, name_en, cents, reader_group, reader_id, quota, used,"
            " valid_from_at, valid_until_at) VALUES ($1, '', $2, $3, $4, $5, $6, '', $7, 0, $8, $9)",
            ctx.ids.new(),
            table["code"],
            table["name_zh"],
            table["name_en"],
            table.get("cents", 0),
            table.get("group", ""),
            table.get("quota", 0),
            to_us(now - timedelta(days=5)),
            to_us(now + timedelta(days=table["days"])),
        )


async def _put_notices(
    ctx: Context, tx: Transaction, cast: Cast, tables: Sequence[Table], now: datetime
) -> None:
    for table in tables:
        since = now - timedelta(days=table["days_ago"])
        await tx.execute(
            "INSERT INTO notice (id, library_id, kind, title_zh, title_en, text_zh, text_en, shown_from_at,"
            ' stops_orders, "by", at) VALUES ($1, $9, $2, $3, $4, $5, $6, $7, FALSE, $8, $7)',
            ctx.ids.new(),
            table["kind"],
            table["title_zh"],
            table["title_en"],
            table["text_zh"],
            table["text_en"],
            to_us(since),
            cast.people["admin"].id,
            "",
        )


async def _put_cards(tx: Transaction, cast: Cast, now: datetime) -> None:
    for key, (kind, group) in _CARDS.items():
        if key in cast.people:
            await tx.execute(
                "INSERT INTO reader_card (reader_id, kind, reader_group, held, barred, changed_at)"
                " VALUES ($1, $2, $3, 0, '', $4)",
                cast.people[key].id,
                kind,
                group,
                to_us(now),
            )


def _items(
    ctx: Context, record_ids: Sequence[int], stores: Sequence[Store], library_id: str, now: datetime
) -> list[Item]:
    """Two or three copies of each title: most in the first smart stack, some only where people fetch them."""
    items: list[Item] = []
    for at, record_id in enumerate(record_ids):
        places = [stores[0], stores[2]] if at % 4 else [stores[1]]
        if at % 3 == 0:
            places.append(stores[3])
        for copy, store in enumerate(places):
            new = at >= len(record_ids) - _NEW
            number = len(items) + 1
            items.append(
                Item(
                    id=ctx.ids.new(),
                    record_id=record_id,
                    barcode=f"SQ{number:07d}",
                    library_id=library_id,
                    store_id=store.id,
                    location="" if store.smart else f"{chr(65 + at % 4)}-{at % 12 + 1:02d}-{copy + 1}",
                    tote="",
                    added_at=now - timedelta(days=2 if new else 200),
                    new_until_at=now + timedelta(days=45) if new else None,
                )
            )
    return items
