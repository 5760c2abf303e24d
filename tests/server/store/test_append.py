"""The fast lane: numbers without gaps, resends absorbed, nothing acknowledged before it is on disk."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.errors import Unavailable
from server.settings import Settings
from server.store import postgres
from server.store.database import Database, NewMessage, Outcome, open_database
from server.store.sqlite import SqliteDatabase

_SESSION = (
    "INSERT INTO chat_session (id, desk_id, target_desk_id, target_staff_id, reader_key, reader_id, reader_name, topic,"
    " language, state, priority, practice, queued_at, circle_from_at, offered_to, offer_id, declined, staff_id,"
    " supervisor_id, question, page_url, page_title, previous_id, end_reason, rating,"
    " rating_comment, documents, created_at) VALUES ($1, 'd', 'd', '', $1, '', '', 'reference', 'zh', 'active', 0,"
    " FALSE, 0, 0, '', '', '', '', '', '', '', '', '', '', '', '', 0, 0)"
)
_LOG = "INSERT INTO chat_log (session_id, crew, open, last_seq, last_staff_seq) VALUES ($1, 0, TRUE, 0, 0)"


def message(session: str, client_id: str, *, crew: int = 0) -> NewMessage:
    return NewMessage(session, crew, client_id, "reader", "", "", "message", "您好", "", 0)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = open_database(Settings(database_url=database_url))
    await database.open()
    async with database.transaction() as tx:
        for number in range(5):
            await tx.execute(_SESSION, f"s{number}")
            await tx.execute(_LOG, f"s{number}")
    yield database
    await database.close()


async def test_numbers_are_gapless_whatever_arrives_together(database: Database) -> None:
    answers = await asyncio.gather(
        *(database.append(message(f"s{number % 5}", f"c{number}")) for number in range(200)),
        *(database.append(message(f"s{number % 5}", f"c{number}")) for number in range(200)),
    )
    assert {answer.outcome for answer in answers} == {Outcome.STORED, Outcome.AGAIN}
    for session in range(5):
        rows = await database.read.rows(
            "SELECT seq FROM chat_event WHERE session_id = $1 ORDER BY seq", f"s{session}"
        )
        assert [row["seq"] for row in rows] == list(range(1, 41))
        row = await database.read.row("SELECT last_seq FROM chat_log WHERE session_id = $1", f"s{session}")
        assert row is not None and row["last_seq"] == 40


async def test_a_resend_gets_the_first_acknowledgement(database: Database) -> None:
    first = await database.append(message("s1", "c1"))
    await database.append(message("s1", "c2"))
    again = await database.append(message("s1", "c1"))
    assert (again.outcome, again.seq) == (Outcome.AGAIN, first.seq)
    assert (await database.append(message("s1", "c3"))).seq == 3


async def test_who_left_the_crew_cannot_write_any_more(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE chat_log SET crew = crew + 1 WHERE session_id = 's1'")
    assert (await database.append(message("s1", "c1"))).outcome is Outcome.STALE
    assert (await database.append(message("s1", "c1", crew=1))).seq == 1


async def test_an_ended_conversation_takes_nothing_but_still_answers_resends(database: Database) -> None:
    await database.append(message("s1", "c1"))
    async with database.transaction() as tx:
        await tx.execute("UPDATE chat_log SET open = FALSE WHERE session_id = 's1'")
    assert (await database.append(message("s1", "c1"))).outcome is Outcome.AGAIN
    assert (await database.append(message("s1", "c2"))).outcome is Outcome.CLOSED
    assert (await database.append(message("nowhere", "c2"))).outcome is Outcome.CLOSED


@pytest.mark.parametrize("company", [0, 2, 20])
async def test_of_those_that_arrive_together_each_gets_its_own_answer(
    database: Database, company: int
) -> None:
    await database.append(message("s0", "old"))
    async with database.transaction() as tx:
        await tx.execute("UPDATE chat_log SET crew = crew + 1 WHERE session_id = 's2'")
        await tx.execute("UPDATE chat_log SET open = FALSE WHERE session_id = 's3'")
    others = [message("s4", f"c{number}") for number in range(company)]
    asked = [("s0", "new"), ("s0", "old"), ("s1", "twice"), ("s1", "twice"), ("s2", "stale"), ("s3", "late")]
    answers = await asyncio.gather(*(database.append(m) for m in [*(message(*a) for a in asked), *others]))
    found = [(answer.outcome, answer.seq) for answer in answers]
    assert found[:4] == [(Outcome.STORED, 2), (Outcome.AGAIN, 1), (Outcome.STORED, 1), (Outcome.AGAIN, 1)]
    assert [outcome for outcome, _ in found[4:6]] == [Outcome.STALE, Outcome.CLOSED]
    assert found[6:] == [(Outcome.STORED, number + 1) for number in range(company)]
    few = await asyncio.gather(*(database.append(message("s4", f"d{number}")) for number in range(3)))
    assert [answer.seq for answer in few] == [company + 1, company + 2, company + 3]
    assert (await database.append(message("s4", "e", crew=7))).outcome is Outcome.STALE


async def test_processes_that_share_a_database_gather_messages_into_fewer_commits(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MOMENT_SHARED_SECONDS", 1.0)  # as slow as a test machine may be
    database = open_database(Settings(database_url=postgres_url))
    await database.open()
    async with database.transaction() as tx:
        await tx.execute(_SESSION, "s0")
        await tx.execute(_LOG, "s0")
    for shared, commits in ((False, 3), (True, 2)):
        database.shared, before = shared, database.tally.commits
        await database.append(message("s0", f"{shared}-1"))
        second = asyncio.ensure_future(database.append(message("s0", f"{shared}-2")))
        await database.check()  # a whole round trip later, a commit that waited for nobody is under way
        third = await database.append(message("s0", f"{shared}-3"))
        assert (await second).seq == third.seq - 1
        assert database.tally.commits - before == commits
    await database.close()


async def test_a_refused_unit_rolls_back_alone(database: Database) -> None:
    async def unit(number: int) -> None:
        async with database.transaction() as tx:
            await tx.execute("UPDATE chat_session SET documents = documents + 1 WHERE id = 's0'")
            if number % 2:
                raise KeyError(number)

    done = await asyncio.gather(*(unit(number) for number in range(40)), return_exceptions=True)
    assert sum(isinstance(outcome, KeyError) for outcome in done) == 20
    row = await database.read.row("SELECT documents FROM chat_session WHERE id = 's0'")
    assert row is not None and row["documents"] == 20


async def test_a_cancelled_unit_leaves_nothing_and_holds_up_nobody(database: Database) -> None:
    inside = asyncio.Event()

    async def unit() -> None:
        async with database.transaction() as tx:
            await tx.execute("UPDATE chat_session SET documents = 99 WHERE id = 's0'")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(unit())
    await inside.wait()
    waiting = asyncio.create_task(database.append(message("s0", "c1")))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await waiting).seq == 1
    row = await database.read.row("SELECT documents FROM chat_session WHERE id = 's0'")
    assert row is not None and row["documents"] == 0


async def test_a_failed_commit_fails_everybody_who_waited_for_it(sqlite_url: str) -> None:
    database = open_database(Settings(database_url=sqlite_url))
    assert isinstance(database, SqliteDatabase)
    await database.open()
    async with database.transaction() as tx:
        await tx.execute(_SESSION, "s1")
        await tx.execute(_LOG, "s1")
    other = sqlite3.connect(database.path, isolation_level=None, timeout=0)
    database._connection.execute("PRAGMA busy_timeout=0")  # the real driver's real failure, only sooner
    other.execute("BEGIN IMMEDIATE")
    done = await asyncio.gather(
        *(database.append(message("s1", f"c{number}")) for number in range(3)), return_exceptions=True
    )
    assert all(isinstance(outcome, Unavailable) for outcome in done)
    other.execute("ROLLBACK")
    other.close()
    assert (await database.append(message("s1", "c1"))).seq == 1
    await database.close()


_WRITER = """
import asyncio, sys
from server.settings import Settings
from server.store.database import NewMessage, open_database

async def main():
    database = open_database(Settings(database_url=sys.argv[1]))
    await database.open()
    async def talk(lane):
        for number in range(100000):
            name = f"{lane}-{number}"
            answer = await database.append(NewMessage("s1", 0, name, "reader", "", "", "message", "x", "", 0))
            sys.stdout.write(f"{answer.seq} {name}\\n")
            sys.stdout.flush()
    await asyncio.gather(*(talk(lane) for lane in range(8)))

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(database: Database, database_url: str) -> None:
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITER, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    acknowledged: dict[str, int] = {}
    while len(acknowledged) < 300:
        seq, name = (await writer.stdout.readline()).decode().split()
        acknowledged[name] = int(seq)
    writer.send_signal(signal.SIGKILL)
    rest = (await writer.stdout.read()).decode().splitlines()[:-1]  # the last line may be cut
    acknowledged |= {name: int(seq) for seq, name in (line.split() for line in rest)}
    await writer.wait()
    rows = await database.read.rows(
        "SELECT seq, client_id FROM chat_event WHERE session_id = 's1' ORDER BY seq"
    )
    stored = {row["client_id"]: row["seq"] for row in rows}
    assert acknowledged.items() <= stored.items()
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))


def test_the_disk_has_it_before_the_acknowledgement_leaves(sqlite_url: str, tmp_path: Path) -> None:
    """Loss of power, proved by order: between writing a message and acknowledging it stands an fsync of the log."""
    from tests.servers.machine import machine_cannot

    if shutil.which("strace") is None:
        machine_cannot("trace system calls: strace is not installed")
    with sqlite3.connect(sqlite_url.removeprefix("sqlite://")) as connection:
        for statement in (_SESSION, _LOG):
            connection.execute(statement.replace("$1", "'s1'"))
    trace = tmp_path / "trace"
    strace = ["strace", "-f", "-y", "-s", "0", "-e", "trace=write,pwrite64,fsync,fdatasync"]
    writer = subprocess.Popen(
        [*strace, "-o", str(trace), sys.executable, "-c", _WRITER, sqlite_url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it dies of the closed pipe
        env=os.environ,
    )
    assert writer.stdout is not None
    for _ in range(50):
        assert writer.stdout.readline()
    writer.stdout.close()
    writer.wait()
    unsynced, acknowledged = 0, 0
    for line in trace.read_text(errors="replace").splitlines():
        call = line.partition(" ")[2].lstrip()
        if "-wal>" in call and call.startswith(("pwrite64", "write")):
            unsynced += 1
        elif "-wal>" in call and call.startswith(("fsync", "fdatasync")):
            unsynced = 0
        elif call.startswith("write(1<pipe"):
            acknowledged += 1
            assert unsynced == 0, "a message was acknowledged before the disk had it"
    assert acknowledged > 20
