"""The archive of answered consultations for staff: found by their words, read with a note in the audit trail.

A librarian finds what they answered and what was asked at their own desks; managers and inspectors what their
libraries asked or answered; who manages the alliance, everything. Nobody finds a reader by name or address.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from server.actions.access import audit
from server.actions.desks import zone_of
from server.context import Context
from server.domain.attachments import Attached
from server.domain.consultation_archive import Entry as ArchiveEntry
from server.domain.consultation_archive import (
    Sought,
    desk_tag,
    entry_tags,
    kind_tag,
    library_tag,
    staff_tag,
    words_sought,
)
from server.domain.consultations import Consultation, Step
from server.domain.desks import Desk, Library
from server.domain.errors import NotFound
from server.domain.kept_answers import Answer, versions_kept
from server.domain.permissions import ANSWERING, Actor, Verb, demand, library_scopes
from server.store.answers import answers_of_task
from server.store.attachments import attached_by_ids
from server.store.consultation_archive import search_archive
from server.store.consultations import consultation_by_id, steps_of
from server.store.deliveries import deliveries_of
from server.store.libraries import desks_by_ids, libraries_by_ids
from server.store.people import names_of, people_named
from server.store.postings import desk_ids_of_staff
from server.store.received_answers import mails_in_trouble
from server.store.rows import Reader
from server.wire.scripts import simplified

PAGE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of the archive; empty parts ask for nothing. Days are the installation's."""

    words: str = ""
    librarian: str = ""
    kind: str = ""  # a channel or a material type
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One answered consultation in the list."""

    number: int
    consultation: Consultation
    desk: Desk | None
    answered_by: str  # the librarian's name
    library: Library | None  # that answered


@dataclass(frozen=True, slots=True)
class Archived:
    """The whole of one consultation, without the reader's name and addresses (R-LIVE.6)."""

    line: Line
    steps: list[Step]
    answers: list[Answer]  # newest first, those that were not released among them
    files: dict[str, Attached]  # of the answers, by id
    fetched: dict[str, int]  # how often the reader has fetched each of them (R-ANS.5)
    names: dict[str, str]
    mails_failed: list[datetime]


async def search_consultations(
    ctx: Context, actor: Actor, question: Question, *, below: int | None = None
) -> tuple[list[Line], int | None]:
    """A page of what answers the question, newest first, and where it goes on. Raises Invalid ``search_short``."""
    demand(actor, Verb.SEARCH_CONSULTATIONS)
    db = ctx.db.read
    within = await _within(db, actor)
    if exact := await _by_number(db, question.words, within):
        return await _lines(db, [(0, exact)]), None
    people = None
    if question.librarian.strip():
        people = tuple(map(staff_tag, await people_named(db, question.librarian.strip())))
    sought = Sought(
        words=words_sought(simplified(question.words)),
        tags=(kind_tag(question.kind),) if question.kind else (),
        within=within,
        people=people,
        since=_midnight(ctx, question.first),
        until=_midnight(ctx, question.last, after=True),
    )
    found = await search_archive(db, sought, below=below, limit=PAGE + 1)
    more = found[PAGE - 1][0] if len(found) > PAGE else None
    return await _lines(db, found[:PAGE]), more


async def read_consultation(ctx: Context, actor: Actor, consultation_id: str) -> Archived:
    """Everything about one answered consultation; the reading is noted (R-LIVE.6). Raises NotFound."""
    demand(actor, Verb.SEARCH_CONSULTATIONS)
    db = ctx.db.read
    found = await _by_number(db, consultation_id, await _within(db, actor))
    if found is None:
        raise NotFound("consultation_not_found")
    async with ctx.transaction() as tx:
        await audit(ctx, tx, actor, "consultation.read", found.id)
    steps = await steps_of(db, found.id, public=False)
    answers = versions_kept(await answers_of_task(db, found.task_id), found.answer_id)
    files = await attached_by_ids(db, [file_id for answer in answers for file_id in answer.files])
    people = {step.actor_id for step in steps}
    people |= {person for answer in answers for person in (answer.staff_id, answer.released_by)}
    people -= {found.reader_id, ""}
    return Archived(
        (await _lines(db, [(0, found)]))[0],
        steps,
        answers,
        {file.id: file for file in files},
        {each.file_id: each.fetched for each in await deliveries_of(db, found.id)},
        await names_of(db, sorted(people)),
        (await mails_in_trouble(db, found.id, found.mail)).failed,
    )


async def _within(db: Reader, actor: Actor) -> tuple[str, ...] | None:
    """Tags of what the actor may find; None for the whole alliance."""
    keeping = replace(actor, grants=frozenset(g for g in actor.grants if g.role not in ANSWERING))
    libraries = library_scopes(keeping, Verb.SEARCH_CONSULTATIONS)
    if libraries is None:
        return None
    tags = [library_tag(library_id) for library_id in sorted(libraries)]
    if actor.roles & ANSWERING:
        tags.append(staff_tag(actor.account_id))
        tags += [desk_tag(desk_id) for desk_id in await desk_ids_of_staff(db, actor.account_id)]
    return tuple(tags)


async def _by_number(db: Reader, number: str, within: tuple[str, ...] | None) -> Consultation | None:
    """The answered consultation of exactly this number, if it lies within the tags."""
    number = number.strip()
    if len(number) != 26:
        return None
    c = await consultation_by_id(db, number) or await consultation_by_id(db, number.upper())
    if c is None or c.answered_at is None:
        return None
    theirs = ArchiveEntry(
        c.id,
        c.answered_at,
        c.desk_id,
        c.library_id,
        c.answered_by,
        c.answered_library_id,
        str(c.channel),
        c.material,
        (),
    )
    return c if within is None or set(within) & set(entry_tags(theirs)) else None


async def _lines(db: Reader, found: list[tuple[int, Consultation]]) -> list[Line]:
    some = [c for _, c in found]
    desks = await desks_by_ids(db, sorted({c.desk_id for c in some}))
    libraries = await libraries_by_ids(db, sorted({c.answered_library_id for c in some}))
    names = await names_of(db, sorted({c.answered_by for c in some if c.answered_by}))
    return [
        Line(
            number,
            c,
            desks.get(c.desk_id),
            names.get(c.answered_by, ""),
            libraries.get(c.answered_library_id),
        )
        for number, c in found
    ]


def _midnight(ctx: Context, day: date | None, *, after: bool = False) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1) if after else day, time(), zone_of(ctx))
