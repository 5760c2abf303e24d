"""The demo alliance: complete, believable, put in once, on both databases."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.actions.catalogue import search_records
from server.actions.passwords import passwords_of
from server.context import Context, make_context
from server.demo.cast import mail_of, read_alliance
from server.demo.seeding import PASSWORD, log_ins, seed
from server.demo.talks import read_talks
from server.domain.forms import Form
from server.domain.hours import open_at
from server.domain.permissions import NOBODY, Role
from server.domain.phrases import usable, wording
from server.domain.search_words import Search
from server.settings import Settings
from server.store.accounts import account_by_mail, grants_of
from server.store.boards import figures_since
from server.store.hours import hours_of
from server.store.phrases import phrases_for


@pytest.fixture
async def demo(database_url: str, tmp_path: Path) -> AsyncIterator[Context]:
    """A seeded database."""
    ctx = make_context(
        Settings(
            environment="demo",
            database_url=database_url,
            files_dir=str(tmp_path / "files"),
            argon2_time_cost=1,
            argon2_memory_kib=64,
        )
    )
    await ctx.db.open()
    assert await seed(ctx)
    yield ctx
    await ctx.db.close()


async def test_seeding_again_changes_nothing(demo: Context) -> None:
    async def counts() -> list[int]:
        tables = ("library", "desk", "account", "role_grant", "canned_phrase", "chat_session", "chat_event")
        rows = [await demo.db.read.row(f"SELECT COUNT(*) AS n FROM {table}") for table in tables]
        return [row["n"] for row in rows if row]

    before = await counts()
    assert not await seed(demo)
    assert await counts() == before
    assert before[0] == 12
    assert before[5] >= 55


async def test_every_role_can_log_in_with_the_one_password(demo: Context) -> None:
    roles = set()
    for login in log_ins():
        account = await account_by_mail(demo.db.read, login.mail)
        assert account is not None
        assert account.name == login.name
        assert (await passwords_of(demo).check(PASSWORD, account.password_hash)).right
        roles |= {grant.role for grant in await grants_of(demo.db.read, account.id)} or {Role.READER}
    assert roles == set(Role)


async def test_past_conversations_are_whole(demo: Context) -> None:
    rows = await demo.db.read.rows(
        "SELECT s.id, l.last_seq, l.last_staff_seq, s.state, s.accepted_at, s.queued_at, s.ended_at, e.audience, e.seq,"
        " e.at FROM chat_session s JOIN chat_log l ON l.session_id = s.id JOIN chat_event e ON e.session_id = s.id"
        " ORDER BY s.id, e.audience, e.seq"
    )
    numbers: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        numbers.setdefault((row["id"], row["audience"]), []).append(row["seq"])
        assert row["queued_at"] <= row["at"]
        assert row["ended_at"] is not None
    last = {row["id"]: (row["last_seq"], row["last_staff_seq"]) for row in rows}
    for (session_id, audience), taken in numbers.items():
        assert taken == list(range(1, last[session_id][audience == "staff"] + 1)), "gapless"
    unfinished = await demo.db.read.rows(
        "SELECT s.id FROM chat_session s LEFT JOIN wrap_up w ON w.session_id = s.id"
        " WHERE s.state = 'closed' AND s.accepted_at IS NOT NULL AND w.session_id IS NULL"
    )
    assert not unfinished, "archived with their records (R-LIVE.5)"


async def test_conversations_lie_in_the_last_two_weeks_and_none_in_the_future(demo: Context) -> None:
    now = demo.clock.now()
    everything = await figures_since(demo.db.read, "", now - timedelta(days=22))
    recent = await figures_since(demo.db.read, "", now - timedelta(days=15))
    future = await figures_since(demo.db.read, "", now)
    assert (everything.sessions, future.sessions) == (len(read_talks()), 0)
    assert recent.sessions >= 0.9 * everything.sessions
    assert everything.documents >= 25
    assert everything.abandoned >= 2
    assert everything.form_questions >= 2
    assert set(everything.ratings) == {"satisfied", "fair", "unsatisfied"}


async def test_some_desk_is_open_at_every_hour_of_the_week(demo: Context) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    desks = await demo.db.read.rows("SELECT id FROM desk")
    week = [await hours_of(demo.db.read, desk["id"]) for desk in desks]
    start = demo.clock.now()
    for hour in range(24 * 7):
        at = start + timedelta(hours=hour)
        assert any(open_at(hours, at, zone) for hours in week)


async def test_a_librarian_has_phrases_on_three_levels(demo: Context) -> None:
    lin = await account_by_mail(demo.db.read, mail_of("librarian"))
    assert lin is not None
    phrases = await phrases_for(demo.db.read, staff_id=lin.id, library_id=lin.library_id)
    assert {phrase.level for phrase in phrases} == {"alliance", "library", "personal"}
    nearest = next(phrase for phrase in usable(phrases) if phrase.shortcut == "hi")
    assert nearest.level == "personal"


def test_phrases_keep_to_the_placeholders_there_are() -> None:
    for table in read_alliance()["phrase"]:
        form = Form({name: table.get(name, "") for name in ("shortcut", "text_zh", "text_en")})
        wording(form)
        form.demand()


def test_no_blank_is_left_in_a_talk_and_few_are_told_alike() -> None:
    talks = read_talks()
    for talk in talks:
        said = [talk["question"], *talk.get("lines", []), talk.get("comment", "")]
        assert not any("{" in text for text in said), talk["question"]
        assert all(text[:2] in ("R ", "L ", "D ", "N ") for text in talk.get("lines", []))
    assert max(Counter(talk["question"] for talk in talks).values()) <= 4
    assert sum(talk.get("language") == "en" for talk in talks) >= 4


def test_nobody_can_be_reached_by_what_the_demo_shows() -> None:
    alliance = read_alliance()
    assert all(not library.get("phone") for library in alliance["library"])
    links = [line for talk in read_talks() for line in talk.get("lines", []) if line.startswith("D ")]
    assert all(".example.org" in line for line in links)
    assert all(login.mail.endswith("@example.org") for login in log_ins())


async def test_the_alliances_records_are_found_by_two_characters(demo: Context) -> None:
    found = await search_records(demo, NOBODY, Search("红楼"))
    assert found.total >= 1
    assert {holding.record.title for holding in found.holdings} == {"红楼梦"}


async def test_the_task_pool_shows_every_stage_and_answers_with_ratings(demo: Context) -> None:
    waiting = await demo.db.read.rows(
        "SELECT stage, COUNT(*) AS n FROM task WHERE state <> 'done' GROUP BY stage"
    )
    assert {row["stage"] for row in waiting} == {0, 1, 2, 3}
    states = await demo.db.read.rows("SELECT DISTINCT state FROM task")
    assert {row["state"] for row in states} == {"open", "claimed", "in_release", "done"}
    kinds = await demo.db.read.rows("SELECT DISTINCT answer_kind FROM consultation WHERE state = 'answered'")
    assert {row["answer_kind"] for row in kinds} == {"exact", "similar", "not_found", "text"}
    rated = await demo.db.read.row("SELECT COUNT(*) AS n FROM consultation WHERE rating <> ''")
    assert rated is not None and rated["n"] >= 4
    drawn = await demo.db.read.row("SELECT COUNT(*) AS n FROM inspection WHERE state = 'queued'")
    assert drawn is not None and drawn["n"] >= 4
