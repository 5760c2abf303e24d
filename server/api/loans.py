"""Endpoints of the loan catalogue: search, classes, new books, titles, what all readers are told, suggestions."""

from server.actions.loan_catalogue import (
    LOOKED_AT,
    Titles,
    browse,
    classes,
    new_books,
    search_titles,
    stores,
    title_page,
)
from server.actions.reader_voices import (
    comment_title,
    hide_title_comment,
    suggest,
    withdraw_comment,
)
from server.api.loan_views import comment_view, title_view, title_views
from server.api.routes import ApiRequest, Endpoint
from server.api.views import names
from server.domain.errors import NotFound
from server.domain.forms import is_number
from server.domain.loan_classes import CLASSES, is_class
from server.domain.permissions import Verb
from server.domain.search_words import search_from
from server.wire import loan_bodies as bodies
from server.words.catalogue import text


async def find(r: ApiRequest) -> bodies.TitlesView:
    search = search_from(
        r.query.get("q", ""), field=r.query.get("field", ""), language=r.query.get("language", "")
    )
    return await _titles(
        r, await search_titles(r.ctx, r.actor, search, cursor=r.number("cursor", 0, high=LOOKED_AT))
    )


async def list_classes(r: ApiRequest) -> list[bodies.ClassView]:
    counts = await classes(r.ctx)
    codes = [code for main, below in CLASSES.items() for code in (main, *below)]
    return [_class(code, counts[code]) for code in codes if counts.get(code)]


async def in_class(r: ApiRequest) -> bodies.TitlesView:
    return await _titles(r, await browse(r.ctx, r.actor, r.path["code"], before=r.number("cursor", 0)))


async def newest(r: ApiRequest) -> list[bodies.TitleView]:
    return await title_views(r, await new_books(r.ctx, r.actor, limit=r.number("limit", 12, low=1, high=50)))


async def show(r: ApiRequest) -> bodies.TitlePageView:
    page = await title_page(r.ctx, r.actor, record_of(r.path["id"]))
    return bodies.TitlePageView(
        title_view(page.title, page.stores),
        [comment_view(comment, by) for comment, by in page.comments],
        [title_view(other, page.stores) for other in page.others],
    )


async def comment(r: ApiRequest) -> bodies.CommentView:
    return comment_view(
        await comment_title(r.ctx, r.actor, record_of(r.path["id"]), r.body.text), r.actor.name
    )


async def withdraw(r: ApiRequest) -> None:
    await withdraw_comment(r.ctx, r.actor, r.path["id"])


async def hide(r: ApiRequest) -> None:
    await hide_title_comment(r.ctx, r.actor, r.path["id"])


async def leave_suggestion(r: ApiRequest) -> dict[str, bool]:
    return {"again": not await suggest(r.ctx, r.actor, r.body.client_id, r.body.text)}


def record_of(raw: str) -> int:
    """The number of a record in an address. Raises NotFound."""
    if not is_number(raw):
        raise NotFound("title_not_found")
    return int(raw)


async def _titles(r: ApiRequest, found: Titles) -> bodies.TitlesView:
    known = await stores(r.ctx)
    return bodies.TitlesView(
        [title_view(title, known) for title in found.titles], found.total, found.more, found.next_cursor
    )


def _class(code: str, titles: int) -> bodies.ClassView:
    assert is_class(code)
    key = f"loans.class.{code}"
    return bodies.ClassView(code, names(text(key, "zh"), text(key, "en")), titles)


_T = "/api/loans/titles/{id}"
ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/loans/titles",
        Verb.SEARCH_TITLES,
        find,
        "Search what can be borrowed, the nearest first",
        answer=bodies.TitlesView,
    ),
    Endpoint(
        "GET",
        "/api/loans/classes",
        Verb.SEARCH_TITLES,
        list_classes,
        "Classes that have titles, with their figures",
        answer=list[bodies.ClassView],
    ),
    Endpoint(
        "GET",
        "/api/loans/classes/{code}",
        Verb.SEARCH_TITLES,
        in_class,
        "Titles of a class, the newest records first",
        answer=bodies.TitlesView,
    ),
    Endpoint(
        "GET",
        "/api/loans/new",
        Verb.SEARCH_TITLES,
        newest,
        "New books, the newest first",
        answer=list[bodies.TitleView],
    ),
    Endpoint(
        "GET",
        _T,
        Verb.SEARCH_TITLES,
        show,
        "One title with its copies by store, comments and other records of it",
        answer=bodies.TitlePageView,
    ),
    Endpoint(
        "POST",
        _T + "/comments",
        Verb.KEEP_CART,
        comment,
        "Say something about a title (R-COM.4)",
        body=bodies.CommentTitle,
        answer=bodies.CommentView,
        status=201,
    ),
    Endpoint("DELETE", "/api/me/comments/{id}", Verb.KEEP_CART, withdraw, "Take one's own comment back"),
    Endpoint(
        "POST",
        "/api/manage/title-comments/{id}/hide",
        Verb.KEEP_NOTICES,
        hide,
        "Hide a comment that names people or abuses them",
    ),
    Endpoint(
        "POST",
        "/api/loans/suggestions",
        Verb.KEEP_CART,
        leave_suggestion,
        "Leave a wish or suggestion for the main library (R-COM.5)",
        body=bodies.Suggest,
        answer=dict[str, bool],
        status=201,
    ),
]
