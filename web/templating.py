"""Jinja2 templates with the words of both languages at hand."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from server.words import case_words, catalogue, times
from web import plots, statics

if TYPE_CHECKING:
    from web.pages.base import PageRequest

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment; autoescape is on for every template.

    A template that was read is not read again: while a new version is laid beside a running server, that goes on with
    the pages that its code knows.
    """
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    env.globals["times"] = times
    env.globals["plots"] = plots
    env.globals["case_words"] = case_words
    env.globals["static"] = statics.base()
    env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return env


def render(page: "PageRequest", template: str, *, status: int = 200, **values: Any) -> Response:
    """One page as HTML in the asker's language; a visitor's browser gets a seed for its CSRF token."""
    seed = page.cookie or page.request.cookies.get("pre", "")
    fresh = "" if seed else page.ctx.rng.token()
    if fresh:
        page.request.cookies["pre"] = fresh
    language = page.language

    def t(key: str, **fields: Any) -> str:
        return catalogue.text(key, language, **fields)

    html = (
        environment()
        .get_template(template)
        .render(
            t=t,
            language=language,
            actor=page.actor,
            csrf=page.csrf,
            path=page.request.url.path,
            wishing=lambda name, value: "?" + urlencode({**page.query, name: value}),
            large_type=page.wish("type") == "large",
            theme=page.wish("theme"),
            zone=ZoneInfo(page.ctx.settings.zone),
            now=page.ctx.clock.now(),
            settings=page.ctx.settings,
            Markup=Markup,
            **values,
        )
    )
    response = HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
    if fresh:
        secure = page.ctx.settings.secure
        response.set_cookie("pre", fresh, httponly=True, samesite="lax", secure=secure, path="/")
    return response
