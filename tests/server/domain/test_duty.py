"""Duty: what one may set, and when the system sets one away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain import duty as duties
from server.domain.duty import Availability, AwayReason, Duty, DutyWish
from server.domain.errors import Invalid
from server.domain.permissions import Role
from server.domain.policies import ChatPolicy

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = ChatPolicy()
LIN = replace(
    duties.new_duty("lin", Role.LIBRARIAN, "home", policy=POLICY, now=NOW),
    availability=Availability.AVAILABLE,
)
ASKED = replace(LIN, load=1, offers=1)


def test_duty_begins_away_with_the_policys_capacity() -> None:
    duty = duties.new_duty("lin", Role.LIBRARIAN, "home", policy=POLICY, now=NOW)
    assert (duty.availability, duty.capacity, duty.load) == (Availability.AWAY, 3, 0)
    assert duty.topics == {"reference", "platform", "account"}


def test_one_missed_offer_is_forgiven_two_in_a_row_set_away() -> None:
    once = duties.offer_missed(ASKED, POLICY)
    assert (once.availability, once.load, once.offers, once.missed) == (Availability.AVAILABLE, 0, 0, 1)
    twice = duties.offer_missed(replace(once, load=1, offers=1), POLICY)
    assert (twice.availability, twice.away_reason) == (Availability.AWAY, AwayReason.MISSED_OFFERS)


@pytest.mark.parametrize("between", ["accepted", "declined"])
def test_an_answer_between_two_misses_starts_the_count_anew(between: str) -> None:
    once = replace(duties.offer_missed(ASKED, POLICY), load=1, offers=1)
    answered = duties.offer_accepted(once, NOW) if between == "accepted" else duties.offer_declined(once)
    again = duties.offer_missed(replace(answered, load=answered.load + 1, offers=1), POLICY)
    assert again.availability is Availability.AVAILABLE


def test_accepting_keeps_the_load_and_gives_the_turn_to_others() -> None:
    later = NOW + timedelta(minutes=5)
    taken = duties.offer_accepted(ASKED, later)
    assert (taken.load, taken.offers, taken.idle_since) == (1, 0, later)


def test_declining_frees_the_room_and_keeps_the_turn() -> None:
    said_no = duties.offer_declined(ASKED)
    assert (said_no.load, said_no.offers, said_no.idle_since) == (0, 0, ASKED.idle_since)


def test_coming_back_from_away_forgives_what_was_missed() -> None:
    gone = replace(LIN, availability=Availability.AWAY, away_reason=AwayReason.MISSED_OFFERS, missed=2)
    back = duties.changed(gone, DutyWish(availability="available"), POLICY, NOW + timedelta(hours=1))
    assert (back.missed, back.away_reason) == (0, AwayReason.THEMSELVES)
    assert back.idle_since == NOW + timedelta(hours=1)


def test_who_is_away_by_themselves_is_not_given_another_reason() -> None:
    gone = duties.changed(LIN, DutyWish(availability="away"), POLICY, NOW)
    assert duties.away(gone, AwayReason.LOST).away_reason is AwayReason.THEMSELVES


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (DutyWish(availability="asleep"), "availability"),
        (DutyWish(capacity=0), "capacity"),
        (DutyWish(capacity=9), "capacity"),
        (DutyWish(topics=frozenset()), "topics"),
        (DutyWish(topics=frozenset({"order"})), "topics"),
        (DutyWish(languages=frozenset()), "languages"),
        (DutyWish(languages=frozenset({"fr"})), "languages"),
    ],
)
def test_what_cannot_be_is_refused_by_field(wish: DutyWish, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        duties.changed(LIN, wish, POLICY, NOW)
    assert refused.value.field == field


def test_a_capacity_below_the_load_ends_nothing() -> None:
    talking: Duty = replace(LIN, load=3)
    assert duties.changed(talking, DutyWish(capacity=1), POLICY, NOW).load == 3
