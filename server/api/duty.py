"""Endpoints of standing duty: what one offers, and offers taken or declined."""

from typing import Any

from msgspec import Struct

from server.actions.consoles import card_of
from server.actions.duty import keep_active, set_duty
from server.actions.offers import accept_offer, decline_offer
from server.api.routes import ApiRequest, Endpoint
from server.api.views import card_view
from server.domain.duty import Duty, DutyWish
from server.domain.permissions import Verb
from server.wire import bodies
from server.wire.choices import Availabilities, Language, TopicName


class ChangeDuty(Struct, forbid_unknown_fields=True):
    """What to change of one's duty; parts left out stay as they are."""

    availability: Availabilities | None = None
    capacity: int | None = None
    topics: list[TopicName] | None = None
    languages: list[Language] | None = None


async def change(r: ApiRequest) -> bodies.DutyView:
    wanted: ChangeDuty = r.body
    wish = DutyWish(
        wanted.availability,
        wanted.capacity,
        None if wanted.topics is None else frozenset(wanted.topics),
        None if wanted.languages is None else frozenset(wanted.languages),
    )
    return duty_view(await set_duty(r.ctx, r.actor, wish))


async def active(r: ApiRequest) -> dict[str, Any]:
    await keep_active(r.ctx, r.actor)
    return {}


async def accept(r: ApiRequest) -> bodies.SessionCard:
    session = await accept_offer(r.ctx, r.actor, r.path["id"])
    return card_view(await card_of(r.ctx, r.actor, session.id), r.actor)


async def decline(r: ApiRequest) -> dict[str, Any]:
    await decline_offer(r.ctx, r.actor, r.path["id"])
    return {}


def duty_view(duty: Duty) -> bodies.DutyView:
    """One's duty as the console shows it."""
    return bodies.DutyView(
        str(duty.availability),
        str(duty.away_reason),
        duty.capacity,
        duty.load,
        sorted(duty.topics),
        sorted(duty.languages),
        duty.version,
    )


ENDPOINTS = [
    Endpoint(
        "PUT",
        "/api/console/duty",
        Verb.STAND_DUTY,
        change,
        "Change one's availability, capacity, topics or languages",
        body=ChangeDuty,
        answer=bodies.DutyView,
        errors=("availability_unknown", "capacity_range", "duty_topics", "duty_languages"),
    ),
    Endpoint(
        "POST",
        "/api/console/active",
        Verb.STAND_DUTY,
        active,
        "A sign of life: automatic away counts anew",
        answer=dict[str, str],
    ),
    Endpoint(
        "POST",
        "/api/offers/{id}/accept",
        Verb.TAKE_OFFER,
        accept,
        "Take the offered reader; a second click gives the same session",
        answer=bodies.SessionCard,
        errors=("offer_gone", "no_supervisor"),
    ),
    Endpoint(
        "POST",
        "/api/offers/{id}/decline",
        Verb.TAKE_OFFER,
        decline,
        "Decline: the reader is offered to the next person at once",
        answer=dict[str, str],
        errors=("offer_gone",),
    ),
]
