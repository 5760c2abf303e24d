"""MARC files: both formats, every character set, and broken records that leave their neighbours alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.catalogue import BibliographicRecord, citation_of_record
from server.domain.citations import Material
from server.wire.marc import Entry, read_marc
from server.wire.marc_pieces import LONGEST, Cutter
from tests.server.wire.records import Given, cnmarc, marc, marc21
from tests.vectors import vectors

# Records and readable ones of each file of strangers' samples.
SAMPLES = {
    "bad-characters-in-various-fields.mrc": 1,
    "bad_leaders_10_11.mrc": 1,
    "brkrtest_UTF8.mrc": 8,
    "oclc_63111280_export_as_UTF8_from_connexion.mrc": 1,
    "pride-and-prejudice-fixed.mrc": 383,
    "selectedRecs.mrc": 11,
    "summerland.mrc": 1,
    "u335.mrc": 1,
}


def entries(*records: bytes) -> list[Entry]:
    return list(read_marc([b"".join(records)]))


def only(*records: bytes) -> BibliographicRecord:
    (entry,) = entries(*records)
    assert entry.record is not None, entry.problem
    return entry.record


def told(found: list[Entry]) -> list[str]:
    """Titles of the good, codes of the bad."""
    return [
        entry.record.title if entry.record else str(entry.problem and entry.problem.code) for entry in found
    ]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [1 << 20, 4096, 7])
def test_every_real_record_is_read_in_chunks_of_any_size(name: str, size: int) -> None:
    raw = (vectors("marc") / name).read_bytes()
    found = list(read_marc(raw[at : at + size] for at in range(0, len(raw), size)))
    assert [entry.problem for entry in found] == [None] * SAMPLES[name]
    assert [entry.number for entry in found] == list(range(1, len(found) + 1))
    assert all(raw[entry.offset : entry.offset + 5].isdigit() for entry in found)
    assert all(entry.record and entry.record.title and "\x1f" not in entry.record.title for entry in found)


def test_real_unimarc_records_among_marc_21_are_known_as_such() -> None:
    raw = (vectors("marc") / "pride-and-prejudice-fixed.mrc").read_bytes()
    records = {entry.number: entry.record for entry in read_marc([raw])}
    chinese, english = records[312], records[133]
    assert chinese and english
    assert (chinese.title, chinese.authors, chinese.publisher) == (
        "傲慢與偏見",
        "奧斯丁; 張揚; 張玲",
        "人民文學出版社",
    )
    assert (chinese.isbns, chinese.date, chinese.language) == (("9787020016334",), "1993", "chi")
    assert (english.title, english.authors, english.date) == ("Pride and prejudice", "Austen, Jane", "1981")
    assert english.subjects[0] == "Courtship -- Fiction"


def test_a_title_in_its_own_script_goes_before_its_transcription() -> None:
    raw = (vectors("marc") / "oclc_63111280_export_as_UTF8_from_connexion.mrc").read_bytes()
    record = only(raw)
    assert record.title == "日本民俗·信仰·藝能·與中國文化"
    assert record.other_titles[0].startswith("Riben min su")
    assert (record.authors, record.publisher) == ("葉漢鰲", "大新書局")


def test_marc_8_keeps_its_accents() -> None:
    records = [only((vectors("marc") / name).read_bytes()) for name in ("bad_leaders_10_11.mrc", "u335.mrc")]
    assert "Düsseldorf" in records[0].title and "Köln" not in records[0].title
    assert records[1].other_titles == ("Zeitschrift für Verkehrswissenschaft",)
    assert records[1].serial and records[1].kind is Material.JOURNAL_ARTICLE


BOOK: tuple[Given, ...] = (
    ("010", "  $a7-301-15089-X$b平装$dCNY25.00"),
    ("205", "  $a第2版"),
    ("210", "  $a北京$c北京大学出版社$d2009.3"),
    ("606", "0 $a图书馆服务$x研究$y中国"),
    ("690", "  $aG252$v4"),
    ("701", " 0$a王$b强$4著"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_cnmarc_is_read_in_either_character_set(encoding: str) -> None:
    record = only(cnmarc("图书馆学导论$e理论与方法$f王强著", "012003", *BOOK, encoding=encoding))
    assert record == BibliographicRecord(
        control_number="012003",
        kind=Material.BOOK,
        title="图书馆学导论：理论与方法",
        authors="王强",
        publisher="北京大学出版社",
        date="2009-03",
        edition="第2版",
        isbns=("9787301150894",),
        language="chi",
        subjects=("图书馆服务 -- 研究 -- 中国",),
        class_number="G252",
    )


def test_one_file_may_hold_every_format_and_character_set() -> None:
    found = entries(
        marc21("数字图书馆 /", "1"),
        b"\r\n",
        cnmarc("古籍整理", "2", encoding="gb18030"),
        marc21("联合参考咨询", "3", encoding="gb18030", leader="00000nam  2200000 a 4500"),
        cnmarc("Chinese thought", "4"),
        b"\r\n\x1a",
    )
    assert told(found) == ["数字图书馆", "古籍整理", "联合参考咨询", "Chinese thought"]


def test_a_record_cut_off_does_not_swallow_its_neighbour() -> None:
    good, cut = marc21("好的"), marc21("断了的")
    for length in range(30, len(cut) - 1):
        assert told(entries(cut[:length], good))[1:] == ["好的"], length
        twice = told(entries(cut[:length], cut[:length], good, good))
        assert twice[-2:] == ["好的", "好的"] and "断了的" not in twice, length


def test_a_record_without_its_end_is_still_whole() -> None:
    record = marc21("完整")
    assert told(entries(record[:-1], b"\n", marc21("下一条"))) == ["完整", "下一条"]


def test_rubbish_between_records_is_reported_once_and_passed_over() -> None:
    found = entries(marc21("甲"), b"<html>503 Service Unavailable</html>\x1d", marc21("乙"), b"the end")
    assert told(found) == ["甲", "marc_no_leader", "乙", "marc_no_leader"]
    assert found[1].offset == len(marc21("甲"))


def test_rubbish_in_front_of_a_record_leaves_it_readable() -> None:
    assert told(entries(b"HTTP/1.1 200 OK\r\n\r\n", marc21("甲"))) == ["marc_no_leader", "甲"]


def test_lengths_counted_in_characters_do_no_harm() -> None:
    assert only(marc21("用字符计算长度的记录", shift=2)).title == "用字符计算长度的记录"


def test_a_directory_that_does_not_fit_is_said() -> None:
    record = bytearray(marc21("甲"))
    record[24:36] = b"0010001x0000"
    assert told(entries(bytes(record), marc21("乙"))) == ["marc_directory", "乙"]


def test_a_record_without_title_is_said_with_its_number() -> None:
    (entry,) = entries(marc([("001", "77"), ("100", "  $a20190101d2019")]))
    assert entry.problem and entry.problem.code == "marc_no_title"
    assert entry.problem.data == {"control_number": "77"}


def test_bytes_of_no_character_set_are_said() -> None:
    spoilt = cnmarc("甲乙").replace("甲乙".encode(), b"\xff\xfe\xff\xfe\xff\xff")
    assert told(entries(spoilt, cnmarc("丙"))) == ["marc_encoding", "丙"]


def test_a_file_without_any_end_of_record_takes_no_more_than_a_record_of_memory() -> None:
    cutter = Cutter()
    pieces = [piece for _ in range(50) for piece in cutter.feed(b"x" * (LONGEST // 10))]
    assert len(pieces) == 4
    assert len(cutter._rest) <= LONGEST
    assert told(list(read_marc([b"x" * (2 * LONGEST), marc21("终于")]))) == [
        "marc_endless",
        "marc_no_leader",
        "终于",
    ]


@pytest.mark.parametrize(
    ("leader", "more", "kind", "serial"),
    [
        ("00000nas a2200000 a 4500", (), Material.JOURNAL_ARTICLE, True),
        (
            "00000nab a2200000 a 4500",
            (("773", "0 $t图书馆论坛$x1002-1167"),),
            Material.JOURNAL_ARTICLE,
            False,
        ),
        ("00000ngm a2200000 a 4500", (), Material.VIDEO, False),
        ("00000nam a2200000 a 4500", (("502", "  $b博士$c武汉大学$d2018"),), Material.THESIS, False),
        ("00000nam a2200000 a 4500", (("013", "  $aCN101234567A"),), Material.PATENT, False),
    ],
)
def test_marc_21_says_what_it_is(leader: str, more: tuple[Given, ...], kind: Material, serial: bool) -> None:
    record = only(marc21("题名", "1", *more, leader=leader))
    assert (record.kind, record.serial) == (kind, serial)


@pytest.mark.parametrize(
    ("leader", "more", "kind"),
    [
        ("00000nam0 2200000   450 ", (("105", "  $ay   m   000yy"),), Material.THESIS),
        ("00000nam0 2200000   450 ", (("105", "  $ay   l   000yy"), ("094", "  $aGB/T 7714-2015")), Material.STANDARD),
        ("00000ngm0 2200000   450 ", (), Material.VIDEO),
        ("00000nas0 2200000   450 ", (("110", "  $acza"),), Material.NEWSPAPER_ARTICLE),
        ("00000naa0 2200000   450 ", (("463", " 0$1011  $x1002-1167$12001 $a图书馆论坛$t图书馆论坛"),),
         Material.JOURNAL_ARTICLE),
    ],
)  # fmt: skip
def test_cnmarc_says_what_it_is(leader: str, more: tuple[Given, ...], kind: Material) -> None:
    assert only(cnmarc("题名", "1", *more, leader=leader)).kind is kind


def test_a_hit_becomes_a_request() -> None:
    book = citation_of_record(only(cnmarc("图书馆学导论", "1", *BOOK)))
    assert (book.material, book.title, book.isbn, book.edition) == (
        Material.BOOK,
        "图书馆学导论",
        "9787301150894",
        "第2版",
    )
    journal = citation_of_record(only(marc21("图书馆论坛", leader="00000nas a2200000 a 4500")))
    assert (journal.material, journal.title, journal.container) == (
        Material.JOURNAL_ARTICLE,
        "",
        "图书馆论坛",
    )


@given(st.binary(max_size=400), st.integers(1, 60))
def test_no_bytes_are_too_odd_to_be_read_or_reported(raw: bytes, size: int) -> None:
    noise = raw + marc21("甲")[:30] + raw
    whole = list(read_marc([noise, b"\x1d", marc21("乙")]))
    assert whole[-1].record and whole[-1].record.title == "乙"
    stream = noise + b"\x1d" + marc21("乙")
    chunked = list(read_marc(stream[at : at + size] for at in range(0, len(stream), size)))
    assert told(chunked) == told(whole)
    assert [entry.offset for entry in chunked] == [entry.offset for entry in whole]
