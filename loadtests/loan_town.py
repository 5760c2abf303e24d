"""A town that lends, written into an empty database: stores with machines, titles with copies, times, cards."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests import sql

SMART, ORDINARY = 2, 3
SHORT = 0.1  # of all titles there is one copy only
PER_READER = 2  # orders


@dataclass
class Town:
    """What stands where; ``copies`` of each title by its number."""

    stores: list[str] = field(default_factory=list)
    smart: list[str] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)  # device → store
    titles: int = 0


def build(url: str, titles: int, ports: Sequence[int], folder: Path, seed: int) -> Town:
    """Fill it; each machine's own list of what it holds is written beside (stock-0.csv …)."""
    chance, now = random.Random(seed), int(time.time() * 1e6)
    town = Town(titles=titles)
    library = sql.ask(url, "SELECT id FROM library WHERE slug = 'bench'")[0][0]
    statements: list[str] = []
    for at in range(SMART + ORDINARY):
        smart = at < SMART
        kind = "smart" if smart else "ordinary"
        town.stores.append(f"store{at}")
        statements.append(
            "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn,"
            f" created_at) VALUES ('store{at}', '{library}', 'S{at}', '书库{at}', '', '{kind}',"
            f" 'centre', '福中路 {at} 号', '0755-8284 1131', TRUE, 0, {now})"
        )
        if smart:
            town.smart.append(f"store{at}")
            town.devices[f"device{at}"] = f"store{at}"
            statements.append(
                "INSERT INTO stack_device (id, store_id, name, driver, address, options, active, state, state_at,"
                " paused_by, pause_reason, epoch, last_sequence, skew_ms, picture, lease_holder, lease_until_at)"
                f" VALUES ('device{at}', 'store{at}', '智能书库{at}', 'simulator', '127.0.0.1:{ports[at]}', '{{}}',"
                f" TRUE, 'offline', {now}, '', '', '', 0, 0, '', '', 0)"
            )
    statements += [_title(number, library, now) for number in range(1, titles + 1)]
    statements += _items(town, chance, library, now, folder)
    statements += _slots(library)
    sql.tell(url, *statements)
    sql.tell(url, "SELECT setval(pg_get_serial_sequence('bibliographic_record', 'id'), " + f"{titles + 1})")
    sql.tell(url, "ANALYZE")
    return town


def give_cards(url: str, readers: Sequence[str]) -> None:
    """Every reader belongs to the library, has a card of the kind that holds ten, and an address."""
    now = int(time.time() * 1e6)
    library = sql.ask(url, "SELECT id FROM library WHERE slug = 'bench'")[0][0]
    names = ", ".join(f"'{reader}'" for reader in readers)
    sql.tell(
        url,
        f"UPDATE account SET library_id = '{library}' WHERE id IN ({names})",
        "INSERT INTO reader_card (reader_id, kind, reader_group, held, barred, changed_at)"
        f" SELECT id, 'city', '', 0, '', {now} FROM account WHERE id IN ({names})",
        "INSERT INTO reader_address (id, reader_id, name, phone, region, line, is_default, used_at)"
        f" SELECT id, id, name, '0755-82841131', '深圳市福田区', '福中路 1 号', TRUE, {now} FROM account"
        f" WHERE id IN ({names})",
    )


def employ(url: str, keepers: Mapping[str, str]) -> None:
    """Each keeper works at one store: account → store."""
    sql.tell(
        url,
        *(
            f"UPDATE role_grant SET scope = 'store', scope_id = '{store}' WHERE account_id = '{keeper}'"
            " AND role = 'store_keeper'"
            for keeper, store in keepers.items()
        ),
    )


def _title(number: int, library: str, now: int) -> str:
    return (
        "INSERT INTO bibliographic_record (id, library_id, source, control_number, kind, serial, title, other_titles,"
        " authors, container, publisher, date, volume, edition, isbns, issn, doi, number, language, subjects,"
        f" class_number, match_key, updated_at) VALUES ({number}, '{library}', 'day', 'd{number}', 'book', FALSE,"
        f" '深圳书话 {number}', '', '某人', '', '书桥出版社', '2024', '', '', '', '', '', '', 'chi', '', 'I267',"
        f" 'day{number}', {now})"
    )


def _items(town: Town, chance: random.Random, library: str, now: int, folder: Path) -> list[str]:
    stock: dict[str, list[str]] = {store: [] for store in town.smart}
    statements = []
    for number in range(1, town.titles + 1):
        copies = 1 if chance.random() < SHORT else chance.randint(2, 4)
        for copy, store in enumerate(chance.choices(town.stores, k=copies)):
            barcode, tote = f"B{number:06}{copy}", ""
            if store in stock:
                tote = f"A{chance.randint(1, 6):02}-L{chance.randint(1, 8):02}-B{chance.randint(1, 40):03}"
                stock[store].append(f"{barcode},{tote}")
            place = "" if tote else f"A-{chance.randint(1, 30):02}-{chance.randint(1, 6)}"
            statements.append(
                "INSERT INTO item (id, record_id, barcode, library_id, store_id, location, tote, state, order_id,"
                f" line_id, added_at, note) VALUES ('i{barcode}', {number}, '{barcode}', '{library}', '{store}',"
                f" '{place}', '{tote}', 'available', '', '', {now}, '')"
            )
    for at, store in enumerate(town.smart):
        (folder / f"stock-{at}.csv").write_text("\n".join(stock[store]) + "\n", encoding="utf-8")
    return statements


def _slots(library: str) -> list[str]:
    return [
        "INSERT INTO slot (id, library_id, way, place, weekday, opens, closes, capacity, active) VALUES"
        f" ('{way}{day}{opens}', '{library}', '{way}', '{'一楼大厅' if way == 'collection' else ''}', {day}, {opens},"
        f" {opens + 180}, 100000, TRUE)"
        for way in ("delivery", "collection")
        for day in range(7)
        for opens in (540, 840)
    ]
