"""Figures kept in advance are those that a count over the whole archive would give, whatever happens meanwhile."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.actions.dues import run_due
from server.actions.figure_keeping import keep_day, promise_figures
from server.domain.consultations import Step
from server.domain.figures import Key, after_end, start_of
from server.domain.task_policies import TaskPolicy
from server.store.consultations import add_step, keep_policy, mark_consultation_rated
from server.store.figures import counts_of
from server.store.rows import from_us, to_us
from tests.server.actions.conftest import Alliance
from workers.promises import PROMISES

ZONE = ZoneInfo("Asia/Shanghai")
CHANNELS = ("document", "document", "document", "form", "knowledge", "phone")
KINDS = {"document": ("exact", "similar", "not_found")}


async def fill(alliance: Alliance, number: int, chance: random.Random) -> list[str]:
    """Consultations of some weeks: open, answered, cancelled, rated, graded; some handed back before."""
    ids = alliance.ctx.ids
    async with alliance.ctx.transaction() as tx:
        strict = await keep_policy(tx, TaskPolicy())
        longer = await keep_policy(tx, TaskPolicy(strict_hours=96))
    made = []
    for _ in range(number):
        library = chance.choice(list(alliance.libraries.values()))
        answering = chance.choice(list(alliance.libraries.values()))
        channel = chance.choice(CHANNELS)
        submitted = alliance.clock.now() - timedelta(minutes=chance.randint(1, 60 * 24 * 45))
        answered = submitted + timedelta(minutes=chance.choice((1, 40, 600, 4319, 4320, 4321, 6000, 9000)))
        state = "answered" if answered <= alliance.clock.now() else chance.choice(("open", "cancelled"))
        done = state == "answered"
        row = {
            "id": ids.new(),
            "task_id": ids.new(),
            "state": state,
            "channel": channel,
            "material": chance.choice(("book", "thesis")) if channel == "document" else "",
            "desk_id": "desk",
            "library_id": library,
            "language": "zh",
            "title": "题名",
            "client_id": ids.new(),
            "policy_id": chance.choice((strict, longer)),
            "submitted_at": to_us(submitted),
            "answered_at": to_us(answered) if done else None,
            "answer_kind": chance.choice(KINDS.get(channel, ("text",))) if done else "",
            "answered_by": chance.choice(("lin", "wu")) if done else "",
            "answered_library_id": answering if done else "",
            "rating": chance.choice(("", "satisfied", "fair")) if done else "",
            "grade": chance.choice(("", "", "excellent", "fail")) if done else "",
        }
        await insert(alliance, "consultation", row)
        await insert(alliance, "task", task_of(row))
        if chance.random() < 0.3:
            await insert(alliance, "claim", claim_of(ids.new(), row, answering))
        made.append(row["id"])
    return made


def task_of(row: dict[str, Any]) -> dict[str, Any]:
    same = ("state", "channel", "material", "desk_id", "library_id", "language", "title")
    copied = {name: row[name] for name in same}
    return copied | {
        "id": row["task_id"],
        "state": "done",
        "clock_from_at": row["submitted_at"],
        "created_at": row["submitted_at"],
    }


def claim_of(claim_id: str, row: dict[str, Any], library: str) -> dict[str, Any]:
    started = row["submitted_at"]
    ended = started + 3_600_000_000
    return {
        "id": claim_id,
        "task_id": row["task_id"],
        "number": 1,
        "staff_id": "mei",
        "library_id": library,
        "claimed_at": started,
        "ended_at": ended,
        "outcome": "handed_back",
    }


DEFAULTS: dict[str, dict[str, Any]] = {
    "consultation": {
        **dict.fromkeys(("reader_id", "session_id", "name", "mail", "phone", "topic", "citation"), ""),
        **dict.fromkeys(("question", "transcript", "record_id", "submitted_by", "answer_id"), ""),
        **dict.fromkeys(("rating", "rating_comment", "grade", "grade_row"), ""),
        "foreign_document": False,
        "show_title": False,
        "stage": 0,
    },
    "task": {
        **dict.fromkeys(("match_key", "holder_id", "holder_library_id"), ""),
        **dict.fromkeys(("stage", "consultations", "claim_number"), 0),
        "foreign_document": False,
    },
    "claim": {},
    "answer": {},
}


async def insert(alliance: Alliance, table: str, row: dict[str, Any]) -> None:
    row = DEFAULTS[table] | row
    marks = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    async with alliance.ctx.transaction() as tx:
        await tx.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())


async def naive(alliance: Alliance, span: str, start: date, key: Key) -> Counter[str]:
    """The same counts from the archive itself, row by row."""
    found: Counter[str] = Counter()
    end = after_end(span, start)

    def within(us: int | None) -> bool:
        return us is not None and start <= from_us(us).astimezone(ZONE).date() < end

    strict = {
        row["id"]: 96 if '"strict_hours": 96' in row["content"] else 72
        for row in await alliance.ctx.db.read.rows("SELECT * FROM task_policy_set")
    }
    for c in await alliance.ctx.db.read.rows("SELECT * FROM consultation"):
        of_kind = key.channel in ("", c["channel"]) and key.material in ("", c["material"])
        if of_kind and not key.staff_id and key.library_id in ("", c["library_id"]):
            found["submitted"] += within(c["submitted_at"])
        answering = key.staff_id in ("", c["answered_by"]) and key.library_id in (
            "",
            c["answered_library_id"],
        )
        if of_kind and answering and within(c["answered_at"]):
            found["answered"] += 1
            found["documents"] += c["answer_kind"] in ("exact", "similar")
            took = c["answered_at"] - c["submitted_at"]
            found["in_time" if took <= strict[c["policy_id"]] * 3_600_000_000 else "late"] += 1
            for said in (c["rating"], c["grade"]):
                found[said] += said != ""
    for claim in await alliance.ctx.db.read.rows(
        "SELECT claim.*, task.channel, task.material FROM claim JOIN task ON task.id = claim.task_id"
    ):
        of_kind = key.channel in ("", claim["channel"]) and key.material in ("", claim["material"])
        theirs = key.staff_id in ("", claim["staff_id"]) and key.library_id in ("", claim["library_id"])
        found["returns"] += of_kind and theirs and within(claim["ended_at"])
    return +found


async def assert_all_agree(alliance: Alliance) -> None:
    home = alliance.libraries["home"]
    keys = [Key(), Key("", "", "document"), Key("", "", "document", "thesis"), Key(home)]
    keys += [Key(home, "", "form"), Key(home, "", "document", "book"), Key(home, "lin"), Key(home, "mei")]
    keys.append(Key(home, "wu", "document"))
    today = alliance.clock.now().astimezone(ZONE).date()
    for span in ("day", "week", "month", "year"):
        starts = {start_of(span, today - timedelta(days=back)) for back in range(0, 50, 3)}
        for start in starts:
            kept = await counts_of(alliance.ctx.db.read, span, start)
            for key in keys:
                wanted = await naive(alliance, span, start, key)
                counted = kept.get(key, Counter())
                told = Counter({name: n for name, n in counted.items() if name in wanted or not timed(name)})
                assert +told == wanted, (span, start, key)
                timings = sum(n for name, n in counted.items() if timed(name))
                assert timings == wanted["answered"]


def timed(name: str) -> bool:
    return name[0] == "t" and name[1:].isdigit()


async def keep(alliance: Alliance) -> None:
    """What a worker does until nothing is due."""
    while await run_due(alliance.ctx, {"figures": PROMISES["figures"]}):
        pass


async def test_kept_figures_are_those_of_a_naive_count(alliance: Alliance) -> None:
    chance = random.Random(5)
    made = await fill(alliance, 120, chance)
    await promise_figures(alliance.ctx)
    await keep(alliance)
    await assert_all_agree(alliance)

    # Later: new ones come, old ones are rated and converted, a grade is given.
    alliance.clock.advance(timedelta(hours=30))
    await fill(alliance, 5, random.Random(6))  # far back, too: as if entered late
    answered = await alliance.ctx.db.read.rows(
        "SELECT id FROM consultation WHERE state = 'answered' AND rating = '' LIMIT 20"
    )
    for row in answered:
        await rate(alliance, row["id"])
    await convert(alliance, made)
    await grade(alliance, answered[0]["id"])
    days = [(alliance.clock.now() - timedelta(days=back)).astimezone(ZONE).date() for back in range(50)]
    alliance.clock.advance(timedelta(seconds=1))
    await keep(alliance)
    async with alliance.ctx.transaction() as tx:
        for day in days[10:]:  # what was entered with old dates is for a count of the whole
            await keep_day(alliance.ctx, tx, day)
    await assert_all_agree(alliance)


async def test_late_ratings_and_grades_are_found(alliance: Alliance) -> None:
    await fill(alliance, 60, random.Random(7))
    await promise_figures(alliance.ctx)
    await keep(alliance)
    rows = await alliance.ctx.db.read.rows(
        "SELECT id FROM consultation WHERE state = 'answered' AND rating = '' AND grade = ''"
        " ORDER BY answered_at LIMIT 3"
    )
    alliance.clock.advance(timedelta(days=3))
    await rate(alliance, rows[0]["id"])
    await grade(alliance, rows[1]["id"])
    await keep(alliance)
    await assert_all_agree(alliance)


async def test_counting_a_day_again_changes_nothing_and_a_crash_leaves_the_day_before(
    alliance: Alliance,
) -> None:
    await fill(alliance, 40, random.Random(8))
    day = (alliance.clock.now() - timedelta(days=4)).astimezone(ZONE).date()
    with pytest.raises(RuntimeError):
        async with alliance.ctx.transaction() as tx:
            await keep_day(alliance.ctx, tx, day)
            raise RuntimeError("the process is killed")
    assert await counts_of(alliance.ctx.db.read, "day", day) == {}
    for _ in range(2):
        async with alliance.ctx.transaction() as tx:
            await keep_day(alliance.ctx, tx, day)
    kept = await counts_of(alliance.ctx.db.read, "day", day)
    assert kept == await counts_of(alliance.ctx.db.read, "month", start_of("month", day))
    assert kept[Key()]["submitted"] == (await naive(alliance, "day", day, Key()))["submitted"]


async def test_the_day_is_that_of_the_installations_zone(alliance: Alliance) -> None:
    # 23:30 in Shanghai is still the 19th there, though the 19th by UTC has half the day to go.
    await fill(alliance, 1, random.Random(9))
    late = datetime(2026, 11, 19, 23, 30, tzinfo=ZONE)
    async with alliance.ctx.transaction() as tx:
        await tx.execute("UPDATE consultation SET submitted_at = $1", to_us(late))
        await keep_day(alliance.ctx, tx, date(2026, 11, 19))
        await keep_day(alliance.ctx, tx, date(2026, 11, 20))
    assert (await counts_of(alliance.ctx.db.read, "day", date(2026, 11, 19)))[Key()]["submitted"] == 1
    assert "submitted" not in (await counts_of(alliance.ctx.db.read, "day", date(2026, 11, 20))).get(
        Key(), {}
    )


async def rate(alliance: Alliance, consultation_id: str) -> None:
    async with alliance.ctx.transaction() as tx:
        now = alliance.clock.now()
        await mark_consultation_rated(tx, consultation_id, rating="unsatisfied", comment="", at=now)
        await add_step(tx, Step(alliance.ctx.ids.new(), consultation_id, "rated", now, public=False))


async def convert(alliance: Alliance, made: list[str]) -> None:
    async with alliance.ctx.transaction() as tx:
        row = await tx.row("SELECT id FROM consultation WHERE state = 'open' AND channel = 'form'")
        if row is None:
            return
        await tx.execute(
            "UPDATE consultation SET channel = 'document', material = 'book' WHERE id = $1", row["id"]
        )
        now = alliance.clock.now()
        await add_step(tx, Step(alliance.ctx.ids.new(), row["id"], "converted", now))


async def grade(alliance: Alliance, consultation_id: str) -> None:
    async with alliance.ctx.transaction() as tx:
        now = to_us(alliance.clock.now())
        await tx.execute("UPDATE consultation SET grade = 'excellent' WHERE id = $1", consultation_id)
        await tx.execute(
            "INSERT INTO inspection_step (id, consultation_id, step, at, actor_id, answer_id, grade, grade_row,"
            " suggested_row, text) VALUES ($1, $2, 'graded', $3, '', '', 'excellent', 'G-E1', '', '')",
            alliance.ctx.ids.new(),
            consultation_id,
            now,
        )
