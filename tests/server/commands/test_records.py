"""`shuqiao import-records`: a catalogue from a file, what is wrong with it by record, and again without harm."""

import sqlite3
from pathlib import Path

import pytest

from tests.server.commands.conftest import Said, Shuqiao
from tests.server.wire.records import cnmarc, marc21

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-ABC"
LIBRARIES = "slug,name_zh,name_en\nnju,南京大学图书馆,NJU Library\n"


@pytest.fixture
def prepared(shuqiao: Shuqiao, sqlite_url: str, tmp_path: Path) -> Shuqiao:
    """The program on a fresh database with one library."""

    def run(*arguments: str, lang: str = "C", **settings: object) -> Said:
        return shuqiao(
            *arguments, lang=lang, environment="test", secret_key=SECRET, database_url=sqlite_url, **settings
        )

    (tmp_path / "members.csv").write_text(LIBRARIES, encoding="utf-8")
    assert run("import-libraries", "members.csv").status == 0
    return run


def titles(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "shuqiao.sqlite3") as connection:
        return [row[0] for row in connection.execute("SELECT title FROM bibliographic_record ORDER BY title")]


def test_a_file_of_many_kinds_is_imported_and_the_broken_are_named(prepared: Shuqiao, tmp_path: Path) -> None:
    good = marc21("Water", "1"), cnmarc("数字图书馆", "2", encoding="gb18030")
    (tmp_path / "books.mrc").write_bytes(good[0] + good[1][:40] + good[1])
    said = prepared("import-records", "books.mrc", "--library", "nju", lang="en_GB.UTF-8")
    assert said.status == 0
    assert f"record 2 (at byte {len(good[0])})" in said.err
    assert "3 records read: 2 added, 0 renewed, 1 could not be read" in said.err
    assert titles(tmp_path) == ["Water", "数字图书馆"]
    again = prepared("import-records", "books.mrc", "--library", "nju", lang="zh_CN.UTF-8")
    assert "新增 0 条，更新 2 条，无法读取 1 条" in again.err
    assert titles(tmp_path) == ["Water", "数字图书馆"]


def test_sources_of_one_library_are_kept_apart(prepared: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "a.mrc").write_bytes(marc21("Books", "1"))
    (tmp_path / "b.mrc").write_bytes(marc21("Theses", "1"))
    prepared("import-records", "a.mrc", "--library", "nju")
    prepared("import-records", "b.mrc", "--library", "nju", "--source", "theses")
    assert titles(tmp_path) == ["Books", "Theses"]


def test_a_file_without_any_record_fails(prepared: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>log in first</html>")
    said = prepared("import-records", "page.html", "--library", "nju")
    assert said.status == 1
    assert "no MARC record" in said.err


@pytest.mark.parametrize(
    ("file", "library", "status"), [("nowhere.mrc", "nju", 1), ("members.csv", "nowhere", 2)]
)
def test_an_unknown_file_or_library_is_said_plainly(
    prepared: Shuqiao, file: str, library: str, status: int
) -> None:
    said = prepared("import-records", file, "--library", library)
    assert said.status == status
    assert said.err.startswith("shuqiao: ")
