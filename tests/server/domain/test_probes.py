"""What a page turns out to be: walls, missing pages and documents, in Chinese and English."""

from datetime import UTC, datetime, timedelta

import pytest

from server.domain.probes import Fetched, classify, next_look
from server.domain.verdicts import Meaning, Verdict, has_died, meaning_of
from server.wire.web_addresses import web_address

ARTICLE = "<p>" + "本文讨论了公共图书馆参考咨询服务的历史与现状。" * 80 + "</p>"
PASSWORD = '<form><input name=u><input type="password" name=p></form>'


def found(
    body: str | bytes,
    *,
    status: int = 200,
    kind: str = "text/html; charset=utf-8",
    asked: str = "https://www.example.org/paper/12345.html",
    final: str = "",
    asks_log_in: bool = False,
) -> tuple[Verdict, Meaning]:
    first, last = web_address(asked), web_address(final or asked)
    assert first and last
    head = body.encode() if isinstance(body, str) else body
    sign, _ = classify(Fetched(first, last, status, kind, asks_log_in, head))
    return sign.verdict, meaning_of(sign.verdict, sure=sign.sure)


def page(title: str = "参考咨询 - 某某学报", body: str = ARTICLE) -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        page(),
        page(body=f'<nav><a href="/login">登录</a> <a>注册</a></nav>{ARTICLE}'),
        page(title="Log in to the past: a history", body=ARTICLE),
        page(body=f"{PASSWORD}{ARTICLE}"),  # the log-in box of the side bar
        page(title="GB/T 404 的修订", body=ARTICLE),
        page(
            body='<script type="application/ld+json">{"isAccessibleForFree": true}</script><p>购买全文 ￥30 购买</p>'
        ),
        page(title="", body='<div id="app"></div>'),
    ],
)
def test_a_page_that_anybody_may_read_opens(body: str) -> None:
    assert found(body) == (Verdict.OPENS, Meaning.GOOD)


def test_a_document_opens_whatever_the_server_calls_it() -> None:
    for kind in ("application/pdf", "text/html", "application/octet-stream", ""):
        assert found(b"%PDF-1.7 \xe2\xe3", kind=kind)[0] is Verdict.OPENS


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("", {"status": 401, "asks_log_in": True}),
        ("", {"status": 403, "asks_log_in": True}),
        (page("某大学统一身份认证", PASSWORD), {}),
        (page("Sign in", PASSWORD), {}),
        (page("知识服务平台", "<p>请先登录后查看全文</p>"), {}),
        (page("全文", "<p>登录后方可下载</p>"), {}),
        (page("资源", "<p>您的 IP 地址不在授权范围内</p>"), {}),
        (page("镜像站", "<p>本资源仅限校内访问</p>"), {"status": 403}),
        (page("Article", "<p>Please log in to continue.</p>"), {}),
        (page("Article", "<p>Sign in to read the full text</p>"), {}),
        (page("Welcome", ARTICLE), {"final": "https://passport.example.org/?from=12345"}),
        (page("Welcome", ARTICLE), {"final": "https://idp.example.org/cas/login?service=x"}),
    ],
)
def test_a_log_in_wall_is_known(body: str, more: dict[str, object]) -> None:
    assert found(body, **more) == (Verdict.LOG_IN_WALL, Meaning.BARRED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        page("论文", "<p>付费后下载全文</p>"),
        page("文档", "<p>下载需要5积分</p>"),
        page("Paper", "<p>Purchase PDF - $39.95</p><p>Buy this article</p>"),
        page("News", "<p>Subscribe to continue reading</p>"),
        page(
            "Paper", '<script type="application/ld+json">{"isAccessibleForFree":"False"}</script>' + ARTICLE
        ),
    ],
)
def test_a_payment_wall_is_known(body: str) -> None:
    assert found(body) == (Verdict.PAYMENT_WALL, Meaning.BARRED)


@pytest.mark.parametrize(
    "body",
    [
        page("404", ""),
        page("404 Not Found", "<h1>Not Found</h1>"),
        page("某某大学", "<h1>抱歉，您访问的页面不存在</h1>"),
        page("某某学报", "<p>该文章不存在或已被删除</p>"),
        page("Journal", "<p>Sorry, the page you requested could not be found.</p>"),
    ],
)
def test_a_missing_page_that_says_200_is_known(body: str) -> None:
    assert found(body) == (Verdict.SOFT_404, Meaning.DEAD)


def test_being_led_to_the_front_page_means_that_it_is_gone() -> None:
    assert found(page(), final="https://www.example.org/")[0] is Verdict.SOFT_404
    assert (
        found(page(), asked="https://www.example.org/index.html", final="https://example.org/")[0]
        is Verdict.OPENS
    )


def test_words_within_a_long_page_leave_it_to_the_librarian() -> None:
    words = page(body=f"{ARTICLE}<p>Purchase PDF</p>")
    assert found(words) == (Verdict.PAYMENT_WALL, Meaning.UNSURE)


@pytest.mark.parametrize("charset", ["gbk", "gb18030", "utf-8"])
@pytest.mark.parametrize("said", ["header", "meta", "nowhere"])
def test_chinese_is_read_in_every_usual_encoding(charset: str, said: str) -> None:
    text = page("知识服务", "<p>请先登录后查看全文</p>")
    if said == "meta":
        text = text.replace("<head>", f'<head><meta charset="{charset}">')
    kind = f"text/html; charset={charset}" if said == "header" else "text/html"
    assert found(text.encode(charset), kind=kind)[0] is Verdict.LOG_IN_WALL


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *(
            (404, Verdict.NOT_FOUND),
            (410, Verdict.NOT_FOUND),
            (400, Verdict.NOT_FOUND),
            (402, Verdict.PAYMENT_WALL),
        ),
        *(
            (403, Verdict.REFUSED),
            (429, Verdict.REFUSED),
            (500, Verdict.SERVER_ERROR),
            (503, Verdict.SERVER_ERROR),
        ),
        *((304, Verdict.SERVER_ERROR), (206, Verdict.OPENS), (511, Verdict.LOG_IN_WALL)),
    ],
)
def test_the_status_is_heard(status: int, verdict: Verdict) -> None:
    assert found(page(), status=status)[0] is verdict


def test_what_a_machine_is_turned_away_from_proves_nothing() -> None:
    assert meaning_of(Verdict.TIMEOUT) is meaning_of(Verdict.REFUSED) is Meaning.UNSURE


def test_only_news_about_a_link_is_a_finding() -> None:
    assert has_died(Verdict.NOT_FOUND, when_sent=Verdict.OPENS)
    assert has_died(Verdict.TIMEOUT, when_sent=Verdict.OPENS)
    assert not has_died(Verdict.REFUSED, when_sent=Verdict.OPENS), (
        "machines may be turned away where people are not"
    )
    assert not has_died(Verdict.TIMEOUT, when_sent=Verdict.TIMEOUT)
    assert not has_died(Verdict.NOT_PROBED, when_sent=Verdict.OPENS)


def test_a_link_is_looked_at_again_after_1_7_and_30_days() -> None:
    sent = datetime(2026, 11, 21, tzinfo=UTC)
    assert [next_look(step, sent) for step in range(4)] == [
        *(sent + timedelta(days=days) for days in (1, 7, 30)),
        None,
    ]
