"""A library's list of readers: heads, encodings, and problems by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import Invalid
from server.domain.reader_lists import decoded_list, read_list


def test_columns_are_known_by_either_language_in_any_order() -> None:
    (chinese,) = read_list("姓名,备注,读者证号,邮箱\n安安,常客,0012,A@r.test\n").readers
    (english,) = read_list("E-Mail, NAME ,language\na@r.test,安安,English\n").readers
    assert (chinese.mail, chinese.name, chinese.card_number) == ("a@r.test", "安安", "0012")
    assert (english.mail, english.language, english.card_number) == ("a@r.test", "en", "")


def test_a_column_that_is_not_known_is_named_not_dropped_in_silence() -> None:
    listed = read_list("邮箱,姓名,借书证号,单位, 借书证编码\na@r.test,安安,0012,学院,9\n")
    assert listed.readers[0].card_number == "0012"
    assert listed.left_out == ("单位", "借书证编码")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_lists_come_from_any_spreadsheet(encoding: str) -> None:
    text = "邮箱,姓名\r\na@r.test,欧阳\r\n"
    assert read_list(decoded_list(text.encode(encoding))).readers[0].name == "欧阳"


def test_lines_are_counted_as_a_spreadsheet_counts_them() -> None:
    text = 'mail,name,notes\na@r.test,A,"two\nlines"\n\nwrong,B,\n'
    (problem,) = read_list(text).problems
    assert (problem.line, problem.problem.field) == (5, "mail")


def test_a_forgotten_quotation_mark_takes_nobody_with_it_in_silence() -> None:
    """Two of them some lines apart once made one reader of three, and the import said that all was well."""
    text = 'name,mail\n"安安,a@r.test\n博文,b@r.test\n晨曦",c@r.test\n丹丹,d@r.test\n'
    listed = read_list(text)
    (problem,) = listed.problems
    assert (problem.line, problem.problem.field, problem.problem.code) == (2, "name", "cell_lines")
    assert problem.problem.data["last"] == 4
    assert [reader.line for reader in listed.readers] == [5]


@pytest.mark.parametrize("rest", ["", "\n", "\nb@r.test,博文\n", "\n\nb@r.test,博\x1e文\n"])
def test_a_quotation_mark_that_is_never_closed_is_named_by_its_line(rest: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_list(f'mail,name\nz@r.test,早\na@r.test,"安安{rest}')
    assert (refused.value.code, refused.value.field) == ("list_quotes", "file")
    assert refused.value.data["line"] == 3


def test_a_remark_that_nobody_asked_for_may_have_many_lines() -> None:
    listed = read_list('mail,name,remarks\na@r.test,安安,"常客\n周三来"\nb@r.test,博文,\n')
    assert [reader.line for reader in listed.readers] == [2, 4] and not listed.problems


def test_a_line_that_is_too_short_lacks_its_fields() -> None:
    assert [found.problem.code for found in read_list("mail,name\na@r.test\n").problems] == ["field_required"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "list_empty"),
        ("\n\n", "list_empty"),
        ("a@r.test,安安\n", "list_head"),
        ("mail,mail,name\n", "list_head"),
        ("mail,name\n" + "a@r.test," + "x" * 200_000, "list_unreadable"),
    ],
)
def test_a_list_that_is_none_is_refused_whole(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_list(text)
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_a_file_that_is_no_text_or_too_large_is_refused() -> None:
    for raw, code in ((b"\xff\xff\xff", "list_unreadable"), (b" " * 6_000_000, "list_too_large")):
        with pytest.raises(Invalid) as refused:
            decoded_list(raw)
        assert refused.value.code == code


@given(st.text(max_size=300))
def test_whatever_follows_the_head_is_read_or_reported(rest: str) -> None:
    try:
        found = read_list("mail,name\n" + rest)
    except Invalid as refused:
        assert refused.field == "file"
        return
    assert all(reader.mail and reader.name for reader in found.readers)
