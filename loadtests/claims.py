"""A thousand librarians reach for a hundred tasks within two seconds, over several processes.

    python -m loadtests.claims                                      both shapes
    python -m loadtests.claims --database postgresql --processes 3 --clients 1000 --tasks 100

Each client claims one task, ten clients the same one, at a random moment of the two seconds. Then one librarian reaches
for twenty tasks at once. In the end: each task has one winner, every loser a named refusal with its rule, nobody holds
more than ten, there was no 5xx; on PostgreSQL the 99th percentile of the answers is at most a second. Exit status 1
when one of these is missed.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx2 as httpx
import uvloop

from loadtests import rig
from loadtests.desk import prepare

WITHIN, CAP = 2.0, 10
SHAPES = {"postgresql": 3, "sqlite": 2}
LOSSES = {("task_taken", "R-72.1")}


def headers_of(login: dict[str, str]) -> dict[str, str]:
    """What a staff member's browser sends along."""
    return {"Cookie": f"sid={login['sid']}", "X-CSRF-Token": login["csrf"]}


async def ask(http: httpx.AsyncClient, base: str, count: int) -> list[str]:
    """So many form questions, in the pool; their numbers are those of their tasks."""
    numbers = []
    for number in range(count):
        body = {
            "client_id": f"q{random.getrandbits(40):x}",
            "question": f"第 {number} 个问题",
            "mail": "a@readers.test",
        }
        answer = await http.post(f"{base}/api/desks/bench/questions", json=body)
        answer.raise_for_status()
        numbers.append(answer.json()["id"])
    return numbers


async def race(
    servers: list[rig.Measured], logins: list[dict[str, str]], args: argparse.Namespace, kind: str
) -> bool:
    """The race and the reach for too many; prints what was found."""
    bases = [f"http://127.0.0.1:{server.port}" for server in servers]
    chance, took, answers = random.Random(72), [], []
    limits = httpx.Limits(max_connections=400)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
        tasks = await ask(http, bases[0], args.tasks)

        async def claim(base: str, login: dict[str, str], task: str, wait: float) -> None:
            await asyncio.sleep(wait)
            begun = time.perf_counter()
            answer = await http.post(f"{base}/api/tasks/{task}/claim", headers=headers_of(login))
            took.append(time.perf_counter() - begun)
            answers.append((task, answer))

        await asyncio.gather(
            *(
                claim(bases[at % len(bases)], login, tasks[at % len(tasks)], chance.uniform(0, WITHIN))
                for at, login in enumerate(logins)
            )
        )
        more = await ask(http, bases[0], 2 * CAP)
        fresh = logins[-1]
        greedy = await asyncio.gather(
            *(
                http.post(f"{bases[at % len(bases)]}/api/tasks/{task}/claim", headers=headers_of(fresh))
                for at, task in enumerate(more)
            )
        )
        mine = (await http.get(f"{bases[0]}/api/pool?view=mine", headers=headers_of(fresh))).json()["rows"]
    won = Counter(task for task, answer in answers if answer.status_code == 200)
    lost = [answer for _, answer in answers if answer.status_code != 200]
    named = {
        (each.json()["error"]["code"], each.json()["error"]["rule"])
        for each in lost
        if each.status_code == 409
    }
    took.sort()
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(
        f"{kind}, {len(servers)} processes: {len(answers)} claims, p50 {p50:.3f} s, p99 {p99:.3f} s",
        flush=True,
    )
    return rig.judge(
        {
            f"{len(won)} of {len(tasks)} tasks have one winner each": won == Counter(tasks),
            f"{len(lost)} losers, each with a named refusal": named == LOSSES
            and all(each.status_code == 409 for each in lost),
            f"{len(mine)} held by who reached for {len(more)} (at most {CAP})": len(mine) == CAP
            and {answer.status_code for answer in greedy} == {200, 409},
            f"p99 {p99:.3f} s (<= 1 on PostgreSQL)": p99 <= 1 or kind != "postgresql",
        }
    )


def run(kind: str, args: argparse.Namespace) -> bool:
    """One shape: its database, its processes, the race."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shuqiao-claims-")))
        url, pids = stack.enter_context(rig.database(kind, folder))
        settings: dict[str, object] = {}
        if kind == "postgresql":
            settings["redis_url"], _ = stack.enter_context(rig.redis(folder / "redis"))
        count = args.processes or SHAPES[kind]
        cores = [str(number % 2) for number in range(count)]
        servers = [
            stack.enter_context(rig.shuqiao(url, folder, pids, core=core, **settings)) for core in cores
        ]
        logins = prepare(rig.environment(url, folder, **settings), folder, args.clients + 1)
        return uvloop.run(race(servers, logins, args, kind))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=list(SHAPES), action="append")
    parser.add_argument("--processes", type=int, default=0, help="how many (3 on PostgreSQL, 2 on SQLite)")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=100)
    args = parser.parse_args()
    good = [run(kind, args) for kind in args.database or SHAPES]  # both shapes, also when the first one fails
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
