"""`shuqiao import-items`: a store's items from a file, checked as a whole, again without harm."""

import sqlite3
from pathlib import Path

import pytest

from tests.server.commands.conftest import Said, Shuqiao
from tests.server.wire.records import cnmarc, marc21

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-ABC"
LIBRARIES = "slug,name_zh,name_en\nnju,南京大学图书馆,NJU Library\n"
HEAD = "条码,记录号,架位,料箱,新书\n"


@pytest.fixture
def prepared(shuqiao: Shuqiao, sqlite_url: str, tmp_path: Path) -> Shuqiao:
    """The program on a database with a library, two records and a store."""

    def run(*arguments: str, lang: str = "en_GB.UTF-8", **settings: object) -> Said:
        return shuqiao(
            *arguments, lang=lang, environment="test", secret_key=SECRET, database_url=sqlite_url, **settings
        )

    (tmp_path / "members.csv").write_text(LIBRARIES, encoding="utf-8")
    (tmp_path / "books.mrc").write_bytes(cnmarc("数字图书馆", "r1") + cnmarc("三体", "r2"))
    for arguments in (
        ("import-libraries", "members.csv"),
        ("import-records", "books.mrc", "--library", "nju"),
    ):
        assert run(*arguments).status == 0
    with sqlite3.connect(tmp_path / "shuqiao.sqlite3") as connection:
        connection.execute(
            "INSERT INTO store (id, library_id, code, name_zh, name_en, kind, tier, address, phone, active, turn,"
            " created_at) SELECT 's1', id, 'NJ-1', '智能书库', '', 'smart', 'centre', '', '', 1, 0, 0 FROM library"
        )
    return run


def items(folder: Path) -> list[tuple[str, str, str, bool]]:
    with sqlite3.connect(folder / "shuqiao.sqlite3") as connection:
        rows = connection.execute("SELECT barcode, location, tote, new_until_at FROM item ORDER BY barcode")
        return [(barcode, location, tote, until is not None) for barcode, location, tote, until in rows]


def test_items_are_added_and_moved_by_the_next_file(prepared: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEAD}B1,r1,A-1,T1,\nB2,r2,A-2,T2,是\n", encoding="gb18030")
    said = prepared("import-items", "a.csv", "--store", "NJ-1")
    assert said.status == 0, said.all
    assert "Lines read: 2; 2 added, 0 moved" in said.err
    assert items(tmp_path) == [("B1", "A-1", "T1", False), ("B2", "A-2", "T2", True)]
    (tmp_path / "b.csv").write_text("\ufeffbarcode,control_number,location\nB1,r1,C-9\n", encoding="utf-8")
    said = prepared("import-items", "b.csv", "--store", "NJ-1", lang="zh_CN.UTF-8")
    assert "新增 0 册，移位 1 册" in said.err
    assert items(tmp_path)[0] == ("B1", "C-9", "", False)


def test_a_file_with_problems_changes_nothing_unless_the_good_lines_are_wanted(
    prepared: Shuqiao, tmp_path: Path
) -> None:
    lines = ["B1,r1,A-1,T1,", "B1,r2,A-2,T2,", "书架,r1,,,", "B3,unknown,,,", f"B4,r1,{'x' * 50},,", "B5,,,,"]
    (tmp_path / "a.csv").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    said = prepared("import-items", "a.csv", "--store", "NJ-1")
    assert said.status == 1 and items(tmp_path) == []
    for line in (3, 4, 5, 6, 7):
        assert f"line {line}, " in said.err
    assert "of 6 lines 5 are to be put right" in said.err
    said = prepared("import-items", "a.csv", "--store", "NJ-1", "--good-only")
    assert said.status == 0 and [item[0] for item in items(tmp_path)] == ["B1"]


def test_a_file_without_use_or_a_store_that_is_not_there_is_said(prepared: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title\nx\n", encoding="utf-8")
    assert "barcode" in prepared("import-items", "a.csv", "--store", "NJ-1").err
    assert prepared("import-items", "a.csv", "--store", "NJ-2").status == 2
    assert prepared("import-items", "nowhere.csv").status != 0
    (tmp_path / "c.csv").write_text(f'{HEAD}B1,r1,,,\n"B2,r1,,,\nB3,r1,,,\n', encoding="utf-8")
    said = prepared("import-items", "c.csv", "--store", "NJ-1", "--good-only")
    assert (said.status, items(tmp_path)) == (2, []) and "line 3 is never closed" in said.err
    (tmp_path / "b.csv").write_text(f"{HEAD}B1,r1,,,\n", encoding="utf-8")
    assert "line 2, store" in prepared("import-items", "b.csv").err


def test_volumes_that_records_name_come_with_them(prepared: Shuqiao, tmp_path: Path) -> None:
    named = (
        cnmarc("数字图书馆", "r1", ("905", "  $aNJU$bM001$bM002$dG250")),
        marc21("Water", "r3", ("852", "8 $bmain$cA-7$pM003")),
    )
    (tmp_path / "more.mrc").write_bytes(b"".join(named))
    for _ in range(2):
        said = prepared("import-records", "more.mrc", "--library", "nju", "--items-store", "NJ-1")
        assert said.status == 0, said.all
    assert [item[:2] for item in items(tmp_path)] == [("M001", ""), ("M002", ""), ("M003", "A-7")]
    assert prepared("import-records", "more.mrc", "--library", "nju", "--items-store", "NONE").status == 2
