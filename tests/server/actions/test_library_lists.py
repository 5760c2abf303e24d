"""Members and desks from a CSV file, on both databases."""

import pytest

from server.actions.library_lists import LibraryImport, import_libraries
from server.domain.accounts import OPERATOR
from server.domain.errors import Invalid, NotAllowed
from server.domain.permissions import Role
from server.domain.reader_lists import decoded_list
from server.store.libraries import desk_by_slug, desks_of, library_by_slug
from tests.server.actions.conftest import Alliance

GOOD = """\
slug,name_zh,name_en,kind,city,website,desk_slug,mail,origins,open
ningbo-lib,宁波市图书馆,Ningbo Library,public,宁波,www.nblib.test,ningbo,desk@nblib.test,https://www.nblib.test https://m.nblib.test,yes
ningbo-lib,宁波市图书馆,Ningbo Library,,,,ningbo-kids,kids@nblib.test,,
nju,南京大学图书馆,NJU Library,高校,南京,,,,,
"""


async def take(alliance: Alliance, text: str, **how: bool) -> LibraryImport:
    return await import_libraries(alliance.ctx, OPERATOR, text, **how)


def found(done: LibraryImport) -> list[tuple[int, str, str]]:
    return [(each.line, each.problem.field, each.problem.code) for each in done.problems]


async def test_a_line_makes_a_library_and_its_desk(alliance: Alliance) -> None:
    done = await take(alliance, GOOD)
    assert (done.lines, done.libraries_added, done.desks_added, done.imported) == (3, 2, 2, True)
    library = await library_by_slug(alliance.ctx.db.read, "ningbo-lib")
    assert library is not None and (library.city, library.website) == ("宁波", "https://www.nblib.test")
    desk, kids = await desks_of(alliance.ctx.db.read, library.id)
    assert (desk.slug, desk.open, desk.name_zh) == ("ningbo", True, "宁波市图书馆咨询台")
    assert desk.origins == ("https://www.nblib.test", "https://m.nblib.test")
    assert (kids.slug, kids.open, kids.origins) == ("ningbo-kids", False, ("https://www.nblib.test",))
    nju = await library_by_slug(alliance.ctx.db.read, "nju")
    assert nju is not None and nju.kind == "academic" and await desks_of(alliance.ctx.db.read, nju.id) == []


async def test_what_a_library_wrote_in_chinese_is_put_right_in_chinese(alliance: Alliance) -> None:
    done = await take(alliance, "馆代码,馆名,英文馆名,类型\nnju,南京大学图书馆,NJU Library,大学\n")
    (problem,) = done.problems
    assert "高校" in str(problem.problem.data["choices"]) and "academic" in str(
        problem.problem.data["choices"]
    )


async def test_a_card_may_have_many_lines_and_a_name_may_not(alliance: Alliance) -> None:
    text = 'slug,name_zh,name_en,card_zh\na,甲馆,A,"一\n二"\nb,"乙馆,B,\nc,丙馆",C,\n'
    done = await take(alliance, text, good_only=True)
    assert (done.libraries_added, found(done)) == (1, [(4, "name_zh", "cell_lines")])
    library = await library_by_slug(alliance.ctx.db.read, "a")
    assert library is not None and library.card_zh == "一\n二"


async def test_importing_again_renews_by_short_name_and_an_empty_cell_changes_nothing(
    alliance: Alliance,
) -> None:
    await take(alliance, GOOD)
    before = await desk_by_slug(alliance.ctx.db.read, "ningbo")
    again = "slug,name_zh,name_en,city,phone,desk_slug,mail\nningbo-lib,宁波图书馆,,,0574-1,ningbo,new@nblib.test\n"
    done = await take(alliance, again)
    assert (done.libraries_added, done.libraries_changed, done.desks_changed) == (0, 1, 1)
    library = await library_by_slug(alliance.ctx.db.read, "ningbo-lib")
    desk = await desk_by_slug(alliance.ctx.db.read, "ningbo")
    assert library is not None and desk is not None and before is not None
    assert (library.name_zh, library.name_en, library.city) == ("宁波图书馆", "Ningbo Library", "宁波")
    assert (desk.id, desk.mail, desk.open, desk.origins) == (
        before.id,
        "new@nblib.test",
        True,
        before.origins,
    )


async def test_a_list_with_problems_changes_nothing_and_names_each_by_line_and_column(
    alliance: Alliance,
) -> None:
    bad = (
        GOOD + "Bad Slug,坏,Bad,castle,,,bad,nobody,ftp://x,perhaps\nhome,书桥图书馆,Home,,,,other,a@b.cn,,\n"
    )
    done = await take(alliance, bad)
    assert not done.imported
    assert found(done) == [
        (5, "slug", "slug_wrong"),
        (5, "kind", "choice_wrong"),
        (5, "mail", "mail_wrong"),
        (5, "origins", "origin_wrong"),
        (5, "open", "choice_wrong"),
        (6, "desk_slug", "slug_taken"),  # another library's desk
    ]
    assert await library_by_slug(alliance.ctx.db.read, "nju") is None


async def test_good_lines_are_taken_if_asked_for(alliance: Alliance) -> None:
    done = await take(alliance, GOOD + ",无名,,,,,,,,\n", good_only=True)
    assert done.imported and found(done) == [(5, "slug", "field_required"), (5, "name_en", "field_required")]
    assert await library_by_slug(alliance.ctx.db.read, "nju") is not None


async def test_checking_changes_nothing(alliance: Alliance) -> None:
    done = await take(alliance, GOOD, check_only=True)
    assert not done.imported and done.problems == ()
    assert await library_by_slug(alliance.ctx.db.read, "nju") is None


async def test_a_desk_listed_twice_is_a_problem_that_names_the_first_line(alliance: Alliance) -> None:
    twice = "slug,name_zh,name_en,desk_slug,mail\na,甲,A,one,a@b.cn\na,甲,A,one,c@d.cn\n"
    done = await take(alliance, twice)
    assert found(done) == [(3, "desk_slug", "libraries_twice")]
    assert done.problems[0].problem.data["line"] == 2


async def test_what_is_said_of_a_desk_that_is_not_named_is_a_problem(alliance: Alliance) -> None:
    """It was passed over in silence, and the desk that somebody had described was not there."""
    done = await take(
        alliance, "slug,name_zh,name_en,desk_slug,mail,open,language\na,甲,A,,a@b.cn,yes,zh\nb,乙,B,,,no,zh\n"
    )
    assert found(done) == [(2, "desk_slug", "libraries_no_desk")]
    assert done.problems[0].problem.data["columns"] == "mail, open"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "libraries_empty"),
        ("name_zh\n甲\n", "libraries_head"),
        ("slug,slug,name_zh\n", "libraries_head"),
        ("slug,name_zh,colur\n", "libraries_column"),
    ],
)
async def test_a_list_that_cannot_be_read_at_all_is_refused(alliance: Alliance, text: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        await take(alliance, text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_spreadsheets_encodings_and_quoted_line_ends_are_understood(
    alliance: Alliance, encoding: str
) -> None:
    text = '馆代码,馆名,英文名称,中文说明\r\nnb,宁波市图书馆,Ningbo,"凭身份证办证；\r\n免押金。"\r\n'
    done = await take(alliance, decoded_list(text.encode(encoding)))
    library = await library_by_slug(alliance.ctx.db.read, "nb")
    assert done.imported and library is not None and library.card_zh == "凭身份证办证；\n免押金。"


async def test_only_who_keeps_the_whole_alliance_imports(alliance: Alliance) -> None:
    manager = await alliance.actor("manager", alliance.grant(Role.MANAGER, "home"), library="home")
    with pytest.raises(NotAllowed):
        await import_libraries(alliance.ctx, manager, GOOD)
