"""Online loans, the reader's first page: one search box, classes, new books, news; and a title (R-COM.2, R-COM.7)."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from server.actions.cards import loan_rules
from server.actions.carts import drop_title, keep_title
from server.actions.loan_catalogue import (
    LOOKED_AT,
    Titles,
    browse,
    classes,
    new_books,
    search_titles,
    title_page,
)
from server.actions.portal import own_desk
from server.actions.reader_voices import bulletin, comment_title, suggest, withdraw_comment
from server.actions.slots import offers_for
from server.domain.errors import Invalid, NotFound, Refusal
from server.domain.forms import is_number
from server.domain.lending import COMMENT_LIMIT, SUGGESTION_LIMIT, checked_list
from server.domain.loan_classes import CLASSES
from server.domain.permissions import Verb, may
from server.domain.search_words import QUERY_LIMIT, search_from
from server.wire.outcomes import way_of
from server.words.catalogue import text
from web.loan_parts import back_to, frame, shown, shown_title, told
from web.log_ins import filled
from web.pages.base import Page, PageRequest


async def home(page: PageRequest) -> Response:
    """The four pages' first; with words in the address what was found for them."""
    question = page.query.get("q", "").strip()
    return await (_found(page, question) if question else _home(page))


async def suggestion(page: PageRequest) -> Response:
    """A wish or suggestion is left (R-COM.5)."""
    form = await page.form()
    try:
        await suggest(page.ctx, page.actor, filled(form, "client_id"), filled(form, "suggestion"))
    except Refusal as refusal:
        return await _home(page, refusal, filled(form, "suggestion"))
    return page.redirect("/loans", done="suggested")


async def in_class(page: PageRequest) -> Response:
    """Titles of a class, page by page."""
    code = page.path["code"]
    found = await browse(page.ctx, page.actor, code, before=_number(page, "before"))
    counts = await classes(page.ctx)
    main = code if code in CLASSES else code[:1]
    return page.render(
        "loans_class.html",
        code=code,
        main=main,
        found=found,
        titles=await shown(page, found.titles),
        below=[(each, counts[each]) for each in CLASSES[main] if counts.get(each)],
        counts=counts,
        next_page=f"/loans/classes/{code}?before={found.next_cursor}" if found.next_cursor else "",
        **await _listing(page),
    )


async def title(page: PageRequest) -> Response:
    """One title with its copies by store, what others say of it, and what can be done."""
    return await _title(page)


async def keep(page: PageRequest) -> Response:
    """Put a title on a list, or take it off again (``off``); back to where the reader was."""
    form, record_id = await page.form(), _record(page)
    name, back = checked_list(filled(form, "list")), filled(form, "back")
    if "off" in form:
        await drop_title(page.ctx, page.actor, record_id, name)
    else:
        await keep_title(page.ctx, page.actor, record_id, name)
    return _back(page, back, f"/loans/titles/{record_id}", "dropped" if "off" in form else str(name))


async def comment(page: PageRequest) -> Response:
    """Keep what a reader says of a title."""
    form = await page.form()
    try:
        await comment_title(page.ctx, page.actor, _record(page), filled(form, "comment"))
    except Refusal as refusal:
        return await _title(page, refusal, filled(form, "comment"))
    return page.redirect(f"/loans/titles/{_record(page)}", done="commented")


async def withdraw(page: PageRequest) -> Response:
    """Take one's own comment back."""
    form = await page.form()
    await withdraw_comment(page.ctx, page.actor, page.path["id"])
    return _back(page, filled(form, "back"), "/loans/orders", "withdrawn")


async def _home(page: PageRequest, refusal: Refusal | None = None, said: str = "") -> Response:
    problems = told(page, refusal)
    counts = await classes(page.ctx)
    return page.render(
        "loans.html",
        status=way_of(refusal).status if refusal else 200,
        bulletin=await bulletin(page.ctx, page.actor),
        classes=[(code, counts[code]) for code in CLASSES if counts.get(code)],
        new=await shown(page, await new_books(page.ctx, page.actor)),
        offers=await offers_for(page.ctx, page.actor),
        rules=await loan_rules(page.ctx, page.actor),
        said=said,
        suggestion_limit=SUGGESTION_LIMIT,
        client_id=page.ctx.ids.new(),
        problems=problems,
        errors=dict(problems),
        **await _listing(page),
    )


async def _found(page: PageRequest, question: str) -> Response:
    cursor, problem = min(_number(page, "cursor"), LOOKED_AT), ""
    found = Titles(())
    try:
        found = await search_titles(page.ctx, page.actor, search_from(question), cursor=cursor)
    except Invalid as refusal:
        problem = told(page, refusal)[0][1]
    following = urlencode({"q": question, "cursor": found.next_cursor})
    return page.render(
        "loans_found.html",
        found=found,
        titles=await shown(page, found.titles),
        problem=problem,
        first=cursor + 1,
        next_page=f"/loans?{following}" if found.next_cursor else "",
        **await _listing(page, question),
    )


async def _title(page: PageRequest, refusal: Refusal | None = None, said: str = "") -> Response:
    record_id = _record(page)
    found = await title_page(page.ctx, page.actor, record_id)
    problems = told(page, refusal)
    here = shown_title(page, found.title, found.stores)
    copies = [
        (found.stores[each.store_id], each)
        for each in found.title.copies.stores
        if each.store_id in found.stores
    ]
    return page.render(
        "loans_title.html",
        status=way_of(refusal).status if refusal else 200,
        here=here,
        record=found.title.record,
        facts=_facts(page, found.title.record),
        copies=copies,
        others=[shown_title(page, other, found.stores) for other in found.others],
        comments=found.comments,
        comment_limit=COMMENT_LIMIT,
        orders_of_it=_orders_of(page, found.title.record.title),
        said=said,
        problems=problems,
        errors=dict(problems),
        **await _listing(page),
    )


def _orders_of(page: PageRequest, title: str) -> str:
    """From a book to its orders, and from there to a talk with the reader: for who may see them (R-COM.6)."""
    if not may(page.actor, Verb.REVIEW_ORDER):
        return ""
    return f"/console/orders?{urlencode({'tab': 'all', 'q': title[:60]})}"


async def _listing(page: PageRequest, question: str = "") -> dict[str, Any]:
    """What pages with titles need beside them."""
    desk = await own_desk(page.ctx, page.actor)
    ask = f"/d/{desk.slug}/request?record=" if desk else "/portal/libraries?for=document&record="
    address = page.request.url.path + (f"?{page.request.url.query}" if page.request.url.query else "")
    return {
        "question": question,
        "limit": QUERY_LIMIT,
        "ask": ask,
        "here_address": address,
        **await frame(page),
    }


def _facts(page: PageRequest, record: Any) -> list[tuple[str, str]]:
    """What the catalogue says of a title, by name."""
    said = {
        "authors": record.authors,
        "publisher": record.publisher,
        "date": record.date,
        "edition": record.edition,
        "isbn": " / ".join(record.isbns),
        "class": record.class_number,
        "subjects": text("loans.between", page.language).join(record.subjects[:8]),
    }
    return [(text(f"loans.fact.{name}", page.language), value) for name, value in said.items() if value]


def _back(page: PageRequest, raw: str, otherwise: str, done: str) -> Response:
    address = urlsplit(back_to(raw, otherwise))
    kept = [part for part in address.query.split("&") if part and not part.startswith("done=")]
    return page.redirect(f"{address.path}?{'&'.join([*kept, f'done={done}'])}")


def _record(page: PageRequest) -> int:
    if not is_number(page.path["id"]):
        raise NotFound("title_not_found")
    return int(page.path["id"])


def _number(page: PageRequest, name: str) -> int:
    raw = page.query.get(name, "")
    return int(raw) if is_number(raw) else 0


_T = "/loans/titles/{id}"
PAGES = [
    Page("GET", "/loans", Verb.SEARCH_TITLES, home),
    Page("POST", "/loans/suggestions", Verb.KEEP_CART, suggestion),
    Page("GET", "/loans/classes/{code}", Verb.SEARCH_TITLES, in_class),
    Page("GET", _T, Verb.SEARCH_TITLES, title),
    Page("POST", _T + "/keep", Verb.KEEP_CART, keep),
    Page("POST", _T + "/comments", Verb.KEEP_CART, comment),
    Page("POST", "/loans/comments/{id}/withdraw", Verb.KEEP_CART, withdraw),
]
