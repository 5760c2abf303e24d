"""What a consultation costs from the request to the grade: CPU of the server and of PostgreSQL, each apart.

    python -m loadtests.bench_cycles
    python -m loadtests.bench_cycles --cycles 500 --abreast 8

One cycle: a reader submits a document request, a librarian claims it, uploads an attachment of 20 KB, answers with it,
the reader rates; an inspector grades what the rules draw for inspection, about one answer in twenty (R-QC.3). Every
request goes over HTTP with its log-in, mail is queued and not sent, links are not probed. The inspector comes when all
are rated, goes through the list page by page and confirms each suggested grade; what that costs is in the figure of a
cycle, and printed for one grade apart. The target is 10 ms of CPU for server and PostgreSQL together. Exit status 1
when it is missed.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import uvloop

from loadtests import rig
from loadtests.claims import headers_of
from loadtests.desk import prepare

TARGET = 0.010
Logins = list[dict[str, str]]
People = tuple[Logins, Logins, Logins]  # readers, librarians, inspectors
PDF = b"%PDF-1.7\n" + bytes(20_000)


async def cycle(
    http: httpx.AsyncClient, number: int, reader: dict[str, str], librarian: dict[str, str]
) -> None:
    """One consultation's life."""
    title = f"数字人文研究第 {number} 篇"
    asked = {"title": title, "authors": "王军", "container": "中国图书馆学报", "date": "2020"}
    body = {
        "client_id": f"c{number}",
        "channel": "document",
        "material": "journal_article",
        "citation": {"material": "journal_article", **asked},
        "mail": f"r{number}@readers.test",
    }
    entered = await _call(http, "POST", "/api/desks/bench/consultations", reader, json=body)
    consultation = entered["consultation"]["id"]
    claimed = await _call(http, "POST", f"/api/tasks/{consultation}/claim", librarian)
    upload = f"/api/tasks/{consultation}/files/f{number}?name=article.pdf"
    sent = await _call(http, "PUT", upload, librarian, content=PDF)
    content = {
        "kind": "exact",
        "delivery": "attachment",
        "body": "找到您需要的文献原文。希望对您研究和学习有所帮助。谢谢！",
        "document": {"title": title, "author": "王军", "source": "中国图书馆学报", "date": "2020"},
        "file_ids": [sent["file"]["id"] if "file" in sent else sent["id"]],
    }
    answer = {"claim_number": claimed["claim_number"], "content": content}
    await _call(http, "POST", f"/api/tasks/{consultation}/answer", librarian, json=answer)
    rating = {"rating": "satisfied"}
    await _call(http, "POST", f"/api/consultations/{consultation}/rating", reader, json=rating)


async def _call(
    http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], **more: object
) -> dict:  # type: ignore[type-arg]
    answer = await http.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
    if answer.status_code >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
    return dict(answer.json()) if answer.content else {}


async def grade_drawn(http: httpx.AsyncClient, inspector: dict[str, str]) -> int:
    """Confirm the suggested grade of every answer that waits for an inspector; returns how many there were."""
    graded = 0
    while lines := (await _call(http, "GET", "/api/inspections", inspector))["rows"]:
        for drawn in (line["inspection"] for line in lines):
            judgement = {"version": drawn["version"], "grade": drawn["suggested_grade"]}
            await _call(http, "POST", f"/api/inspections/{drawn['id']}/grade", inspector, json=judgement)
        graded += len(lines)
    return graded


async def measure(
    base: str, server: rig.Measured, database: rig.Measured, people: People, args: argparse.Namespace
) -> bool:
    """The cycles after a short run-up, so many abreast, then the grades; prints the CPU of each part."""
    readers, librarians, inspectors = people
    inspector = headers_of(inspectors[0])
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as http:

        async def lane(at: int, numbers: range) -> None:
            for number in numbers:
                await cycle(
                    http, number, headers_of(readers[number % len(readers)]), headers_of(librarians[at])
                )

        async def lanes(first: int, last: int) -> None:
            await asyncio.gather(
                *(lane(at, range(first + at, last, args.abreast)) for at in range(args.abreast))
            )

        first = 10 * args.abreast
        await lanes(0, first)
        await grade_drawn(http, inspector)
        begun, ours, theirs = time.perf_counter(), server.cpu(), database.cpu()
        await lanes(first, first + args.cycles)
        rated = server.cpu() + database.cpu()
        graded = await grade_drawn(http, inspector)
    seconds = time.perf_counter() - begun
    grades = server.cpu() + database.cpu() - rated
    ours, theirs = (server.cpu() - ours) / args.cycles, (database.cpu() - theirs) / args.cycles
    print(
        f"{args.cycles} cycles with {graded} grades in {seconds:.1f} s: server {ours * 1e3:.2f} ms, PostgreSQL"
        f" {theirs * 1e3:.2f} ms for a cycle, {grades / max(1, graded) * 1e3:.1f} ms for a grade apart;"
        f" 1.678 million cycles take {1_678_000 * (ours + theirs) / 2 / 3600:.1f} h on two cores",
        flush=True,
    )
    return rig.judge({f"{(ours + theirs) * 1e3:.2f} ms of CPU a cycle (<= 10)": ours + theirs <= TARGET})


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cycles", type=int, default=2_000)
    parser.add_argument("--abreast", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shuqiao-cycles-") as name:
        folder = Path(name)
        with rig.database("postgresql", folder) as (url, pids):
            settings: dict[str, Any] = {"embedded_worker": False, "probe_links": False}
            with rig.shuqiao(url, folder, [], **settings) as server:
                environ = rig.environment(url, folder, **settings)
                librarians = prepare(environ, folder, args.abreast)
                wanted = str(max(1, -(-(args.cycles + 10 * args.abreast) // 9)))
                readers = rig.run(environ, "user", "sessions", "--count", wanted, "--role", "reader")
                inspectors = rig.run(environ, "user", "sessions", "--count", "1", "--role", "inspector")
                people = (readers, librarians, inspectors)
                database = rig.Measured(0, pids)
                base = f"http://127.0.0.1:{server.port}"
                good = uvloop.run(measure(base, server, database, people, args))
    return 0 if good else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    raise SystemExit(main())
