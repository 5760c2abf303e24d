"""A loan order with everything that has happened to it: one time line for readers, staff and managers alike.

House, machine and courier stand in it as their words arrived. What a reader sees of it is the public part.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.actions.access import access_order
from server.context import Context
from server.domain.cases import Case
from server.domain.loan_fold import COURIER, DEVICE
from server.domain.loan_rows import LoanLine, LoanOrder, Parcel, Store
from server.domain.loans import HOUSE, House, OrderEvent
from server.domain.order_numbers import read_number
from server.domain.permissions import SYSTEM, Actor, Verb
from server.store.cases import cases_of_order
from server.store.orders import events_of, lines_of, order_by_number, parcels_of
from server.store.people import names_of
from server.store.rows import Reader, from_us
from server.store.scans import Scan, scans_of_order
from server.store.stores import stores_of_order
from server.words.catalogue import text
from server.words.places import place_in_words

__all__ = [
    "Mouth",
    "Story",
    "StoryEvent",
    "access_order",
    "event_words",
    "order_story",
    "story_event",
    "told",
]

_HOLLOW = re.compile(r"\s*(《》|“”|（）|\(\)|\(barcode \)|（条码 ）)")  # what nothing was filled into


class Mouth(StrEnum):
    """Who tells an event."""

    HOUSE = "house"
    MACHINE = "machine"
    COURIER = "courier"


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One event as it is shown: ``text_key`` filled with ``values`` is its sentence in the viewer's language.

    ``at`` is when we heard of it; of a courier, whose list may come late and mixed up, when it says that it was.
    ``source_at`` is the source's own time where it gave one. ``by`` names who did it (readers do not see staff's
    names).
    """

    number: int
    mouth: Mouth
    kind: str
    text_key: str
    values: Mapping[str, str]
    line_id: str
    by: str
    at: datetime
    source_at: datetime | None
    public: bool
    source: str
    store: Store | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """An order, its books, its events as they arrived, its parcels, scans and cases; ``stores`` by id."""

    order: LoanOrder
    lines: Sequence[LoanLine]
    events: Sequence[StoryEvent]
    parcels: Sequence[Parcel]
    scans: Sequence[Scan]
    cases: Sequence[Case]
    stores: Mapping[str, Store]
    names: Mapping[str, str]  # of staff, by account


async def order_id_of(ctx: Context, actor: Actor, name: str) -> str:
    """The id of the order that an address names by its id or its number. Raises NotFound ``order_not_found``."""
    number = read_number(name)
    order = await order_by_number(ctx.db.read, number) if number else None
    return (await access_order(ctx.db.read, actor, order.id if order else name, Verb.READ_ORDER)).id


async def order_story(ctx: Context, actor: Actor, order_id: str, *, public_only: bool = False) -> Story:
    """The whole story for staff, its public part for the reader. Raises NotFound."""
    db = ctx.db.read
    order = await access_order(db, actor, order_id, Verb.READ_ORDER)
    public_only = public_only or order.reader_id == actor.account_id
    lines = (await lines_of(db, [order_id]))[order_id]
    kept = [event for event in (await events_of(db, [order_id]))[order_id] if event.public or not public_only]
    scans = [] if public_only else await scans_of_order(db, order_id)
    titles = {line.id: line.title for line in lines}
    names = {} if public_only else await _names(db, order, kept, scans)
    stores = await stores_of_order(db, order_id)
    return Story(
        order,
        lines,
        [story_event(event, titles, names, stores) for event in kept],
        await parcels_of(db, order_id),
        scans,
        [
            case
            for case in await cases_of_order(db, order_id)
            if not public_only or case.reader_id == order.reader_id
        ],
        stores,
        names,
    )


def told(story: Story, language: str) -> list[tuple[StoryEvent, str]]:
    """The story in words, the newest first; what was said of several books in one breath is said once."""
    said: list[tuple[StoryEvent, str]] = []
    for event in sorted(story.events, key=lambda event: event.at):
        words = event_words(event, language)
        if not said or said[-1][1] != words or said[-1][0].mouth is not event.mouth:
            said.append((event, words))
    return said[::-1]


def story_event(
    event: OrderEvent, titles: Mapping[str, str], names: Mapping[str, str], stores: Mapping[str, Store]
) -> StoryEvent:
    """An event with its words: ``story.house.packed``, ``story.machine.moving``, ``story.courier.delivered`` …"""
    mouth = mouth_of(event.source)
    data = event.data
    values = {
        "title": titles.get(event.line_id, ""),
        "place": str(data.get("place", "")),
        "code": str(data.get("code", "")),
        "reason": str(data.get("reason", "")),
        "barcode": str(data.get("barcode", "")),
        "scanned": str(data.get("scanned", "")),
        "waybill": str(data.get("waybill", ""))
        or event.source.removeprefix(COURIER) * (mouth is Mouth.COURIER),
        "device": event.source.removeprefix(DEVICE) if mouth is Mouth.MACHINE else "",
    }
    return StoryEvent(
        number=event.number,
        mouth=mouth,
        kind=event.kind,
        text_key=f"story.{mouth}.{_kind(event)}",
        values=values,
        line_id=event.line_id,
        by=names.get(event.actor_id, ""),
        at=_at(event, mouth),
        source_at=from_us(event.at) if event.at else None,
        public=event.public,
        source=event.source,
        store=stores.get(str(data.get("store_id", ""))),
    )


def _at(event: OrderEvent, mouth: Mouth) -> datetime:
    heard = event.received_at or from_us(event.at)
    return min(heard, from_us(event.at)) if mouth is Mouth.COURIER and event.at else heard


def event_words(event: StoryEvent, language: str) -> str:
    """An event as a sentence in a language."""
    store = event.store.name(language) if event.store else ""
    place = event.values["place"]
    values = {
        **event.values,
        "place": place_in_words(place, language) if event.mouth is Mouth.MACHINE else place,
    }
    said = text(event.text_key, language, **values, store=store)
    return _HOLLOW.sub("", said).strip(" :：,，")


def _kind(event: OrderEvent) -> str:
    """An attempt that was given up by people reads otherwise than one that they brought to its end."""
    given_up = event.kind == House.TAKEN_OVER and event.data.get("outcome") != "retrieved"
    return "elsewhere" if given_up and event.source == HOUSE else event.kind


def mouth_of(source: str) -> Mouth:
    """Who speaks by the name of an event's source."""
    if source == HOUSE:
        return Mouth.HOUSE
    return Mouth.MACHINE if source.startswith(DEVICE) else Mouth.COURIER


async def _names(
    db: Reader, order: LoanOrder, events: Sequence[OrderEvent], scans: Sequence[Scan]
) -> dict[str, str]:
    asked = {event.actor_id for event in events} | {scan.staff_id for scan in scans}
    names = await names_of(db, sorted(asked - {"", SYSTEM.account_id, order.reader_id}))
    return {**names, order.reader_id: order.name}
