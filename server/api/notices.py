"""Endpoints about what all readers are told: asked by open pages and widgets, put up by managers (R-LOAN.10)."""

from server.actions.notices import change_notice, put_up_notice, shown_notices, take_down_notice
from server.api.routes import ApiRequest, Endpoint
from server.api.views import names
from server.domain.forms import Form
from server.domain.permissions import Verb
from server.wire import case_bodies as b


async def shown(r: ApiRequest) -> list[b.ShownNotice]:
    told = await shown_notices(r.ctx, r.actor, desk=r.query.get("desk", ""))
    return [
        b.ShownNotice(
            each.id,
            each.kind,
            names(each.title_zh, each.title_en),
            names(each.text_zh, each.text_en),
            each.stops,
        )
        for each in told
        if each.kind == "suspension"
    ]


async def put_up(r: ApiRequest) -> b.NoticeKept:
    notice = await put_up_notice(r.ctx, r.actor, r.body.library_id, _form(r.body))
    return b.NoticeKept(notice.id)


async def change(r: ApiRequest) -> b.NoticeKept:
    return b.NoticeKept((await change_notice(r.ctx, r.actor, r.path["id"], _form(r.body))).id)


async def take_down(r: ApiRequest) -> b.NoticeKept:
    return b.NoticeKept((await take_down_notice(r.ctx, r.actor, r.path["id"])).id)


def _form(body: b.PutUpNotice) -> Form:
    return Form(
        {
            "kind": body.kind,
            "title_zh": body.title_zh,
            "title_en": body.title_en,
            "text_zh": body.text_zh,
            "text_en": body.text_en,
            "from": body.shown_from,
            "until": body.shown_until,
            "stops_orders": "1" if body.stops_orders else "",
        }
    )


_N, _M, _KEEP = "/api/notices", "/api/manage/notices", Verb.KEEP_NOTICES
ENDPOINTS = [
    Endpoint(
        "GET",
        _N,
        Verb.ENTER,
        shown,
        "Suspensions of service that are shown now",
        answer=list[b.ShownNotice],
        cross_origin=True,
    ),
    Endpoint("POST", _M, _KEEP, put_up, "Put up a notice", b.PutUpNotice, b.NoticeKept, 201),
    Endpoint("PUT", f"{_M}/{{id}}", _KEEP, change, "Change a notice", b.PutUpNotice, b.NoticeKept),
    Endpoint("DELETE", f"{_M}/{{id}}", _KEEP, take_down, "Take a notice down", None, b.NoticeKept),
]
