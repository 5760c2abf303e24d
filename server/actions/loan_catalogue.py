"""Look for what can be borrowed: search, classes, new books, one title with its copies (R-LOAN.1, R-COM.7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.context import Context
from server.domain.catalogue import BibliographicRecord
from server.domain.errors import NotFound
from server.domain.lending import Copies, List, TitleComment
from server.domain.loan_classes import is_class
from server.domain.loan_rows import Store
from server.domain.permissions import Actor, Verb, demand
from server.domain.search_words import Candidate, Search, ranked
from server.store.carts import lists_with
from server.store.catalogue import candidates, record_ids, records_by_ids
from server.store.dues import Due, set_due_once
from server.store.loan_catalogue import (
    class_figures,
    class_titles,
    comments_on,
    copies_of,
    new_records,
    next_titles,
    place_of,
    recent_unclassed,
    records_in_class,
    records_like,
    set_place,
    stores_of_alliance,
)
from server.store.rows import Reader, Transaction
from server.wire.scripts import simplified

PAGE = 20
LOOKED_AT = 400  # found records among which copies are looked for
RANKED = 200
NEW_BOOKS = 12
_FRESH = timedelta(seconds=60)  # classes, new books and stores, however many look at them
_TURN = 2000
_REST = timedelta(seconds=60)
_PLACE = "loan_titles"


@dataclass(frozen=True, slots=True)
class Title:
    """A title in a list: its record, its copies, and on which of the reader's lists it stands."""

    id: int
    record: BibliographicRecord
    copies: Copies
    lists: frozenset[List] = frozenset()


@dataclass(frozen=True, slots=True)
class Titles:
    """A page of titles; ``total`` only where it was counted. ``next_cursor`` goes on, 0 at the end."""

    titles: tuple[Title, ...]
    total: int = 0
    more: bool = False  # than could be ranked, the words being common
    next_cursor: int = 0


@dataclass(frozen=True, slots=True)
class TitlePage:
    """One title with everything a reader wants to know before borrowing it."""

    title: Title
    stores: dict[str, Store]
    comments: Sequence[tuple[TitleComment, str]]
    others: Sequence[Title]  # the same title in other records that have copies


async def search_titles(ctx: Context, actor: Actor, search: Search, *, cursor: int = 0) -> Titles:
    """Titles with copies for loan that answer a search, the nearest first; then books that have none to lend.

    Copies cost one indexed question for all that was found. Raises Invalid ``search_short``.
    """
    demand(actor, Verb.SEARCH_TITLES)
    db, search = ctx.db.read, replace(search, question=simplified(search.question))
    ids = await record_ids(db, search.words(), limit=LOOKED_AT)
    exact: list[int] = []
    if len(ids) == LOOKED_AT and (words := search.title_words()):
        exact = await record_ids(db, words, limit=50)
    found = list(dict.fromkeys([*exact, *ids]))[:LOOKED_AT]
    copies = await copies_of(db, found)
    best = await _ranked(db, search, [each for each in found if each in copies], copies)
    if len(best) < PAGE:  # little or nothing to lend: say what we know of, to be asked for
        known = {each.match_key for each in best}
        lacking = await _ranked(db, search, [each for each in found if each not in copies], copies)
        best += [each for each in lacking if each.match_key not in known][: PAGE - len(best)]
    page, following = [each.id for each in best[cursor : cursor + PAGE]], cursor + PAGE
    titles = await _titles(ctx, actor, page, copies)
    return Titles(
        titles, len(best), more=len(ids) == LOOKED_AT, next_cursor=following if following < len(best) else 0
    )


async def browse(ctx: Context, actor: Actor, code: str, *, before: int = 0) -> Titles:
    """Titles of a class, those taken into the catalogue last first. Raises NotFound for no class."""
    demand(actor, Verb.SEARCH_TITLES)
    if not is_class(code):
        raise NotFound("class_not_found")
    ids = await records_in_class(ctx.db.read, code, before=before or 2**62, limit=PAGE + 1)
    shown = ids[:PAGE]
    copies = await copies_of(ctx.db.read, shown)
    following = shown[-1] if len(ids) > PAGE else 0
    return Titles(
        await _titles(ctx, actor, shown, copies),
        (await classes(ctx)).get(code, 0),
        next_cursor=following,
    )


async def classes(ctx: Context) -> dict[str, int]:
    """How many titles each class has; at most a minute old."""
    kept: tuple[datetime, dict[str, int]] | None = ctx.shelf.get("loan_classes")
    now = ctx.clock.now()
    if kept is None or not timedelta() <= now - kept[0] < _FRESH:
        kept = ctx.shelf["loan_classes"] = (now, await class_figures(ctx.db.read))
    return kept[1]


async def new_books(ctx: Context, actor: Actor, *, limit: int = NEW_BOOKS) -> tuple[Title, ...]:
    """The books put up last; which these are is at most a minute old, their copies are as of now."""
    demand(actor, Verb.SEARCH_TITLES)
    kept: tuple[datetime, list[int]] | None = ctx.shelf.get("new_books")
    now = ctx.clock.now()
    if kept is None or not timedelta() <= now - kept[0] < _FRESH:
        kept = ctx.shelf["new_books"] = (now, await new_records(ctx.db.read, now, limit=100))
    ids = kept[1][:limit]
    return await _titles(ctx, actor, ids, await copies_of(ctx.db.read, ids))


async def title_page(ctx: Context, actor: Actor, record_id: int) -> TitlePage:
    """One title. Raises NotFound ``title_not_found``."""
    demand(actor, Verb.SEARCH_TITLES)
    db = ctx.db.read
    record = (await records_by_ids(db, [record_id])).get(record_id)
    if record is None:
        raise NotFound("title_not_found")
    alike = list(dict.fromkeys([record_id, *await records_like(db, record.match_key)]))
    copies = await copies_of(db, alike)
    (title,) = await _titles(ctx, actor, [record_id], copies)
    others = await _titles(ctx, actor, [each for each in alike[1:] if each in copies], copies)
    return TitlePage(title, await stores(ctx), await comments_on(db, alike), others)


async def titles_by_ids(ctx: Context, actor: Actor, record_ids: Sequence[int]) -> dict[int, Title]:
    """These titles with their copies as of now; what is no longer in the catalogue is left out."""
    ids = list(dict.fromkeys(record_ids))[:LOOKED_AT]
    found = await _titles(ctx, actor, ids, await copies_of(ctx.db.read, ids))
    return {title.id: title for title in found}


async def stores(ctx: Context) -> dict[str, Store]:
    """Every store by its id; at most a minute old."""
    kept: tuple[datetime, dict[str, Store]] | None = ctx.shelf.get("loan_stores")
    now = ctx.clock.now()
    if kept is None or not timedelta() <= now - kept[0] < _FRESH:
        kept = ctx.shelf["loan_stores"] = (now, await stores_of_alliance(ctx.db.read))
    return kept[1]


async def promise_titles(ctx: Context) -> None:
    """See to it that titles come into their classes."""
    async with ctx.transaction() as tx:
        await set_due_once(tx, "loan_titles", "all", ctx.clock.now())


async def class_new_titles(ctx: Context, tx: Transaction, due: Due) -> datetime:
    """Give titles that got their first item their place among the classes. (Due ``loan_titles``.)

    What came last is looked at each time; beside that a walk goes round over all titles, a part a turn, so that a
    large import, or one that was long in writing, is taken in too.
    """
    fresh = await class_titles(tx, await recent_unclassed(tx))
    place = await place_of(tx, _PLACE)
    walked = await next_titles(tx, place, limit=_TURN)
    fresh += await class_titles(tx, walked)
    await set_place(tx, _PLACE, walked[-1] if len(walked) == _TURN else 0)
    return ctx.clock.now() if fresh else ctx.clock.now() + _REST


async def _ranked(
    db: Reader, search: Search, ids: Sequence[int], copies: dict[int, Copies]
) -> list[Candidate]:
    """The best first, one for each title: of several records of one title that with most free copies stands for it."""
    known = await candidates(db, ids[:RANKED])
    fullest: dict[str, Candidate] = {}
    for each in known:
        rival = fullest.get(each.match_key)
        if rival is None or _free(copies, each.id) > _free(copies, rival.id):
            fullest[each.match_key] = each
    return ranked(search, fullest.values())


def _free(copies: dict[int, Copies], record_id: int) -> tuple[int, int]:
    return copies.get(record_id, Copies()).free, record_id


async def _titles(
    ctx: Context, actor: Actor, ids: Sequence[int], copies: dict[int, Copies]
) -> tuple[Title, ...]:
    records = await records_by_ids(ctx.db.read, ids)
    lists = await lists_with(ctx.db.read, actor.account_id, ids)
    return tuple(
        Title(each, records[each], copies.get(each, Copies()), lists.get(each, frozenset()))
        for each in ids
        if each in records
    )
