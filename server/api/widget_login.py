"""The widget's log-in: a code from our window becomes a bearer; and its end."""

import msgspec

from server.actions.widget_logins import log_in_widget, log_out_widget
from server.api.routes import ApiRequest, Endpoint
from server.domain.permissions import Verb


class WidgetCode(msgspec.Struct, forbid_unknown_fields=True):
    """The code that the window posted, and the visitor's secret whose open conversation moves to the reader."""

    desk: str
    code: str
    visitor: str = ""


class WidgetReader(msgspec.Struct):
    """Who is logged in."""

    id: str
    name: str


class WidgetLogIn(msgspec.Struct):
    """The bearer, good for 12 hours, for ``Authorization: Bearer …``."""

    bearer: str
    reader: WidgetReader


async def log_in(r: ApiRequest) -> WidgetLogIn:
    """Turn the code into a bearer."""
    body: WidgetCode = r.body
    login = await log_in_widget(
        r.ctx,
        slug=body.desk,
        code=body.code,
        visitor=body.visitor,
        origin=r.request.headers.get("origin", ""),
    )
    return WidgetLogIn(login.secret, WidgetReader(login.actor.account_id, login.actor.name))


async def log_out(r: ApiRequest) -> None:
    """End the bearer that came with the request."""
    kind, _, secret = r.request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        await log_out_widget(r.ctx, secret)


ENDPOINTS = [
    Endpoint(
        "POST",
        "/api/widget/login",
        Verb.ENTER,
        log_in,
        "Turn the code from the log-in window into a bearer",
        body=WidgetCode,
        answer=WidgetLogIn,
        cross_origin=True,
    ),
    Endpoint(
        "POST", "/api/widget/logout", Verb.KEEP_ACCOUNT, log_out, "End the widget's log-in", cross_origin=True
    ),
]
