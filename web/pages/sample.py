"""A made-up page of a member library that carries the chat, to try it as readers meet it.

Served by us at ``/sample``; `sample_site` serves the same page as a host of its own, under the strictest
Content-Security-Policy that the widget promises to live with.
"""

from pathlib import Path

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from server.actions.desks import show_desk
from server.domain.errors import NotFound
from server.domain.permissions import Verb
from web.pages.base import Page, PageRequest
from web.templating import environment

DESK = "zslib"
_STATIC = Path(__file__).parents[1] / "static"


async def show(page: PageRequest) -> Response:
    """The sample page on our own origin; ``?desk=`` chooses whose. Production has no such page."""
    if page.ctx.settings.environment == "production":
        raise NotFound()
    info = await show_desk(page.ctx, page.query.get("desk", DESK))
    html = sample_html(
        environment(), "", info.desk.slug, info.library.name_zh, page.query.get("page", "home")
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def sample_html(templates: Environment, origin: str, slug: str, library: str, view: str) -> str:
    """The page of a library (``view``: home or hours), with the loader from ``origin`` (empty: our own)."""
    return templates.get_template("sample.html").render(origin=origin, slug=slug, library=library, view=view)


def policy_for(origin: str, *, socket: bool = True) -> str:
    """The Content-Security-Policy of a strict host: nothing but itself, and us where the chat needs us.

    Browsers do not take ``https://…`` in ``connect-src`` for ``wss://…``: without ``socket`` the chat uses an event
    stream.
    """
    lines = f" {origin.replace('http', 'ws', 1)}" if socket else ""
    return (
        f"default-src 'self'; script-src {origin}; connect-src {origin}{lines}; img-src 'self' {origin};"
        " object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def sample_site(origin: str, slug: str, library: str, *, socket: bool = True) -> Starlette:
    """The sample library's site as an application of its own, to be served from another origin."""
    headers = {"Content-Security-Policy": policy_for(origin, socket=socket), "Cache-Control": "no-store"}
    templates = environment()

    async def page(request: Request) -> Response:
        view = request.path_params.get("view", "home")
        return HTMLResponse(sample_html(templates, origin, slug, library, view), headers=headers)

    async def style(request: Request) -> Response:
        return FileResponse(_STATIC / "sample.css", media_type="text/css")

    async def picture(request: Request) -> Response:
        return FileResponse(_STATIC / "sample.svg", media_type="image/svg+xml")

    return Starlette(
        routes=[
            Route("/", page),
            Route("/static/sample.css", style),
            Route("/static/sample.svg", picture),
            Route("/favicon.ico", picture),
            Route("/{view}", page),
        ]
    )


PAGES = [Page("GET", "/sample", Verb.ENTER, show)]
