"""By which signs a page shows that a reader stands before a wall: log-in, payment, or "page not found" with a smile.

Nearly every page has a log-in link somewhere, so that a single word proves nothing: sentences that say what is
needed do, and so does a page that has nothing but the form.
"""

import re
from dataclasses import dataclass

from server.domain.addresses import WebAddress
from server.domain.verdicts import Verdict
from server.domain.web_pages import Outline

_SHORT = 600  # characters: a page with no more than this has one thing to say
_BARE = 1500
_LONG = 4000  # a page with more than this is no wall, whatever it says of logging in


@dataclass(frozen=True, slots=True)
class Sign:
    """What a page turned out to be, and by what it was recognised. Not ``sure``: words within a longer page."""

    verdict: Verdict
    why: str = ""
    sure: bool = True


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_LOG_IN_PLACE = _any(
    r"(?:^|[/._-])(?:log-?in|logon|sign-?in|sso|cas|oauth2?|saml2?|shibboleth|wayf|idp)(?:$|[/._?-])",
    r"(?:^|[/._-])(?:passport|authserver|auth|webvpn)(?:$|[/._?-])",
)
_LOG_IN = _any(
    r"(?:请|需要?|须|必须)先?(?:登录|登陆|注册)[^。，]{0,12}(?:查看|阅读|浏览|下载|访问|使用|继续|全文)",
    r"(?:登录|登陆|注册)(?:后|之后|即)[^。，]{0,4}(?:可|才能|方可|查看|阅读|下载)",
    r"(?:您|你)(?:还)?(?:没有|未|尚未)(?:登录|登陆)",
    r"(?:没有|无)(?:访问|阅读|下载|查看)?权限",
    r"IP ?(?:地址)?(?:不在|超出|未)[^。]{0,12}(?:范围|授权|许可)",
    r"(?:仅限?|只限|限)(?:校|馆|院)内(?:网|用户|访问|使用|阅读)",
    r"校外(?:访问|用户)[^。]{0,10}(?:VPN|登录|认证|代理)",
    r"统一身份认证",
    r"(?:please |must |need to |required? to |have to )(?:first )?(?:log|sign)[ -]?in\b",
    r"\b(?:log|sign)[ -]?in (?:is )?required",
    r"\b(?:log|sign)[ -]?in to (?:read|view|access|download|continue|see|your (?:account|institution))",
    r"\b(?:access|available)[a-z ]{0,20} (?:through|via|from|to|for) (?:your institution|subscribers|members)",
    r"\b(?:institutional|subscription) access (?:is )?required",
    r"\byou do not have (?:access|permission)",
    r"\bcreate (?:a free |an )?account to (?:read|view|access|download|continue)",
)
_LOG_IN_TITLE = _any(r"(?:^|\W)(?:用户)?(?:登录|登陆|身份认证|log ?in|sign ?in|log ?on)(?:$|\W|页面|系统)")
_PAYMENT = _any(
    r"付费(?:后|才|即)?[^。，]{0,4}(?:阅读|下载|查看|浏览|全文|可|内容|文档)",
    r"(?:购买|订购|支付)(?:本文|全文|此文|单篇|后[^。]{0,6}(?:查看|阅读|下载))",
    r"(?:开通|成为|仅限?|限|升级)(?:VIP|会员)",
    r"余额不足|充值后",
    r"下载需(?:要)?\d+(?:积分|金币|下载券|元)",
    r"[¥￥] ?\d+(?:\.\d+)? ?(?:购买|下载|立即)",
    r"\b(?:purchase|buy|rent)(?: (?:this|the|full|single|instant))* (?:pdf|article|access|chapter|paper|issue)\b",
    r"\bsubscribe (?:now )?to (?:read|continue|unlock|access|view)",
    r"\bsubscribers? only\b|\bpay[- ]per[- ]view\b",
    r"\bget (?:full |instant )?access (?:for|from|now)\b",
    r"\bthis (?:article|content) is (?:behind|for paying|for subscribers)",
)
_MISSING = _any(
    r"(?:页面?|网页|文章|内容|资源|文件|文献|信息|链接|记录)[^。，]{0,8}(?:不存在|未找到|没有找到|找不到)",
    r"(?:页面?|网页|文章|内容|资源|文件|文献|信息|链接|记录)[^。，]{0,8}已(?:被|经)?(?:删除|失效|下线|过期)",
    r"(?:找不到|没有找到|未找到)[^。，]{0,8}(?:页面?|网页|文章|内容|资源|文件)",
    r"^\W*404\b|\b(?:error|http|错误|代码) ?404\b",
    r"\b404\b\W{0,3}(?:not found|error|错误|出错|页面|找不到)|^\W*not found\W*$",
    r"\b(?:page|file|document|article|item|resource|content)[a-z ]{0,20} not found\b",
    r"\b(?:page|file|document|article|item|resource|content)[a-z ]{0,20} does(?: not|n.t) exist",
    r"\b(?:page|file|document|article|item|resource|content)[a-z ]{0,20} (?:has been|was) (?:removed|deleted)",
    r"\b(?:page|file|document|article|item|resource|content)[a-z ]{0,20} no longer (?:available|exists)",
    r"\b(?:page|file|document|article|item|resource|content)[a-z ]{0,20} (?:can ?not|could not|couldn.t) be found",
    r"\b(?:sorry|oops)[^.]{0,30}(?:find|found|exist)",
)
_HOME = _any(r"/(?:index|default|home|main)?(?:\.\w{2,5})?/?(?:\?.*)?")


def led_to_log_in(asked: WebAddress, final: WebAddress) -> Sign | None:
    """The place to which a link led away, when it reads like a log-in and the link itself did not."""
    if asked == final or _LOG_IN_PLACE.search(_place(asked)) or not _LOG_IN_PLACE.search(_place(final)):
        return None
    return Sign(Verdict.LOG_IN_WALL, final.text[:200])


def led_home(asked: WebAddress, final: WebAddress) -> Sign | None:
    """The front page to which a link to something deeper was led: the site's way to say that it is gone."""
    if asked == final or _HOME.fullmatch(asked.target) or not _HOME.fullmatch(final.target):
        return None
    return Sign(Verdict.SOFT_404, final.text[:200])


def log_in_said(outline: Outline) -> Sign | None:
    """A page that is nothing but a log-in form, or a sentence that asks for one."""
    length = len(outline.text)
    if outline.passwords and (_LOG_IN_TITLE.search(outline.title) or length < _SHORT):
        return Sign(Verdict.LOG_IN_WALL, "password")
    match = _LOG_IN.search(_all(outline)) if length < _LONG else _LOG_IN.search(_prominent(outline))
    return Sign(Verdict.LOG_IN_WALL, match[0].strip()[:80], length < _BARE) if match else None


def payment_said(outline: Outline) -> Sign | None:
    """The page's own declaration that it is not free, or a sentence that asks for money."""
    if outline.free is False:
        return Sign(Verdict.PAYMENT_WALL, "isAccessibleForFree")
    match = _PAYMENT.search(_all(outline))
    return Sign(Verdict.PAYMENT_WALL, match[0].strip()[:80], len(outline.text) < _BARE) if match else None


def missing_said(outline: Outline) -> Sign | None:
    """ "Page not found" as title or heading, or as all that a short page says."""
    short = len(outline.text) < _SHORT
    places = (outline.title, outline.headings, outline.text if short else "")
    match = next(filter(None, map(_MISSING.search, places)), None)
    return Sign(Verdict.SOFT_404, match[0].strip()[:80], short) if match else None


def _prominent(outline: Outline) -> str:
    return f"{outline.title} {outline.headings}"


def _all(outline: Outline) -> str:
    return f"{_prominent(outline)} {outline.text}"


def _place(address: WebAddress) -> str:
    return f"{address.host}/{address.target.partition('?')[0].lstrip('/')}"
