"""What must hold when a day of loans is over, found in the database and in the machines' own journals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from loadtests import sql
from loadtests.loan_house import Machine

_LIVING = "l.ended_at IS NULL AND l.item_id <> ''"

LATE = "SELECT kind, subject_id, last_error FROM due WHERE due_at < {now}"
UNEXPLAINED = (
    "SELECT l.state, l.order_id, l.id FROM loan_line l JOIN loan_order o ON o.id = l.order_id"
    " WHERE l.ended_at IS NULL"
    " AND NOT (l.state = 'on_loan' AND EXISTS (SELECT 1 FROM due WHERE due.id = 'loan_due/' || l.id))"
    " AND NOT (l.state = 'on_hold_shelf' AND EXISTS (SELECT 1 FROM due WHERE due.id = 'hold_end/' || l.id))"
    " AND NOT (l.state = 'approved' AND EXISTS (SELECT 1 FROM due WHERE due.id = 'loan_try/' || o.id))"
    " AND NOT EXISTS (SELECT 1 FROM support_case c WHERE c.order_id = o.id AND c.state <> 'closed'"
    " AND c.kind <> 'stuck')"  # those come of a clock that jumps
)
OPEN = "SELECT id, kind, state, line_id FROM stack_command WHERE state IN ('pending', 'sent', 'accepted', 'unsure')"
STRAYS = "SELECT id FROM item WHERE state = 'stray'"  # brought for nobody, and not put back yet
# Each finds what must not be; the first columns tell what it is.
NEVER: Sequence[tuple[str, str]] = (
    (
        "books of orders that neither ended nor wait for anything known",
        UNEXPLAINED,
    ),
    (
        "orders whose books have all ended and that have not",
        "SELECT o.id, o.state FROM loan_order o WHERE o.closed_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM loan_line l WHERE l.order_id = o.id AND l.ended_at IS NULL)",
    ),
    (
        "books promised to two at once",
        f"SELECT l.item_id, string_agg(l.id || ' ' || l.state, ', ') FROM loan_line l WHERE {_LIVING}"
        " GROUP BY l.item_id HAVING count(*) > 1",
    ),
    (
        "books of living lines that another has, or nobody",
        "SELECT l.id, l.state, i.id, i.state, i.line_id FROM loan_line l JOIN item i ON i.id = l.item_id"
        f" WHERE {_LIVING} AND i.line_id <> l.id AND l.state NOT IN ('approved', 'troubled')",
    ),
    (
        "books that a line has that knows nothing of them",
        "SELECT i.id, i.state, i.line_id, l.state FROM item i LEFT JOIN loan_line l ON l.id = i.line_id"
        " WHERE i.line_id <> '' AND (l.id IS NULL OR l.item_id <> i.id OR l.ended_at IS NOT NULL)",
    ),
    (
        "books that are held by nobody and not free",
        "SELECT id, state FROM item WHERE line_id = '' AND state NOT IN ('available', 'missing', 'damaged', 'lost')",
    ),
    (
        "books sent or shelved without a right scan of theirs before",
        "SELECT l.id, e.kind FROM order_event e JOIN loan_line l ON l.id = e.line_id"
        " WHERE e.source = 'house' AND e.kind IN ('handed_over', 'shelved') AND NOT EXISTS ("
        " SELECT 1 FROM scan_record s JOIN order_event a ON a.line_id = s.line_id AND a.kind = 'allocated'"
        " WHERE s.line_id = e.line_id AND s.step = 'pick' AND s.\"right\" AND s.scanned = s.expected"
        " AND a.number < e.number AND a.data LIKE '%' || s.scanned || '%' AND s.at <= e.received_at)",
    ),
    (
        "orders whose events have a gap",
        "SELECT o.id, o.events, count(e.id), max(e.number) FROM loan_order o JOIN order_event e ON e.order_id = o.id"
        " GROUP BY o.id HAVING count(e.id) <> o.events OR max(e.number) <> o.events"
        " OR count(DISTINCT e.number) <> o.events"
        " OR count(e.id) FILTER (WHERE e.source = 'house') <> o.house_events",
    ),
    (
        "the same word of a machine twice in an order",
        "SELECT order_id, source, epoch, sequence FROM order_event WHERE source LIKE 'device:%' AND sequence > 0"
        " GROUP BY 1, 2, 3, 4 HAVING count(*) > 1",
    ),
    (
        "cards whose count is wrong",
        "SELECT c.reader_id, c.held, count(l.id) FROM reader_card c LEFT JOIN loan_order o ON o.reader_id = c.reader_id"
        " LEFT JOIN loan_line l ON l.order_id = o.id AND l.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM order_event e"
        " WHERE e.line_id = l.id AND e.kind IN ('cancelled', 'not_collected'))"
        " GROUP BY c.reader_id, c.held HAVING c.held <> count(l.id)",
    ),
    (
        "times whose count is wrong",
        "SELECT d.id, d.taken, count(o.id) FROM slot_day d LEFT JOIN loan_order o ON o.slot_id = d.slot_id"
        " AND o.slot_day = d.day"
        " GROUP BY d.id, d.taken HAVING d.taken <> count(o.id)",
    ),
    (
        "commands to machines that have come to no end",
        OPEN,
    ),
    (
        "what machines said and nobody understood",
        "SELECT kind, problem, body FROM stack_event WHERE state = 'dead' OR alarm",
    ),
    (
        "promises that nobody kept",
        LATE,
    ),
    (
        "parcels with a book that is elsewhere",
        "SELECT p.id, p.state, l.state FROM parcel p JOIN loan_line l ON l.parcel_id = p.id WHERE p.direction = 'out'"
        " AND p.state IN ('packed', 'labelled') AND l.ended_at IS NULL",
    ),
    ("mails written twice", "SELECT event_key FROM mail_out GROUP BY event_key HAVING count(*) > 1"),
)


def found(url: str, now: int) -> dict[str, bool]:
    """Every check with whether it holds; what was found stands in the text."""
    checks = {}
    for what, query in NEVER:
        rows = sql.ask(url, query.replace("{now}", str(now)))
        checks[f"{what}: {_some(rows)}"] = not rows
    return checks


def machines(url: str, kept: Iterable[tuple[str, Machine, Path]]) -> dict[str, bool]:
    """What machines remember, against our books: ``kept`` is device, machine and its first stock."""
    checks = {}
    for device, machine, stock in kept:
        lines = list(machine.lines())
        checks |= _executed(url, device, lines)
        checks |= _inside(url, device, lines, stock)
    return checks


def _executed(url: str, device: str, lines: Sequence[dict[str, object]]) -> dict[str, bool]:
    """No command was done twice, none that we did not give; everything that was said was kept."""
    told = [event for line in lines if isinstance(event := line.get("event"), dict)]
    begun = Counter(event["id"] for event in told if event["kind"] == "accepted")
    brought = Counter(event["id"] for event in told if event["kind"] in ("retrieved", "put_away"))
    twice = [
        (name, str(count)) for name, count in (begun + brought).items() if max(begun[name], brought[name]) > 1
    ]
    given = {row[0] for row in sql.ask(url, f"SELECT id FROM stack_command WHERE device_id = '{device}'")}
    strange = [(name,) for name in begun.keys() - given]
    rows = sql.ask(url, f"SELECT epoch, sequence FROM stack_event WHERE device_id = '{device}' AND NOT alarm")
    missing = {(str(event["e"]), str(event["n"])) for event in told} - set(rows)
    ended = dict(sql.ask(url, f"SELECT id, state FROM stack_command WHERE device_id = '{device}'"))
    other = [
        (str(line["done"]), str(line["state"]), ended.get(str(line["done"]), ""))
        for line in lines
        if "done" in line and ended.get(str(line["done"])) != line["state"]
    ]
    # A cancellation that came in time ends both: the machine says "cancelled" of what we call done.
    other = [row for row in other if {row[1], row[2]} != {"cancelled", "done"}]
    return {
        f"{device} executed twice, of {len(begun)}: {_some(twice)}": not twice and len(begun) > 0,
        f"{device} executed what nobody told it: {_some(strange)}": not strange,
        f"{device} said what was not kept, of {len(told)}: {_some(sorted(missing))}": not missing,
        f"{device} ended a command otherwise than we think: {_some(other)}": not other,
    }


def _inside(url: str, device: str, lines: Sequence[dict[str, object]], stock: Path) -> dict[str, bool]:
    """What is in the machine is free or promised in our books, and the other way round."""
    inside = {row.partition(",")[0] for row in stock.read_text(encoding="utf-8").split()}
    for line in lines:
        if "item" in line:
            (inside.add if line["tote"] else inside.discard)(str(line["item"]))
    ours = dict(
        sql.ask(
            url,
            "SELECT i.barcode, i.state FROM item i JOIN stack_device d ON d.store_id = i.store_id"
            f" WHERE d.id = '{device}'",
        )
    )
    here = {barcode for barcode, state in ours.items() if state in ("available", "reserved")}
    wrong = [(barcode, ours.get(barcode, "unknown")) for barcode in sorted(inside ^ here)]
    return {f"{device} holds what our books say, of {len(inside)} books; not so: {_some(wrong)}": not wrong}


def _some(rows: Sequence[Sequence[str]]) -> str:
    """How many, and the first few."""
    shown = "; ".join(" ".join(row)[:160] for row in rows[:4])
    return f"{len(rows)}{f' ({shown})' if rows else ''}"
