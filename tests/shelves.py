"""Stores with books to lend, coupons and time slots: what tests of a reader's loans start from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.context import Context
from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.store.catalogue import save_records
from server.store.rows import Transaction, to_us

TITLES: Sequence[tuple[str, str, str]] = (
    ("深圳城市史", "张一兵", "K296.53"),
    ("红楼梦", "曹雪芹", "I242.4"),
    ("平凡的世界", "路遥", "I247.57"),
    ("算法导论", "科尔曼", "TP301.6"),
    ("中国建筑史", "梁思成", "TU-092"),
    ("时间简史", "霍金", "P159"),
    ("种子的故事", "汉森", "Q944.59"),
    ("家庭营养全书", "李宁", "R151.4"),
)
ONE_ONLY = "孤本"  # one copy, in the second store


@dataclass
class Shelves:
    """What stands where: records by title, stores by short name."""

    stores: dict[str, str] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)


async def stock(ctx: Context, library_id: str, titles: Sequence[tuple[str, str, str]] = TITLES) -> Shelves:
    """Two ordinary stores of a library; two copies of each title in the first, one of ONE_ONLY in the second."""
    shelves, now = Shelves(), ctx.clock.now()
    records = [*titles, (ONE_ONLY, "佚名", "I267"), ("无本可借", "佚名", "I267")]
    async with ctx.transaction() as tx:
        for code, name in (("a", "中心书库"), ("b", "南山书库")):
            shelves.stores[code] = await _store(ctx, tx, library_id, code, name)
        known = {
            str(number): BibliographicRecord(
                str(number),
                Material.BOOK,
                title,
                authors=authors,
                publisher="书桥出版社",
                date="2024",
                class_number=place,
            )
            for number, (title, authors, place) in enumerate(records)
        }
        await save_records(tx, library_id, "test", known, at=now)
        for row in await tx.rows("SELECT id, title FROM bibliographic_record WHERE source = 'test'"):
            shelves.records[row["title"]] = row["id"]
        for title, *_ in titles:
            for _ in range(2):
                await add_item(ctx, tx, shelves.records[title], shelves.stores["a"], library_id)
        await add_item(ctx, tx, shelves.records[ONE_ONLY], shelves.stores["b"], library_id)
    return shelves


async def add_item(ctx: Context, tx: Transaction, record_id: int, store_id: str, library_id: str) -> str:
    """One volume more, among the new books for sixty days."""
    item_id, now = ctx.ids.new(), ctx.clock.now()
    await tx.execute(
        "INSERT INTO item (id, record_id, barcode, library_id, store_id, location, tote, state, order_id, line_id,"
        " new_until_at, added_at, note) VALUES ($1, $2, $3, $4, $5, 'A-01', '', 'available', '', '', $6, $7, '')",
        item_id,
        record_id,
        f"B{item_id[-12:]}",
        library_id,
        store_id,
        to_us(now + timedelta(days=60)),
        to_us(now),
    )
    return item_id


async def add_slots(ctx: Context, shelves: Shelves, library_id: str, way: str, *, capacity: int = 2) -> None:
    """A time on every day of the week."""
    async with ctx.transaction() as tx:
        for weekday in range(7):
            slot_id = shelves.slots[f"{way}{weekday}"] = ctx.ids.new()
            await tx.execute(
                "INSERT INTO slot (id, library_id, way, place, weekday, opens, closes, capacity, active)"
                " VALUES ($1, $2, $3, $4, $5, 540, 720, $6, TRUE)",
                slot_id,
                library_id,
                way,
                "一楼大厅" if way == "collection" else "",
                weekday,
                capacity,
            )


async def add_coupon(
    ctx: Context, code: str, *, quota: int = 0, cents: int = 0, group: str = "", until: datetime | None = None
) -> str:
    """A coupon of the alliance's."""
    coupon_id, now = ctx.ids.new(), ctx.clock.now()
    async with ctx.transaction() as tx:
        await tx.execute(
            "INSERT INTO coupon (id, library_id, code, name_zh, name_en, cents, reader_group, reader_id, quota, used,"
            " valid_from_at, valid_until_at)"
            " VALUES ($1, '', $2, '读书月免运费', 'Reading month', $3, $4, '', $5, 0, $6, $7)",
            coupon_id,
            code,
            cents,
            group,
            quota,
            to_us(now - timedelta(days=1)),
            to_us(until or now + timedelta(days=30)),
        )
    return coupon_id


async def add_notice(ctx: Context, kind: str, title: str, *, stops: bool = False) -> None:
    """Something that all readers are told from now on."""
    now = to_us(ctx.clock.now())
    async with ctx.transaction() as tx:
        await tx.execute(
            "INSERT INTO notice (id, library_id, kind, title_zh, title_en, text_zh, text_en, shown_from_at,"
            " stops_orders, by, at) VALUES ($1, '', $2, $3, $4, $5, $6, $7, $8, 'test', $7)",
            ctx.ids.new(),
            kind,
            title,
            f"{kind} in English",
            f"{title}的内容。",
            "What it says.",
            now,
            stops,
        )


async def _store(ctx: Context, tx: Transaction, library_id: str, code: str, name: str) -> str:
    store_id = ctx.ids.new()
    await tx.execute(
        "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn,"
        " created_at) VALUES ($1, $2, $3, $4, $5, 'ordinary', 'centre', '福中路一号', '0755-8284', TRUE, 0, $6)",
        store_id,
        library_id,
        code,
        name,
        f"Store {code.upper()}",
        to_us(ctx.clock.now()),
    )
    return store_id
