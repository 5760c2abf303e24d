"""Citations as people paste them become the fields of a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.citations import read_citation, texts_of
from server.domain.forms import Form
from server.domain.pasted import pasted_fields, said_fields

J = {
    "material": "journal_article",
    "title": "公共图书馆联合参考咨询服务研究",
    "authors": "王强; 李梅",
    "container": "图书馆论坛",
    "date": "2019",
    "volume": "39",
    "issue": "3",
    "pages": "12-18",
}
SMITH = {
    "material": "journal_article",
    "title": "Reference services in libraries",
    "authors": "Smith, J.; Lee, A. B.",
    "container": "Library Quarterly",
    "date": "2019",
    "volume": "12",
    "issue": "3",
    "pages": "45-67",
}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("王强, 李梅, 等. 公共图书馆联合参考咨询服务研究[J]. 图书馆论坛, 2019, 39(3): 12-18.", J),
        ("[1] 王强，李梅．公共图书馆联合参考咨询服务研究［Ｊ］．图书馆论坛，2019，39（3）：12－18．", J),
        (
            "王强,李梅.公共图书馆联合参考咨询服务研究[J/OL].图书馆论坛,2019,39(3):12-18.DOI:10.13266/j.issn.0252.2019.",
            {**J, "doi": "10.13266/j.issn.0252.2019"},
        ),
        (
            "张三. 图书馆学导论：理论与方法[M]. 2版. 北京: 北京大学出版社, 2009.",
            {"material": "book", "title": "图书馆学导论：理论与方法", "authors": "张三", "edition": "2版",
             "publisher": "北京大学出版社", "date": "2009"},
        ),
        (
            "钱五. 咨询的未来[M]//孙六. 图书馆学十讲. 北京: 商务印书馆, 2015: 34-40.",
            {"material": "book", "title": "咨询的未来", "authors": "钱五", "container": "图书馆学十讲",
             "publisher": "商务印书馆", "date": "2015", "pages": "34-40"},
        ),
        (
            "李四. 数字图书馆研究[D]. 武汉: 武汉大学, 2018.",
            {"material": "thesis", "title": "数字图书馆研究", "authors": "李四", "institution": "武汉大学",
             "date": "2018"},
        ),
        (
            "钱五. 咨询的未来[C]//中国图书馆学会. 年会论文集. 北京: 国家图书馆出版社, 2015: 34-40.",
            {"material": "conference_paper", "title": "咨询的未来", "authors": "钱五", "container": "年会论文集",
             "conference": "年会论文集", "publisher": "国家图书馆出版社", "date": "2015", "pages": "34-40"},
        ),
        (
            "赵六. 智慧图书馆[N]. 人民日报, 2019-03-05(8).",
            {"material": "newspaper_article", "title": "智慧图书馆", "authors": "赵六", "container": "人民日报",
             "date": "2019-03-05", "pages": "8"},
        ),
        (
            "张三. 一种图书分拣装置: 中国, CN101234567A[P]. 2009-05-06.",
            {"material": "patent", "title": "一种图书分拣装置", "authors": "张三", "patent_number": "CN101234567A",
             "date": "2009-05-06"},
        ),
        (
            "全国信标委. 参考文献著录规则: GB/T 7714—2015[S]. 北京: 中国标准出版社, 2015.",
            {"material": "standard", "title": "参考文献著录规则", "standard_number": "GB/T 7714-2015",
             "publisher": "全国信标委", "date": "2015"},
        ),
        (
            "Smith, J., & Lee, A. B. (2019). Reference services in libraries. Library Quarterly, 12(3), 45-67.",
            SMITH,
        ),
        (
            "Smith J, Lee A B. Reference services in libraries. Library Quarterly. 2019;12(3):45-67.",
            {**SMITH, "authors": "Smith J; Lee A B"},
        ),
        (
            'Smith, John. "Reference services in libraries." Library Quarterly 12, no. 3 (2019): 45–67.',
            {**SMITH, "authors": "Smith, John"},
        ),
        (
            'Smith, John. "Reference services in libraries." Library Quarterly, vol. 12, no. 3, 2019, pp. 45-67.',
            {**SMITH, "authors": "Smith, John"},
        ),
        (
            "Smith, J. (2019). Reference services (2nd ed.). Oxford University Press. https://doi.org/10.1000/182",
            {"material": "book", "title": "Reference services", "authors": "Smith, J.", "date": "2019",
             "edition": "2nd ed", "publisher": "Oxford University Press", "doi": "10.1000/182"},
        ),
        ("KANAMORI H. Shaking without quaking[J]. Science, 1998, 279(5359): 2063-2064.",
         {"material": "journal_article", "title": "Shaking without quaking", "authors": "KANAMORI H",
          "container": "Science", "date": "1998", "volume": "279", "issue": "5359", "pages": "2063-2064"}),
        ("978-7-301-15089-4", {"material": "book", "isbn": "978-7-301-15089-4"}),
        ("ISSN 1002-1167", {"material": "journal_article", "issn": "1002-1167"}),
        ("https://x.test/a?doi=10.1000%2F182&from=a", {"material": "journal_article", "doi": "10.1000/182"}),
        ("https://x.test/paper", {"material": "book", "url": "https://x.test/paper"}),
        ("余华《活着》 作家出版社 2012", {"material": "book", "title": "活着", "date": "2012"}),
        ("GB/T 7714-2015", {"material": "standard", "standard_number": "GB/T 7714-2015"}),
        ("三体", {"material": "book", "title": "三体"}),
        ("", {"material": "book"}),
    ],
)  # fmt: skip
def test_a_pasted_citation_fills_the_form(text: str, fields: dict[str, str]) -> None:
    assert pasted_fields(text) == fields


@given(
    st.text(alphabet=st.sampled_from('王强. ,:;()[]JM/DC《》"“2019-12年期10.5/aSmith'), max_size=300)
    | st.text()
)
def test_anything_can_be_pasted(text: str) -> None:
    texts_of(read_citation(Form(pasted_fields(text))))


def test_a_long_paste_is_read_at_once() -> None:
    for piece in ("a. ", "Smith, J., ", '"a', "王强, ", "[J]", "2019, ", "a: b, "):
        assert pasted_fields(piece * 5_000)["material"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["请问怎样查民国报纸？", "谢谢"], {}),
        (["你好", "我想找《图书馆学导论》"], {"material": "book", "title": "图书馆学导论"}),
        (["有 10.1000/abc 这篇吗"], {"material": "journal_article", "doi": "10.1000/abc"}),
        (["书号 978-7-03-011642-0，急用"], {"material": "book", "isbn": "978-7-03-011642-0"}),
        (["您好\n张三. 论公共性[J]. 图书馆论坛, 2019(3): 12-18.\n谢谢"], {"issue": "3", "authors": "张三"}),
    ],
)
def test_what_was_named_in_a_conversation_is_found_line_by_line(
    said: list[str], found: dict[str, str]
) -> None:
    fields = said_fields(said)
    assert {name: fields[name] for name in found} == found and bool(fields) is bool(found)
