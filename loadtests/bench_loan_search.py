"""How long readers wait for the loan catalogue over 600 000 titles with 900 000 copies, on PostgreSQL, over HTTP.

    python -m loadtests.bench_loan_search
    python -m loadtests.bench_loan_search --records 100000 --searches 400
    python -m loadtests.bench_loan_search --database postgresql://…/filled --database-pid 123   (filled before)
    python -m loadtests.bench_loan_search --best-of 5      on a busy machine: of each question the quickest of five

Fills as bench_search does, puts one or two copies of every title into five stores, lets the product find their
classes, and asks: two characters that stand in many titles, in few, whole titles, numbers, words that never meet; a
class page by page, a title, the first page. Exit status 1 when the 99th percentile of any kind takes over 50 ms.
"""

import time
from collections.abc import Mapping
from http.client import HTTPConnection
from urllib.parse import urlencode

from loadtests import rig, sql
from loadtests.bench_search import TARGET_MS, Questions, percentile, served, wanted

STORES = 5
SEARCHES = ("common", "common together", "rare", "title", "number", "never")
PAGES = ("class", "title page", "new books", "home")
SHELVE = (
    "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn, created_at)"
    " SELECT 'store-' || n, (SELECT id FROM library LIMIT 1), 's' || n, '书库' || n, 'Store ' || n,"
    f" CASE WHEN n < 3 THEN 'smart' ELSE 'ordinary' END, 'centre', '', '', TRUE, 0, 0"
    f" FROM generate_series(1, {STORES}) n",
    "INSERT INTO item (id, record_id, barcode, library_id, store_id, location, tote, state, order_id, line_id,"
    " new_until_at, added_at, note) SELECT 'i' || r.id || '-' || c, r.id, 'B' || r.id || '-' || c, r.library_id,"
    f" 'store-' || (1 + (r.id + c) % {STORES}), 'A', '',"
    " CASE WHEN (r.id + c) % 7 = 0 THEN 'out' ELSE 'available' END,"
    " '', '', NULL, r.id, '' FROM bibliographic_record r CROSS JOIN generate_series(0, 1) c"
    " WHERE c = 0 OR r.id % 2 = 0",
    "ANALYZE item",
)


def shelve(url: str) -> None:
    """Copies of every title, in a few statements."""
    began = time.monotonic()
    sql.tell(url, *SHELVE)
    print(f"  copies: {time.monotonic() - began:.0f} s", flush=True)


def classed(url: str, seconds: float) -> None:
    """Wait until the product has found every title's class."""
    began = time.monotonic()
    while True:
        ((known,),) = sql.ask(url, "SELECT COUNT(*) FROM loan_title")
        ((whole,),) = sql.ask(url, "SELECT COUNT(DISTINCT record_id) FROM item")
        if known == whole:
            break
        if time.monotonic() - began > seconds:
            raise SystemExit(f"only {known} of {whole} titles have their class after {seconds:.0f} s")
        time.sleep(1)
    print(f"  classes: {time.monotonic() - began:.0f} s", flush=True)


def ask(connection: HTTPConnection, path: str) -> float:
    """Milliseconds until the whole answer was there."""
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
    return took


def path_of(kind: str, questions: Questions, number: int, records: int) -> str:
    match kind:
        case "class":
            before = 1 + number * 7919 % records
            return f"/api/loans/classes/{'IKTFG'[number % 5]}?cursor={before}"
        case "title page":
            return f"/api/loans/titles/{1 + number * 7919 % records}"
        case "new books":
            return "/api/loans/new"
        case "home":
            return "/loans"
    asked: Mapping[str, str] = questions.of(kind)
    return f"/api/loans/titles?{urlencode({'q': asked['q']})}"


def measure(server: rig.Measured, searches: int, records: int, best_of: int) -> bool:
    """Ask each kind so often, in turn; true when all are quick."""
    connection, questions = HTTPConnection("127.0.0.1", server.port, timeout=60), Questions(7)
    kinds = (*SEARCHES, *PAGES)
    for number in range(20 * len(kinds)):  # statements prepared, pages in memory
        ask(connection, path_of(kinds[number % len(kinds)], questions, number, records))
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(searches):
        kind = kinds[number % len(kinds)]
        path = path_of(kind, questions, number, records)
        times[kind].append(min(ask(connection, path) for _ in range(best_of)))
    print(f"  {'question':16} {'p50':>7} {'p99':>7}")
    for kind, took in times.items():
        print(f"  {kind:16} {percentile(took, 0.5):5.1f}ms {percentile(took, 0.99):5.1f}ms")
    return rig.judge(
        {
            f"p99 of {kind}: at most {TARGET_MS} ms": percentile(took, 0.99) <= TARGET_MS
            for kind, took in times.items()
        }
    )


def main() -> int:
    args = wanted(__doc__, searches=2_000)
    with served(args, shelve) as (server, url):
        classed(url, 900)
        print(f"{args.records:,} titles on PostgreSQL, {args.searches} questions, one after the other")
        return 0 if measure(server, args.searches, args.records, args.best_of) else 1


if __name__ == "__main__":
    raise SystemExit(main())
