"""Endpoints about the alliance's bibliographic records and the reading of citations."""

from server.actions.catalogue import MOST, parse_citation, search_records
from server.api.routes import ApiRequest, Endpoint
from server.api.views import names
from server.domain.catalogue import Holding
from server.domain.permissions import Verb
from server.domain.search_words import search_from
from server.wire import record_bodies
from server.words.catalogue import say


async def find(r: ApiRequest) -> record_bodies.Records:
    """Titles that the alliance's libraries hold, the nearest first."""
    search = search_from(
        r.query.get("q", ""),
        field=r.query.get("field", ""),
        kind=r.query.get("kind", ""),
        language=r.query.get("language", ""),
        also={
            "title": r.query.get("title", ""),
            "author": r.query.get("author", ""),
            "subject": r.query.get("subject", ""),
        },
    )
    hits = await search_records(r.ctx, r.actor, search, cursor=r.number("cursor", 0, high=2 * MOST))
    views = [holding_view(holding) for holding in hits.holdings]
    return record_bodies.Records(views, hits.total, hits.more, hits.next_cursor)


async def parse(r: ApiRequest) -> record_bodies.Citation:
    """The fields of a request for what was pasted or sent by a link resolver, and whether we hold it."""
    body: record_bodies.ParseCitation = r.body
    found = await parse_citation(r.ctx, r.actor, text=body.text, openurl=body.openurl)
    problems = [
        record_bodies.ProblemView(problem.field, problem.code, problem.rule_id, say(problem, r.language))
        for problem in found.problems
    ]
    held = [holding_view(holding) for holding in found.held]
    return record_bodies.Citation(str(found.material), dict(found.fields), problems, held)


def holding_view(holding: Holding) -> record_bodies.RecordView:
    """A record as clients read it."""
    record = holding.record
    return record_bodies.RecordView(
        record=holding.id,
        material=str(record.kind),
        title=record.title,
        authors=record.authors,
        container=record.container,
        publisher=record.publisher,
        date=record.date,
        edition=record.edition,
        isbns=list(record.isbns),
        issn=record.issn,
        doi=record.doi,
        language=record.language,
        subjects=list(record.subjects),
        class_number=record.class_number,
        serial=record.serial,
        held_by=[
            record_bodies.HolderView(holder.slug, names(holder.name_zh, holder.name_en))
            for holder in holding.holders
        ],
    )


ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/records",
        Verb.SEARCH_RECORDS,
        find,
        "Search the alliance's bibliographic records",
        answer=record_bodies.Records,
    ),
    Endpoint(
        "POST",
        "/api/citations/parse",
        Verb.SEARCH_RECORDS,
        parse,
        "Read a citation or an OpenURL into the fields of a request",
        body=record_bodies.ParseCitation,
        answer=record_bodies.Citation,
    ),
]
