"""Look in the alliance's records: what a reader seeks, whether we hold what they ask for, what a citation means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.context import Context
from server.domain.catalogue import Holding, citation_of_record
from server.domain.citation_matching import Agreement, compare
from server.domain.citations import Citation, Material, read_citation, texts_of
from server.domain.errors import Invalid, NotFound
from server.domain.forms import Form
from server.domain.pasted import pasted_fields
from server.domain.permissions import Actor, Verb, demand
from server.domain.search_words import SERIAL, Search, number_words, ranked, title_word
from server.store.catalogue import candidates, holders_of, open_desks_of, record_ids, records_by_ids
from server.store.rows import Reader
from server.wire.openurl import read_openurl
from server.wire.scripts import simplified

MOST = 200  # records that are ranked; who gets so many should say more
PAGE = 20
_SAME_TITLE = 50
_HELD = 5
_SERIALS = (Material.JOURNAL_ARTICLE, Material.NEWSPAPER_ARTICLE)


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what was found, ``total`` titles in all; ``more`` than could be ranked where the words are common."""

    holdings: tuple[Holding, ...]
    total: int
    more: bool
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class ParsedCitation:
    """What a pasted citation or an OpenURL means: the fields of its form, what is wrong with them, what we hold."""

    material: Material
    fields: Mapping[str, str]
    problems: tuple[Invalid, ...]
    held: tuple[Holding, ...]


async def search_records(ctx: Context, actor: Actor, search: Search, *, cursor: int = 0) -> Hits:
    """A page of the titles that answer a search, the nearest first, each with who holds it.

    Raises Invalid ``search_short`` when nothing can be looked for.
    """
    demand(actor, Verb.SEARCH_RECORDS)
    also = tuple((field, simplified(text)) for field, text in search.also)
    db, search = ctx.db.read, replace(search, question=simplified(search.question), also=also)
    ids = await record_ids(db, search.words(), limit=MOST)
    exact: list[int] = []
    if len(ids) == MOST and (words := search.title_words()):
        exact = await record_ids(db, words, limit=_SAME_TITLE)
    best = ranked(search, await candidates(db, list(dict.fromkeys([*exact, *ids]))))
    page = [candidate.id for candidate in best[cursor : cursor + PAGE]]
    following = cursor + PAGE
    return Hits(
        await holdings(db, page),
        total=len(best),
        more=len(ids) == MOST,
        next_cursor=following if following < len(best) else None,
    )


async def held_like(ctx: Context, citation: Citation) -> tuple[Holding, ...]:
    """Titles of ours that are, or have in them, what a citation asks for: at most five, the document itself first."""
    db, citation = ctx.db.read, _in_simplified(citation)
    found: dict[int, None] = {}
    for word in number_words(citation.doi, citation.isbn, citation.standard_number, citation.patent_number):
        found |= dict.fromkeys(await record_ids(db, [word], limit=_HELD))
    if citation.title and not found:
        ids = await record_ids(db, [title_word(citation.title)], limit=_SAME_TITLE)
        records = await records_by_ids(db, ids)
        found |= dict.fromkeys(each for each in ids if _fits(citation, citation_of_record(records[each])))
    if citation.material in _SERIALS and (citation.issn or citation.container):
        word = next(iter(number_words(citation.issn)), title_word(citation.container))
        found |= dict.fromkeys(await record_ids(db, [word, SERIAL], limit=_HELD))
    return await holdings(
        db, [each.id for each in ranked(Search(citation.title), await candidates(db, list(found)))]
    )


async def parse_citation(ctx: Context, actor: Actor, *, text: str = "", openurl: str = "") -> ParsedCitation:
    """The fields of a request for what was pasted, or for what a link resolver sent."""
    demand(actor, Verb.SEARCH_RECORDS)
    fields = read_openurl(openurl).fields() if openurl else pasted_fields(text)
    form = Form(fields)
    citation = read_citation(form)
    held = await held_like(ctx, citation)
    if not citation.title and len(held) == 1:  # a number alone: our own record says the rest
        citation = citation_of_record(held[0].record)
        return ParsedCitation(citation.material, texts_of(citation) | fields_kept(fields), (), held)
    problems = tuple(problem for problem in form.problems if problem.code != "field_required")
    return ParsedCitation(citation.material, fields | texts_of(citation), problems, held)


async def citation_of_record_id(ctx: Context, actor: Actor, record_id: int) -> Citation:
    """What a request for a record starts from. Raises NotFound."""
    demand(actor, Verb.SEARCH_RECORDS)
    record = (await records_by_ids(ctx.db.read, [record_id])).get(record_id)
    if record is None:
        raise NotFound("record_not_found")
    return citation_of_record(record)


async def desks_for(
    ctx: Context, actor: Actor, found: Sequence[Holding], *, wished: str = ""
) -> dict[int, str]:
    """At which desk each title can be asked for: the wished one, the reader's own library's, else a holder's."""
    libraries = {holder.library_id for holding in found for holder in holding.holders}
    desks = await open_desks_of(ctx.db.read, sorted(libraries | ({actor.library_id} - {""})))
    own = wished or desks.get(actor.library_id, "")
    chosen = {
        holding.id: own or next((desks[h.library_id] for h in holding.holders if h.library_id in desks), "")
        for holding in found
    }
    return {number: desk for number, desk in chosen.items() if desk}


async def holdings(db: Reader, ids: list[int]) -> tuple[Holding, ...]:
    """These records in this order, each with every library that has the title."""
    records = await records_by_ids(db, ids)
    held = await holders_of(db, sorted({record.match_key for record in records.values()}))
    return tuple(Holding(each, records[each], held.get(records[each].match_key, ())) for each in ids)


def _in_simplified(citation: Citation) -> Citation:
    """As the catalogue's index has it."""
    return replace(
        citation,
        title=simplified(citation.title),
        authors=simplified(citation.authors),
        container=simplified(citation.container),
        publisher=simplified(citation.publisher),
    )


def fields_kept(fields: Mapping[str, str]) -> dict[str, str]:
    """What was given beside the number that named the document."""
    return {name: text for name, text in fields.items() if name in ("pages", "note", "url")}


def _fits(asked: Citation, ours: Citation) -> bool:
    """Whether our title can be the one asked for: nothing that both say differs."""
    told = compare(asked, _in_simplified(ours))
    return Agreement.DIFFER not in (told.title, told.author, told.date)
