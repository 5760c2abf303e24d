"""The archive of answered consultations: found by two characters, within one's scope, page by page."""

from datetime import timedelta
from typing import Any

import pytest

from server.actions.archive_keeping import promise_archive
from server.actions.consultation_archive import Question, read_consultation, search_consultations
from server.actions.dues import run_due
from server.actions.reindexing import reindex
from server.domain.accounts import OPERATOR
from server.domain.consultation_archive import BLOCKS, Sought, library_tag, wider, window, words_sought
from server.domain.errors import Invalid, NotFound
from server.domain.permissions import Actor, Role
from server.store import consultation_archive as archive_rows
from server.store.anonymising import anonymise_questions_of
from server.store.rows import to_us
from tests.server.actions.conftest import Alliance
from tests.server.actions.test_figures import insert
from workers.promises import PROMISES


async def answer(alliance: Alliance, title: str, *, body: str = "请见附件。", **more: Any) -> str:
    """An answered consultation in the archive, a minute after the one before."""
    ids = alliance.ctx.ids
    alliance.clock.advance(timedelta(minutes=1))
    now = to_us(alliance.clock.now())
    home = alliance.libraries["home"]
    row = {
        **{"id": ids.new(), "task_id": ids.new(), "state": "answered", "channel": "document"},
        **{"material": "book", "desk_id": alliance.desks["home"].id, "library_id": home, "language": "zh"},
        **{"title": title, "client_id": ids.new(), "policy_id": "", "submitted_at": now, "answered_at": now},
        **{"answer_kind": "exact", "answered_by": "", "answered_library_id": home, "answer_id": ids.new()},
        **more,
    }
    await insert(alliance, "consultation", row)
    version = {
        **{"id": row["answer_id"], "task_id": row["task_id"], "claim_number": 1, "version": 1},
        **{"replaces_id": "", "state": "sent", "staff_id": row["answered_by"], "library_id": home},
        **{"kind": "exact", "delivery": "attachment", "body": body, "link_url": "", "document": "{}"},
        **{"files": "[]", "facts": "{}", "reason": "", "reviewer_id": "", "released_by": "", "comment": ""},
        **{"created_at": now, "sent_at": now},
    }
    await insert(alliance, "answer", version)
    return str(row["id"])


async def keep(alliance: Alliance) -> None:
    await promise_archive(alliance.ctx)
    while await run_due(alliance.ctx, {"archive": PROMISES["archive"]}):
        pass


async def everywhere(alliance: Alliance) -> Actor:
    return await alliance.actor("boss", alliance.grant(Role.ADMINISTRATOR))


async def titles(alliance: Alliance, actor: Actor, **question: Any) -> list[str]:
    lines, _ = await search_consultations(alliance.ctx, actor, Question(**question))
    return [line.consultation.title for line in lines]


async def test_chinese_is_found_by_any_two_characters_of_title_question_or_answer(
    alliance: Alliance,
) -> None:
    await answer(alliance, "深圳市城市总体规划", question="急用")
    await answer(alliance, "红楼梦研究", body="另附《石头记索隐》目录。")
    await answer(alliance, "Deep Learning", citation='{"author": "Goodfellow"}')
    await keep(alliance)
    boss = await everywhere(alliance)
    assert await titles(alliance, boss, words="总体") == ["深圳市城市总体规划"]
    assert await titles(alliance, boss, words="楼梦") == ["红楼梦研究"]
    assert await titles(alliance, boss, words="索隐") == ["红楼梦研究"]
    assert await titles(alliance, boss, words="急用 规划") == ["深圳市城市总体规划"]
    assert await titles(alliance, boss, words="goodfellow") == ["Deep Learning"]
    assert await titles(alliance, boss, words="规梦") == []
    assert len(await titles(alliance, boss)) == 3
    with pytest.raises(Invalid):
        await titles(alliance, boss, words="。！")


async def test_the_archive_is_found_in_traditional_and_simplified_characters(alliance: Alliance) -> None:
    await answer(alliance, "紅樓夢研究")
    await answer(alliance, "史记")
    await keep(alliance)
    boss = await everywhere(alliance)
    assert await titles(alliance, boss, words="红楼梦") == ["紅樓夢研究"]
    assert await titles(alliance, boss, words="史記") == ["史记"]
    async with alliance.ctx.transaction() as tx:
        await tx.execute("DELETE FROM archive_words")
    assert await titles(alliance, boss, words="红楼梦") == []
    await reindex(alliance.ctx, OPERATOR)
    assert await titles(alliance, boss, words="紅樓夢") == ["紅樓夢研究"]


async def test_everybody_finds_what_lies_within_their_scope(alliance: Alliance) -> None:
    lin = await alliance.actor("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    far = await alliance.actor("far", alliance.grant(Role.MANAGER, "other"), library="other")
    here = await alliance.actor("here", alliance.grant(Role.MANAGER, "home"), library="home")
    reader = await alliance.actor("reader", library="home")
    mine = await answer(alliance, "答者之书", answered_by=lin.account_id)
    theirs = await answer(
        alliance,
        "远方之书",
        desk_id=alliance.desks["other"].id,
        library_id=alliance.libraries["other"],
        answered_library_id=alliance.libraries["other"],
        answered_by=far.account_id,
    )
    await keep(alliance)
    assert await titles(alliance, lin, words="之书") == ["答者之书"]
    assert await titles(alliance, far, words="之书") == ["远方之书"]
    assert await titles(alliance, here) == ["答者之书"]
    assert await titles(alliance, await everywhere(alliance), librarian="far") == ["远方之书"]
    assert await titles(alliance, far, words=mine) == []  # a number is no way round
    assert await titles(alliance, far, words=theirs.lower()) == ["远方之书"]
    with pytest.raises(NotFound):
        await read_consultation(alliance.ctx, lin, theirs)
    with pytest.raises(Exception, match="not_allowed"):
        await titles(alliance, reader)


async def test_reading_one_is_noted_and_names_no_reader(alliance: Alliance) -> None:
    number = await answer(alliance, "红楼梦", name="张三", mail="zhang@reader.test")
    await keep(alliance)
    boss = await everywhere(alliance)
    read = await read_consultation(alliance.ctx, boss, number)
    assert [version.body for version in read.answers] == ["请见附件。"]
    noted = await alliance.ctx.db.read.rows(
        "SELECT actor_id, subject FROM audit_entry WHERE verb = 'consultation.read'"
    )
    assert [(row["actor_id"], row["subject"]) for row in noted] == [(boss.account_id, number)]


async def test_pages_go_on_where_they_ended_and_miss_none(alliance: Alliance) -> None:
    for n in range(120):
        await answer(alliance, f"第{n}种 图书", material="book" if n % 2 else "thesis")
    await keep(alliance)
    boss = await everywhere(alliance)
    for question in (Question(), Question(words="图书"), Question(words="图书", kind="book")):
        seen: list[str] = []
        below: int | None = None
        while True:
            lines, below = await search_consultations(alliance.ctx, boss, question, below=below)
            seen += [line.consultation.title for line in lines]
            if below is None:
                break
        kept = [f"第{n}种 图书" for n in range(119, -1, -1) if n % 2 or not question.kind]
        assert seen == kept


async def test_what_was_answered_millions_ago_is_found(alliance: Alliance) -> None:
    boss = await everywhere(alliance)
    lin = await alliance.actor("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    await answer(alliance, "古籍目录", answered_by=lin.account_id)
    await answer(alliance, "古籍图录")
    await keep(alliance)
    async with alliance.ctx.transaction() as tx:
        now = to_us(alliance.clock.now())
        await tx.execute(
            "INSERT INTO archive_entry (number, consultation_id, answered_at) VALUES (3000000, 'x', $1)", now
        )
    assert await titles(alliance, boss, words="古籍") == ["古籍图录", "古籍目录"]
    assert await titles(alliance, lin, words="古籍") == ["古籍目录"]
    assert await titles(alliance, lin, words="") == ["古籍目录"]


async def test_a_period_is_of_days(alliance: Alliance) -> None:
    await answer(alliance, "昨天的书")
    yesterday = alliance.clock.now().date()
    alliance.clock.advance(timedelta(days=1))
    await answer(alliance, "今天的书")
    await keep(alliance)
    boss = await everywhere(alliance)
    assert await titles(alliance, boss, words="的书", last=yesterday) == ["昨天的书"]
    assert await titles(alliance, boss, first=yesterday + timedelta(days=1)) == ["今天的书"]
    assert await titles(alliance, boss, first=yesterday + timedelta(days=9)) == []


async def test_corrections_are_found_and_what_was_forgotten_is_not(alliance: Alliance) -> None:
    number = await answer(alliance, "旧书一种", mail="zhang@reader.test")
    await keep(alliance)
    boss = await everywhere(alliance)
    assert await titles(alliance, boss, words="旧书")
    async with alliance.ctx.transaction() as tx:
        await tx.execute("UPDATE answer SET body = '更正：改附正确的文献'")
        now = to_us(alliance.clock.now())
        await tx.execute(
            "INSERT INTO consultation_step (id, consultation_id, kind, at, actor_id, public, data)"
            " VALUES ('step', $1, 'corrected', $2, '', TRUE, '')",
            number,
            now,
        )
    alliance.clock.advance(timedelta(seconds=20))
    await keep(alliance)
    assert await titles(alliance, boss, words="更正") == ["旧书一种"]
    async with alliance.ctx.transaction() as tx:
        await anonymise_questions_of(
            tx, reader_id="nobody", mail="zhang@reader.test", at=alliance.clock.now()
        )
    alliance.clock.advance(timedelta(seconds=20))
    await keep(alliance)
    assert await titles(alliance, boss, words="更正") == []
    assert await titles(alliance, boss) == []


async def test_the_index_takes_an_answer_once(alliance: Alliance) -> None:
    await answer(alliance, "一本书")
    for _ in range(3):
        await keep(alliance)
        alliance.clock.advance(timedelta(seconds=20))
    rows = await alliance.ctx.db.read.rows("SELECT number FROM archive_entry")
    assert len(rows) == 1
    async with alliance.ctx.transaction() as tx:
        entries = await archive_rows.entries_to_add(tx, alliance.clock.now() - timedelta(days=1), limit=5)
        assert entries == []


@pytest.mark.parametrize(("below", "least"), [(1, 0), (5_000_001, 0), (2**21, 77), (300, 299), (7, 7)])
def test_windows_cover_every_number_once_in_growing_blocks(below: int, least: int) -> None:
    place, level = below, 0
    while place > least:
        tag, start, end = window(place, least, level)
        assert end == place and start < end
        if tag:
            size, block = (int(part) for part in tag[1:].split("_"))
            assert size == BLOCKS[level] and start >> size == block == (end - 1) >> size
        else:
            assert start == least
        further = wider(level, end - start, start % 3, 40)
        assert level <= further <= level + 2
        place, level = start, further
    assert place == least


def test_what_few_entries_have_is_looked_for_first_and_tags_of_most_are_checked() -> None:
    sought = Sought(("学习", "缂丝", "规划"), ("k_book",), ("s_lin", "d_home"))
    shares = {"学习": 0.8, "规划": 0.1, "k_book": 0.2, "s_lin": 0.08, "d_home": 0.03}
    order = [("缂丝",), ("规划",), ("s_lin", "d_home"), ("k_book",), ("学习",)]
    assert sought.conditions(shares) == (order, [])
    many = tuple(f"l_{n}" for n in range(200))
    wide = dict.fromkeys(many, 0.004)
    assert Sought(("规划",), within=many).conditions(shares | wide) == ([("规划",)], [many])
    assert Sought(within=many).conditions(wide) == ([many], [])


async def test_a_scope_of_very_many_libraries_leaves_the_others_out(alliance: Alliance) -> None:
    other = {"library_id": alliance.libraries["other"], "answered_library_id": alliance.libraries["other"]}
    for title in ("图书一", "图书二", "图书三"):
        await answer(alliance, title)
    await answer(alliance, "图书四", **other)
    await keep(alliance)
    db = alliance.ctx.db.read
    if db.dialect == "postgresql":
        async with alliance.ctx.transaction() as tx:
            await tx.execute("ANALYZE archive_words")  # now it knows that most entries have one of the tags
    many = (library_tag(alliance.libraries["home"]), *(f"l_{n}" for n in range(100)))
    found = await archive_rows.search_archive(db, Sought(words_sought("书三"), within=many), limit=9)
    assert [c.title for _, c in found] == ["图书三"]
    found = await archive_rows.search_archive(db, Sought(words_sought("图书"), within=many), limit=9)
    assert [c.title for _, c in found] == ["图书三", "图书二", "图书一"]
