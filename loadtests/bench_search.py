"""How long a search over the alliance's records takes, on PostgreSQL, over HTTP, one question after the other.

    python -m loadtests.bench_search
    python -m loadtests.bench_search --records 100000 --searches 500
    python -m loadtests.bench_search --database postgresql://…/filled  (filled before; --database-pid counts its CPU)
    python -m loadtests.bench_search --best-of 5      on a machine with other work: each question's quickest of five

Makes up a catalogue (loadtests/titles.py), imports it with `shuqiao import-records` and asks for common and rare
words, authors, whole titles, numbers, words that never meet, by field, type and language. Times are those of the whole
answer as a client on the same machine sees it; beside them stands how long server and PostgreSQL were busy with it, in
which other work on the machine shows less. Exit status 1 when the 99th percentile of any kind of question
takes over 50 ms.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from loadtests import rig
from loadtests.titles import ASPECTS, FIELDS, LATIN, METHODS, PLACES, Titles, records

TARGET_MS = 50
FLAT, FLAT_FROM = 1.25, 50_000  # the importer's memory may grow by so much, in an import of at least so many
LIBRARY = "bench-lib"
LIBRARIES = "slug,name_zh,name_en,desk_slug,mail,open\n{slug},测试馆,Bench,{slug},d@bench.test,yes\n"


def fill(environ: dict[str, str], folder: Path, count: int) -> None:
    """Import so many made-up records for one library."""
    members, catalogue = folder / "members.csv", folder / "titles.mrc"
    members.write_text(LIBRARIES.format(slug=LIBRARY), encoding="utf-8")
    with catalogue.open("wb") as file:
        for record in records(count):
            file.write(record)
    rig.run(environ, "migrate")
    rig.run(environ, "import-libraries", str(members))
    command = [sys.executable, "-m", "server", "import-records", str(catalogue), "--library", LIBRARY]
    began, sizes = time.monotonic(), []
    with subprocess.Popen(command, env=dict(environ), cwd=rig.ROOT) as process:
        while process.poll() is None:
            sizes.append(rig.Measured(0, [process.pid]).rss_kib() >> 10)
            time.sleep(0.1)
    seconds, early, most = time.monotonic() - began, max(sizes[: 1 + len(sizes) // 4]), max(sizes)
    print(f"  import-records: {count:,} in {seconds:.0f} s, {count / seconds:,.0f} a second;", end=" ")
    print(f"memory {early} MiB in the first quarter, {most} MiB at most", flush=True)
    if process.returncode or (count >= FLAT_FROM and most > FLAT * early):
        raise SystemExit("  import-records: failed, or its memory grew with the file")


class Questions:
    """What readers ask, drawn from the words that the catalogue is made of."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._titles = Titles(1)  # the seed of the import: the same records once more
        self._number = 0
        self.kinds = (
            "common",
            "common together",
            "rare",
            "author",
            "title",
            "number",
            "narrowed",
            "never",
            "latin",
        )

    def of(self, kind: str) -> dict[str, str]:
        """One question's parameters."""
        rng = self._rng
        field, other, aspect = rng.choice(FIELDS), rng.choice(FIELDS), rng.choice(ASPECTS)
        match kind:
            case "common":
                return {"q": rng.choice(("中国", "研究", "发展", "历史", "经济", field[:2]))}
            case "common together":
                return {"q": rng.choice(("中国 研究", "中国研究", f"中国{field}研究", f"{field} {aspect}"))}
            case "rare":
                return {"q": f"{rng.choice(METHODS)} {field}{aspect}"}
            case "author":
                return {"q": rng.choice(self._titles.names), "field": "author"}
            case "title":
                title = self._next()["200"].partition("$f")[0]
                return {"q": title.removeprefix("1 $a").replace("$e", "："), "field": "title"}
            case "number":
                return {"q": self._next()["010"].partition("$d")[0].removeprefix("  $a")}
            case "narrowed":
                language = rng.choice(("zh", "foreign"))
                return {"q": rng.choice(PLACES), "kind": rng.choice(("book", "thesis")), "language": language}
            case "never":
                return {"q": f"{field} {other} {rng.choice(METHODS)} {rng.choice(METHODS)}"}
        return {"q": " ".join(rng.sample(LATIN, 2))}

    def _next(self) -> dict[str, str]:
        """A record that the catalogue has."""
        self._number += 1
        return dict(self._titles.record(self._number))


def ask(connection: HTTPConnection, parameters: Mapping[str, str]) -> tuple[float, int]:
    """Milliseconds until the whole answer was there, and how many titles it counts."""
    began = time.perf_counter()
    connection.request("GET", f"/api/records?{urlencode(parameters)}")
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise SystemExit(f"{parameters}: {answer.status} {body[:300]!r}")
    return took, json.loads(body)["total"]


def measure(server: rig.Measured, searches: int, best_of: int) -> bool:
    """Ask each kind of question so often, in turn; true when all are quick."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    questions = Questions(7)
    for kind in questions.kinds * 20:  # statements prepared, pages in memory
        ask(connection, questions.of(kind))
    times: dict[str, list[float]] = {kind: [] for kind in questions.kinds}
    busy: dict[str, list[float]] = {kind: [] for kind in questions.kinds}
    totals = dict.fromkeys(questions.kinds, 0)
    pids = server.processes()
    for number in range(searches):
        kind = questions.kinds[number % len(questions.kinds)]
        parameters = questions.of(kind)
        before = _busy_ms(pids)
        taken = [ask(connection, parameters) for _ in range(best_of)]
        busy[kind].append((_busy_ms(pids) - before) / best_of)
        times[kind].append(min(took for took, _ in taken))
        totals[kind] += taken[0][1]
    print(f"  {'question':16} {'p50':>7} {'p99':>7} {'CPU p50':>8} {'CPU p99':>8} {'titles':>7}")
    for kind, took in times.items():
        print(_line(kind, took, busy[kind]) + f" {totals[kind] / len(took):7.0f}")
    print(_line("all", *([each for kind in table.values() for each in kind] for table in (times, busy))))
    checks = {
        f"p99 of {kind}: at most {TARGET_MS} ms": percentile(took, 0.99) <= TARGET_MS
        for kind, took in times.items()
    }
    return rig.judge(checks)


def _line(kind: str, took: list[float], busy: list[float]) -> str:
    quick, slow, little, much = (
        percentile(values, share) for values in (took, busy) for share in (0.5, 0.99)
    )
    return f"  {kind:16} {quick:5.1f}ms {slow:5.1f}ms {little:6.1f}ms {much:6.1f}ms"


def _busy_ms(pids: list[int]) -> float:
    """Milliseconds that these processes have run so far."""
    total = 0
    for pid in pids:
        for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # it has just ended
                total += int(stat.read_text().split()[0])
    return total / 1e6


def percentile(values: list[float], share: float) -> float:
    """The value that this share stays below."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def wanted(doc: str | None, *, searches: int) -> argparse.Namespace:
    """What the command line asks of a bench of searches."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=600_000, help="titles in the catalogue (%(default)s)")
    parser.add_argument("--searches", type=int, default=searches, help="questions (%(default)s)")
    parser.add_argument(
        "--best-of", type=int, default=1, help="ask each so often, the quickest counts (%(default)s)"
    )
    parser.add_argument("--database", default="", help="a PostgreSQL database that was filled before")
    parser.add_argument("--database-pid", type=int, action="append", default=[], help="its first process")
    return parser.parse_args()


@contextmanager
def served(
    args: argparse.Namespace, prepare: Callable[[str], None] = lambda url: None
) -> Iterator[tuple[rig.Measured, str]]:
    """A server over the catalogue, and its database: one filled before, or one filled now and prepared."""
    rig.pin_self()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, pids = args.database, args.database_pid
        if not url:
            url, pids = stack.enter_context(rig.database("postgresql", folder))
            fill(rig.environment(url, folder), folder, args.records)
            prepare(url)
        yield stack.enter_context(rig.shuqiao(url, folder, pids)), url


def main() -> int:
    args = wanted(__doc__, searches=1_800)
    with served(args) as (server, _):
        print(f"{args.records:,} titles on PostgreSQL, {args.searches} searches, one after the other")
        return 0 if measure(server, args.searches, args.best_of) else 1


if __name__ == "__main__":
    raise SystemExit(main())
