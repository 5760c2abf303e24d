"""Who is offered to whom: the circles, the order, the roles, the bounds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.chat import Topic
from server.domain.permissions import Role
from server.domain.places import expected_wait, places
from server.domain.policies import ChatPolicy
from server.domain.routing import (
    Circle,
    OnDuty,
    Roster,
    Skills,
    Waiting,
    circle_at,
    match,
    next_widening,
    topics_served,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = ChatPolicy()
ALL_TOPICS = frozenset({"reference", "platform", "account"})


def waiting(
    name: str = "s1", desk: str = "home", *, waited: float = 0, topic: Topic = Topic.REFERENCE
) -> Waiting:
    since = NOW - timedelta(seconds=waited)
    return Waiting(name, desk, topic, "zh", since, since)


def someone(
    name: str = "lin", desk: str = "home", *, role: Role = Role.LIBRARIAN, idle: float = 60, load: int = 0
) -> OnDuty:
    since = NOW - timedelta(seconds=idle)
    return OnDuty(name, role, frozenset({desk}), ALL_TOPICS, frozenset({"zh"}), 3, load, since)


def roster(*staff: OnDuty, together: tuple[str, ...] = ("home", "near")) -> Roster:
    """Staff on duty; the desks ``home`` and ``near`` help each other."""
    return Roster(staff, {desk: frozenset(together) - {desk} for desk in together})


def offered(sessions: list[Waiting], people: Roster, policy: ChatPolicy = POLICY) -> dict[str, str]:
    return {offer.session_id: offer.staff_id for offer in match(sessions, people, NOW, policy)}


def test_readers_are_told_for_which_topics_and_in_which_languages_somebody_is_there() -> None:
    staff = [
        Skills(Role.LIBRARIAN, frozenset({"reference"}), frozenset({"zh"})),
        Skills(Role.SUPPORT_AGENT, frozenset(), frozenset({"en"})),
        Skills(Role.INTERN, ALL_TOPICS, frozenset({"zh", "en"})),
    ]
    assert topics_served(staff, ("zh", "en")) == {"zh": [Topic.REFERENCE], "en": [Topic.ORDER]}


def everywhere(*circles: Circle) -> Callable[[Circle], bool]:
    return lambda circle: circle in circles


@pytest.mark.parametrize(
    ("waited", "circle"),
    [
        (0, Circle.DESK),
        (14.999, Circle.DESK),
        (15, Circle.GROUP),
        (24.999, Circle.GROUP),
        (25, Circle.ALLIANCE),
        (3600, Circle.ALLIANCE),
    ],
)
def test_the_circle_widens_at_fifteen_and_at_twenty_five_seconds(waited: float, circle: Circle) -> None:
    on_duty = everywhere(Circle.DESK, Circle.GROUP)
    assert circle_at(waiting(waited=waited), NOW, POLICY, on_duty) is circle


@pytest.mark.parametrize(
    ("there", "circle"),
    [
        ((Circle.DESK, Circle.GROUP), Circle.DESK),
        ((Circle.GROUP,), Circle.GROUP),
        ((), Circle.ALLIANCE),
    ],
)
def test_a_circle_with_nobody_on_duty_is_passed_over_at_once(
    there: tuple[Circle, ...], circle: Circle
) -> None:
    assert circle_at(waiting(), NOW, POLICY, everywhere(*there)) is circle


def test_without_that_policy_even_an_empty_circle_keeps_its_time() -> None:
    patient = replace(POLICY, widen_when_nobody_on_duty=False)
    assert circle_at(waiting(), NOW, patient, everywhere()) is Circle.DESK


@pytest.mark.parametrize(
    ("waited", "circle"), [(25, Circle.DESK), (119, Circle.DESK), (120, Circle.ALLIANCE)]
)
def test_account_questions_stay_home_while_somebody_there_is_on_duty(waited: float, circle: Circle) -> None:
    session = waiting(waited=waited, topic=Topic.ACCOUNT)
    assert circle_at(session, NOW, POLICY, everywhere(Circle.DESK, Circle.GROUP)) is circle


def test_account_questions_leave_a_home_where_nobody_is() -> None:
    assert offered([waiting(topic=Topic.ACCOUNT)], roster(someone("far", "elsewhere"))) == {"s1": "far"}


def test_the_next_widening_is_known_until_everybody_is_reached() -> None:
    assert next_widening(waiting(), NOW, POLICY) == NOW + timedelta(seconds=15)
    assert next_widening(waiting(waited=15), NOW, POLICY) == NOW + timedelta(seconds=10)
    assert next_widening(waiting(waited=25), NOW, POLICY) is None
    account = waiting(waited=25, topic=Topic.ACCOUNT)
    assert next_widening(account, NOW, POLICY) == NOW + timedelta(seconds=95)


def test_first_come_first_served() -> None:
    sessions = [waiting("late", waited=1), waiting("early", waited=9)]
    assert offered(sessions, roster(someone())) == {"early": "lin"}


def test_a_librarian_is_never_offered_her_own_question() -> None:
    own = replace(waiting(), reader_id="lin")
    assert offered([own], roster(someone("lin"))) == {}
    assert offered([own], roster(someone("lin"), someone("far", "elsewhere"))) == {"s1": "far"}
    aimed = replace(own, target_staff_id="lin")
    assert offered([aimed], roster(someone("lin"))) == {}


def test_who_asked_stands_behind_no_intern_who_answers() -> None:
    own = replace(waiting(), reader_id="lin")
    intern = replace(someone("intern", role=Role.INTERN), supervised=True)
    assert offered([own], roster(someone("lin"), intern)) == {}
    assert offered([own], roster(someone("lin"), someone("mei", load=3), intern)) == {"s1": "intern"}


def test_a_librarian_who_asks_is_no_librarian_on_duty_for_herself() -> None:
    own = replace(waiting(), reader_id="lin")
    assert places([own], roster(someone("lin")), None)["s1"].on_duty == 0


def test_readers_behind_a_librarian_who_asks_are_told_that_she_is_on_duty() -> None:
    own = replace(waiting("own", waited=9), reader_id="lin")
    found = places([own, waiting("behind")], roster(someone("lin")), None)
    assert (found["behind"].on_duty, found["behind"].wait_seconds) == (1, 0)


def test_priority_goes_before_waiting() -> None:
    sessions = [waiting("early", waited=9), replace(waiting("urgent", waited=1), priority=1)]
    assert offered(sessions, roster(someone())) == {"urgent": "lin"}


def test_who_came_first_waits_aside_while_nobody_may_be_offered_to_them() -> None:
    english = replace(waiting("english", waited=90), language="en")
    assert offered([english, waiting("chinese")], roster(someone())) == {"chinese": "lin"}


def test_longest_idle_first_among_equals() -> None:
    people = roster(someone("short", idle=10), someone("long", idle=90))
    assert offered([waiting()], people) == {"s1": "long"}


def test_who_has_no_conversation_goes_before_who_has_one() -> None:
    people = roster(someone("talking", idle=900, load=1), someone("idle", idle=1))
    assert offered([waiting()], people) == {"s1": "idle"}


def test_home_goes_before_the_group_and_the_group_before_the_alliance() -> None:
    far, near, home = someone("far", "f", idle=900), someone("near", "near", idle=90), someone("home", idle=1)
    old = [waiting(waited=60)]
    assert offered(old, roster(far, near, home)) == {"s1": "home"}
    assert offered(old, roster(far, near)) == {"s1": "near"}
    assert offered(old, roster(far)) == {"s1": "far"}


def test_before_its_time_nobody_outside_the_desk_is_asked() -> None:
    full = someone("full", load=3)
    assert offered([waiting(waited=14)], roster(full, someone("near", "near"))) == {}
    assert offered([waiting(waited=15)], roster(full, someone("near", "near"))) == {"s1": "near"}
    assert offered([waiting(waited=24)], roster(full, someone("far", "f"))) == {}
    assert offered([waiting(waited=25)], roster(full, someone("far", "f"))) == {"s1": "far"}


@pytest.mark.parametrize("topic", [Topic.REFERENCE, Topic.PLATFORM, Topic.ACCOUNT])
def test_orders_go_to_support_agents_and_nothing_else_does(topic: Topic) -> None:
    agent = replace(someone("agent", role=Role.SUPPORT_AGENT), topics=frozenset({"order"}))
    people = roster(agent, someone("lin"))
    both = [waiting("order", topic=Topic.ORDER), waiting("other", topic=topic)]
    assert offered(both, people) == {"order": "agent", "other": "lin"}


def test_a_librarian_who_is_a_support_agent_as_well_gets_both_kinds() -> None:
    both = replace(someone("both"), topics=frozenset({"reference", "order"}))
    order, question = waiting("order", topic=Topic.ORDER), waiting("question")
    assert offered([order], roster(both, someone())) == {"order": "both"}
    assert offered([question], roster(both)) == {"question": "both"}
    agent = someone("agent", role=Role.SUPPORT_AGENT, idle=1)
    assert offered([order], roster(both, agent)) == {"order": "both"}, "longest idle first among equals"
    assert offered([order], roster(replace(both, topics=frozenset({"reference"})))) == {}


def test_an_intern_gets_practice_and_no_reader() -> None:
    people = roster(someone("intern", role=Role.INTERN), someone("lin", load=3))
    practice = replace(waiting("practice"), practice=True)
    assert offered([waiting(), practice], people) == {"practice": "intern"}


def test_practice_is_not_offered_to_full_librarians() -> None:
    assert offered([replace(waiting(), practice=True)], roster(someone())) == {}


def test_a_supervised_intern_answers_only_with_a_full_librarian_of_the_desk_behind_them() -> None:
    intern = replace(someone("intern", role=Role.INTERN), supervised=True)
    busy_hands = someone("lin", load=3)
    made = match([waiting()], roster(intern, busy_hands), NOW, POLICY)
    assert [(offer.staff_id, offer.supervisor_id) for offer in made] == [("intern", "lin")]
    assert offered([waiting()], roster(intern)) == {}
    assert offered([waiting()], roster(intern, replace(busy_hands, available=False))) == {}
    assert offered([waiting()], roster(intern, someone("other", "near", load=3))) == {}


def test_who_declined_or_missed_it_is_not_asked_again() -> None:
    session = replace(waiting(), declined=frozenset({"lin"}))
    assert offered([session], roster(someone("lin"), someone("mei", idle=1))) == {"s1": "mei"}


def test_when_everybody_at_the_desk_has_declined_the_next_circle_is_asked_at_once() -> None:
    session = replace(waiting(), declined=frozenset({"lin"}))
    assert offered([session], roster(someone("lin"), someone("near", "near"))) == {"s1": "near"}


def test_busy_people_people_with_an_offer_and_full_ones_are_not_asked() -> None:
    for reason in ({"available": False}, {"offered": True}, {"load": 3}):
        assert offered([waiting(waited=99)], roster(replace(someone(), **reason))) == {}


def test_topics_and_languages_are_respected() -> None:
    people = roster(replace(someone(), topics=frozenset({"platform"})))
    assert offered([waiting(waited=99)], people) == {}
    assert offered([replace(waiting(waited=99), language="en")], roster(someone())) == {}


def test_a_transfer_to_a_person_waits_for_that_person_first() -> None:
    aimed = replace(waiting(), target_staff_id="far")
    far = replace(someone("far", "f"), topics=frozenset({"platform"}))
    assert offered([aimed], roster(someone("lin"), far)) == {"s1": "far"}
    assert offered([aimed], roster(someone("lin"), replace(far, load=3))) == {}
    assert offered(
        [replace(aimed, circle_from=NOW - timedelta(seconds=15))],
        roster(someone("lin"), replace(far, load=3)),
    )


def test_a_transfer_to_a_person_who_is_gone_goes_to_the_desk_at_once() -> None:
    assert offered([replace(waiting(), target_staff_id="gone")], roster(someone("lin"))) == {"s1": "lin"}


def test_position_is_counted_in_the_narrowest_circle_with_somebody_on_duty() -> None:
    line = [
        waiting("far first", "f", waited=9),
        waiting("near first", "near", waited=8),
        waiting("mine", waited=7),
        waiting("behind", waited=6),
    ]
    positions = {name: place.position for name, place in places(line, roster(someone(load=3)), None).items()}
    assert positions["mine"] == 1 and positions["behind"] == 2
    near = {name: place.position for name, place in places(line, roster(someone("n", "near")), None).items()}
    assert near["mine"] == 2 and near["behind"] == 3 and near["near first"] == 1
    alliance = {name: place.position for name, place in places(line, roster(someone("f", "f")), None).items()}
    assert alliance["mine"] == 3 and alliance["far first"] == 1


def test_nobody_on_duty_says_so_and_gives_no_figure() -> None:
    place = places([waiting()], roster(), 300.0)["s1"]
    assert (place.position, place.wait_seconds, place.on_duty) == (1, None, 0)


@pytest.mark.parametrize(
    ("position", "slots", "free", "mean", "seconds"),
    [
        (1, 3, 1, None, 0),  # somebody is free: no ground needed
        (1, 3, 0, 480.0, 160),
        (4, 3, 0, 480.0, 640),
        (2, 3, 1, 480.0, 160),
        (1, 3, 0, None, None),  # no talk has been measured
        (1, 0, 0, 480.0, None),  # nobody takes conversations
    ],
)
def test_the_expected_wait_is_honest(
    position: int, slots: int, free: int, mean: float | None, seconds: int | None
) -> None:
    assert expected_wait(position, slots=slots, free=free, mean_talk_seconds=mean) == seconds


def test_who_is_being_offered_keeps_a_place_but_takes_no_second_slot() -> None:
    line = [replace(waiting("asked", waited=5), offered=True), waiting("next", waited=4)]
    found = places(line, roster(someone(load=1)), 300.0)
    assert (found["asked"].position, found["asked"].wait_seconds) == (1, 0)
    assert (found["next"].position, found["next"].wait_seconds) == (2, 0)


DESKS = ("home", "near", "far", "farther")
moments = st.floats(0, 200).map(lambda seconds: NOW - timedelta(seconds=round(seconds, 3)))
people = st.builds(
    OnDuty,
    staff_id=st.uuids().map(str),
    role=st.sampled_from([Role.LIBRARIAN, Role.LIBRARIAN, Role.INTERN, Role.SUPPORT_AGENT]),
    desks=st.frozensets(st.sampled_from(DESKS), min_size=1, max_size=2),
    topics=st.frozensets(st.sampled_from(sorted(ALL_TOPICS)), min_size=1),
    languages=st.frozensets(st.sampled_from(["zh", "en"]), min_size=1),
    capacity=st.integers(1, 3),
    load=st.integers(0, 3),
    idle_since=moments,
    library_id=st.just(""),
    available=st.booleans(),
    offered=st.booleans(),
    supervised=st.booleans(),
)
sessions = st.builds(
    Waiting,
    session_id=st.uuids().map(str),
    desk_id=st.sampled_from(DESKS),
    topic=st.sampled_from(Topic),
    language=st.sampled_from(["zh", "en"]),
    queued_at=moments,
    circle_from=moments,
    priority=st.integers(0, 1),
    practice=st.booleans(),
)
halls = st.tuples(
    st.lists(sessions, max_size=25, unique_by=lambda each: each.session_id),
    st.lists(people, max_size=15, unique_by=lambda each: each.staff_id),
    st.randoms(use_true_random=False),
)


@given(halls)
@settings(max_examples=300, deadline=None)
def test_no_match_exceeds_anybody_or_asks_twice(hall: tuple[list[Waiting], list[OnDuty], object]) -> None:
    line, staff, _ = hall
    made = match(line, roster(*staff), NOW, POLICY)
    by_id = {person.staff_id: person for person in staff}
    assert len({offer.session_id for offer in made}) == len(made)
    assert len({offer.staff_id for offer in made}) == len(made)
    assert all(by_id[offer.staff_id].free for offer in made)


@given(halls)
@settings(max_examples=300, deadline=None)
def test_nobody_is_overtaken_at_a_librarian_they_may_be_offered(
    hall: tuple[list[Waiting], list[OnDuty], object],
) -> None:
    line, staff, _ = hall
    people_now = roster(*staff)
    made = match(line, people_now, NOW, POLICY)
    taken = {offer.session_id: offer.staff_id for offer in made}
    by_id = {session.session_id: session for session in line}
    for session in line:
        if session.session_id in taken:
            continue
        alone = {offer.staff_id for offer in match([session], people_now, NOW, POLICY)}
        for other, person in taken.items():
            # Whoever would be asked for this session alone was given to somebody who stood before it.
            assert person not in alone or by_id[other].place < session.place


@given(halls)
@settings(max_examples=200, deadline=None)
def test_nobody_stays_idle_whom_a_waiting_reader_may_be_offered(
    hall: tuple[list[Waiting], list[OnDuty], object],
) -> None:
    line, staff, _ = hall
    made = match(line, roster(*staff), NOW, POLICY)
    asked = {offer.staff_id for offer in made}
    served = {offer.session_id for offer in made}
    # Everybody stays in the roster, so that who is on duty (and with it the circles) is the same.
    still = [replace(person, offered=True) if person.staff_id in asked else person for person in staff]
    rest = [session for session in line if session.session_id not in served]
    assert match(rest, roster(*still), NOW, POLICY) == []


@given(halls)
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_facts_changes_nothing(hall: tuple[list[Waiting], list[OnDuty], object]) -> None:
    line, staff, chance = hall
    before = offered(line, roster(*staff))
    chance.shuffle(line)  # type: ignore[attr-defined]
    chance.shuffle(staff)  # type: ignore[attr-defined]
    assert offered(line, roster(*staff)) == before


@given(halls)
@settings(max_examples=100, deadline=None)
def test_positions_count_from_one_without_overtaking(
    hall: tuple[list[Waiting], list[OnDuty], object],
) -> None:
    line, staff, _ = hall
    found = places(line, roster(*staff), 300.0)
    assert found.keys() == {session.session_id for session in line}
    assert all(1 <= place.position <= len(line) for place in found.values())
    ordered = sorted(line, key=lambda session: session.place)
    for first, second in pairwise(ordered):
        if first.desk_id == second.desk_id and first.need == second.need:
            assert found[first.session_id].position < found[second.session_id].position
