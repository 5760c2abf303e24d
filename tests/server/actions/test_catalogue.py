"""The alliance's records, on both databases: imported, renewed, found, held; and what a pasted citation means."""

import io
import random
from collections.abc import Iterator

import pytest

from server.actions.catalogue import (
    MOST,
    citation_of_record_id,
    desks_for,
    held_like,
    parse_citation,
    search_records,
)
from server.actions.record_imports import BATCH, Progress, import_records
from server.actions.reindexing import reindex
from server.domain.accounts import OPERATOR
from server.domain.citations import Citation, Material
from server.domain.errors import Invalid, NotAllowed, NotFound
from server.domain.permissions import NOBODY
from server.domain.search_words import Search, SearchField, search_from
from server.wire.marc import Entry
from tests.server.actions.conftest import Alliance
from tests.server.wire.records import Given, cnmarc, marc21

MORE: tuple[Given, ...] = (
    ("010", "  $a978-7-301-15089-4"),
    ("210", "  $a北京$c北京大学出版社$d2009"),
    ("606", "0 $a图书馆服务$x研究"),
    ("701", " 0$a王$b强"),
)
JOURNAL = marc21("图书馆论坛", "j1", ("022", "  $a1002-1167"), leader="00000nas a2200000 a 4500")


async def take(alliance: Alliance, *records: bytes, library: str = "home", source: str = "") -> Progress:
    return await import_records(alliance.ctx, OPERATOR, [b"".join(records)], library=library, source=source)


async def titles(alliance: Alliance, search: Search | str, cursor: int = 0) -> list[str]:
    asked = Search(search) if isinstance(search, str) else search
    hits = await search_records(alliance.ctx, NOBODY, asked, cursor=cursor)
    return [holding.record.title for holding in hits.holdings]


async def test_a_catalogue_is_imported_and_found(alliance: Alliance) -> None:
    done = await take(alliance, cnmarc("数字图书馆导论", "1", *MORE), marc21("Digital libraries", "2"))
    assert (done.read, done.added, done.renewed, done.broken) == (2, 2, 0, 0)
    for question in (
        "图书",
        "馆导",
        "数字图书馆",
        "王强",
        "978-7-301-15089-4",
        "服务研究",
        "大学出版社 2009",
    ):
        assert await titles(alliance, question) in (["数字图书馆导论"], []), question
    assert await titles(alliance, "图书") == ["数字图书馆导论"]
    for character in "数馆论王圖":
        assert await titles(alliance, character) == ["数字图书馆导论"], character
    assert await titles(alliance, Search("王", SearchField.TITLE)) == []
    assert await titles(alliance, "9787301150894") == ["数字图书馆导论"]
    assert await titles(alliance, "digital") == ["Digital libraries"]
    assert await titles(alliance, Search("王强", SearchField.TITLE)) == []
    assert await titles(alliance, Search("王强", SearchField.AUTHOR)) == ["数字图书馆导论"]
    assert await titles(alliance, search_from("digital", kind="video")) == []
    assert await titles(alliance, search_from("", also={"title": "圖書", "author": "王强"})) == [
        "数字图书馆导论"
    ]


async def test_importing_again_renews_and_the_old_words_find_nothing(alliance: Alliance) -> None:
    await take(alliance, cnmarc("旧的书名", "1"), cnmarc("另一本书", "2"))
    done = await take(alliance, cnmarc("新的题名", "1"), cnmarc("另一本书", "2"))
    assert (done.added, done.renewed) == (0, 2)
    assert await titles(alliance, "旧的") == []
    assert await titles(alliance, "新的题名") == ["新的题名"]
    assert await titles(alliance, "另一本书") == ["另一本书"]


async def test_catalogues_with_the_same_numbers_stay_apart(alliance: Alliance) -> None:
    await take(alliance, cnmarc("甲的藏书", "1"))
    await take(alliance, cnmarc("乙的藏书", "1"), library="other")
    await take(alliance, cnmarc("甲的论文", "1"), source="theses")
    assert sorted(await titles(alliance, "的藏书")) == ["乙的藏书", "甲的藏书"]
    assert await titles(alliance, "甲的论文") == ["甲的论文"]


async def test_a_record_without_number_is_known_again_by_what_it_describes(alliance: Alliance) -> None:
    unnumbered = cnmarc("没有控制号", "").replace(b"001000100000", b"001000100000")
    await take(alliance, unnumbered)
    done = await take(alliance, unnumbered)
    assert (done.added, done.renewed) == (0, 1)


async def test_a_number_twice_in_one_batch_is_the_later_record(alliance: Alliance) -> None:
    await take(alliance, cnmarc("先来的", "1"), cnmarc("后来的", "1"))
    assert await titles(alliance, "来的") == ["后来的"]


async def test_broken_records_are_told_and_the_others_stored(alliance: Alliance) -> None:
    told: list[Entry] = []
    raw = marc21("头一本", "1") + b"garbage\x1d" + marc21("第二本", "2")
    done = await import_records(alliance.ctx, OPERATOR, [raw], library="home", told=told.append)
    assert (done.read, done.added, done.broken) == (3, 2, 1)
    (entry,) = told
    assert (entry.number, entry.offset, entry.problem and entry.problem.code) == (
        2,
        len(marc21("头一本", "1")),
        "marc_no_leader",
    )


async def test_a_long_file_is_read_a_batch_at_a_time(alliance: Alliance) -> None:
    said: list[Progress] = []

    def file() -> Iterator[bytes]:
        stream = io.BytesIO(
            b"".join(cnmarc(f"批量{number}号书", str(number)) for number in range(2 * BATCH + 5))
        )
        while chunk := stream.read(1000):
            yield chunk

    done = await import_records(alliance.ctx, OPERATOR, file(), library="home", progress=said.append)
    assert (done.read, done.added) == (2 * BATCH + 5, 2 * BATCH + 5)
    assert [progress.read for progress in said] == [BATCH, 2 * BATCH, 2 * BATCH + 5]


async def test_only_who_keeps_libraries_imports(alliance: Alliance) -> None:
    with pytest.raises(NotAllowed):
        await import_records(alliance.ctx, NOBODY, [], library="home")
    with pytest.raises(Invalid):
        await import_records(alliance.ctx, OPERATOR, [], library="nowhere")


async def test_one_title_at_two_libraries_is_one_hit_held_by_both(alliance: Alliance) -> None:
    await take(alliance, cnmarc("共同的藏书", "1", *MORE))
    await take(alliance, marc21("共同的藏书", "9", ("020", "  $a9787301150894")), library="other")
    hits = await search_records(alliance.ctx, NOBODY, Search("共同"))
    (holding,) = hits.holdings
    assert [holder.slug for holder in holding.holders] == ["home", "other"]
    assert (hits.total, hits.more, hits.next_cursor) == (1, False, None)


async def test_hits_come_in_pages_without_gaps_or_doubles(alliance: Alliance) -> None:
    await take(alliance, *(cnmarc(f"藏书第{number}种", str(number)) for number in range(45)))
    first = await search_records(alliance.ctx, NOBODY, Search("藏书"))
    assert (first.total, first.next_cursor) == (45, 20)
    pages = [await titles(alliance, "藏书", cursor) for cursor in (0, 20, 40, 60)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    assert len({title for page in pages for title in page}) == 45


async def test_the_very_title_is_found_among_too_many(alliance: Alliance) -> None:
    noise = [cnmarc(f"中国研究之{number}", str(number)) for number in range(MOST + 50)]
    await take(alliance, cnmarc("中国研究", "first"), *noise)
    hits = await search_records(alliance.ctx, NOBODY, Search("中国研究"))
    assert hits.more and hits.holdings[0].record.title == "中国研究"


async def test_words_of_any_kind_are_looked_for_and_never_an_error(alliance: Alliance) -> None:
    await take(alliance, cnmarc("C++与C#：O'Reilly的“书” 100%\\", "1"))
    assert (
        await titles(alliance, "c++ o'reilly")
        and await titles(alliance, "C#")
        and await titles(alliance, "100%")
    )
    odd = random.Random(5)
    signs = "'\"\\&|!():*<>+#=~-^${}[]%_;,./?@ 中国aB1𠀀é\u0301"
    for _ in range(60):
        question = "".join(odd.choices(signs, k=odd.randint(1, 12)))
        try:
            await titles(alliance, question)
        except Invalid as refused:
            assert refused.code == "search_short"


async def test_a_hit_is_asked_for_at_the_own_desk_or_at_a_holders(alliance: Alliance) -> None:
    await take(alliance, cnmarc("只有外馆有", "1"), library="other")
    reader = await alliance.person("reader", library="home")
    hits = (await search_records(alliance.ctx, NOBODY, Search("外馆"))).holdings
    number = hits[0].id
    other = await desks_for(alliance.ctx, NOBODY, hits)
    own = await desks_for(alliance.ctx, reader.actor, hits)
    assert await desks_for(alliance.ctx, NOBODY, hits, wished="here") == {number: "here"}
    assert other[number] == alliance.desks["other"].slug and own[number] == alliance.desks["home"].slug
    assert (await citation_of_record_id(alliance.ctx, NOBODY, number)).title == "只有外馆有"
    with pytest.raises(NotFound):
        await citation_of_record_id(alliance.ctx, NOBODY, 10**12)


async def test_we_hold_it_by_number_by_title_or_as_the_journal(alliance: Alliance) -> None:
    await take(alliance, cnmarc("数字图书馆导论", "1", *MORE), cnmarc("同名的书", "2", *MORE[1:]), JOURNAL)

    async def held(citation: Citation) -> list[str]:
        return [holding.record.title for holding in await held_like(alliance.ctx, citation)]

    assert await held(Citation(Material.BOOK, isbn="9787301150894")) == ["数字图书馆导论"]
    assert await held(Citation(Material.BOOK, title="同名的书")) == ["同名的书"]
    assert await held(Citation(Material.BOOK, title="同名的书", authors="别人")) == []
    assert await held(Citation(Material.BOOK, title="没有的书")) == []
    article = Citation(Material.JOURNAL_ARTICLE, title="某文", container="图书馆论坛")
    assert await held(article) == ["图书馆论坛"]
    assert await held(Citation(Material.JOURNAL_ARTICLE, title="某文", issn="1002-1167")) == ["图书馆论坛"]


async def test_a_pasted_citation_fills_the_form_and_says_what_we_hold(alliance: Alliance) -> None:
    await take(alliance, cnmarc("数字图书馆导论", "1", *MORE), JOURNAL)
    ctx = alliance.ctx
    number = await parse_citation(ctx, NOBODY, text="ISBN 7-301-15089-X")
    assert (number.fields["title"], number.fields["authors"]) == ("数字图书馆导论", "王强")
    assert number.held and not number.problems
    pasted = await parse_citation(ctx, NOBODY, text="李梅. 咨询服务研究[J]. 图书馆论坛, 2019(3): 1-5.")
    assert (pasted.material, pasted.fields["issue"]) == (Material.JOURNAL_ARTICLE, "3")
    assert [holding.record.title for holding in pasted.held] == ["图书馆论坛"]
    sent = await parse_citation(ctx, NOBODY, openurl="rft.genre=book&rft.btitle=water&rft.isbn=9787301150895")
    assert [(problem.field, problem.code) for problem in sent.problems] == [("isbn", "isbn_check")]
    assert sent.fields["isbn"] == "9787301150895"


async def test_traditional_and_simplified_characters_meet(alliance: Alliance) -> None:
    await take(alliance, cnmarc("圖書館學導論", "1", ("701", " 0$a於$b良芝")), cnmarc("图书馆史", "2"))
    assert await titles(alliance, "图书馆学") == ["圖書館學導論"] == await titles(alliance, "圖書館學")
    assert await titles(alliance, "圖書") == await titles(alliance, "图书")
    assert set(await titles(alliance, "圖書館")) == {"圖書館學導論", "图书馆史"}
    assert (await titles(alliance, "圖書館史"))[0] == "图书馆史", "ranked as the very title it is"
    assert await titles(alliance, Search("导论", SearchField.TITLE)) == ["圖書館學導論"]
    held = await held_like(alliance.ctx, Citation(Material.BOOK, title="图书馆学导论"))
    assert [holding.record.title for holding in held] == ["圖書館學導論"]


async def test_records_of_an_earlier_version_are_found_again_after_reindexing(alliance: Alliance) -> None:
    """Their words stood in the index as they were written."""
    await take(alliance, cnmarc("圖書館學導論", "1"), *(cnmarc(f"图书{n}", f"n{n}") for n in range(205)))
    async with alliance.ctx.transaction() as tx:
        await tx.execute("DELETE FROM record_words")
    assert await titles(alliance, "图书馆学") == []
    told: list[int] = []
    await reindex(alliance.ctx, OPERATOR, told.append)
    assert await titles(alliance, "图书馆学") == ["圖書館學導論"] and sum(told) >= 206
    with pytest.raises(NotAllowed):
        await reindex(alliance.ctx, NOBODY)
