"""Who may order what: cards, overdue books, coupons, time slots, reasons to look first, order numbers."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain.calendar import Calendar, Day, DayKind
from server.domain.coupons import Coupon, best, demand_coupon, is_for, postage
from server.domain.errors import Conflict, Invalid, NotAllowed, Refusal, TooMany
from server.domain.loan_classes import CLASSES, class_codes, is_class
from server.domain.loan_orders import (
    PER_ORDER,
    Card,
    Standing,
    checked_card,
    checked_phone,
    demand_card,
    demand_nothing_overdue,
    demand_open,
    demand_renewable,
    demand_titles,
    why_review,
)
from server.domain.loan_policies import CARDS, GROUPS, LoanPolicy
from server.domain.loans import Stage
from server.domain.order_numbers import ALPHABET, order_number, read_number
from server.domain.order_way import way_back, way_out
from server.domain.slots import Slot, demand_opening, demand_pickup, openings, pickups

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # Friday, nine in the morning in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
POLICY = LoanPolicy()


def coupon(**more: object) -> Coupon:
    values = {
        "id": "c",
        "library_id": "",
        "code": "C",
        "name_zh": "券",
        "name_en": "",
        "cents": 0,
        "group": "",
        "reader_id": "",
        "quota": 0,
        "used": 0,
        "valid_from": NOW - timedelta(days=1),
        "valid_until": NOW + timedelta(days=1),
    }
    return Coupon(**{**values, **more})  # type: ignore[arg-type]


def slot(weekday: int, **more: int) -> Slot:
    return Slot("s", "l", "delivery", "", weekday, **{"opens": 540, "closes": 720, "capacity": 3, **more})


@given(st.sampled_from(CARDS), st.integers(0, 30), st.integers(0, 30), st.integers(0, 20), st.integers(0, 20))
def test_a_card_never_holds_more_than_its_kind_allows(
    kind: str, held: int, count: int, city: int, near: int
) -> None:
    policy = LoanPolicy(city_items=city, neighbourhood_items=near)
    try:
        demand_card(Card("r", kind, held=held), policy, count)
    except TooMany as refusal:
        assert held + count > policy.items(kind) and refusal.rule_id == "R-COM.9"
        assert refusal.data["free"] == max(0, policy.items(kind) - held)
    else:
        assert held + count <= policy.items(kind) or count == 0


def test_a_barred_card_says_why() -> None:
    with pytest.raises(NotAllowed) as caught:
        demand_card(Card("r", barred="押金未退"), POLICY, 1)
    assert caught.value.data == {"reason": "押金未退"}


def test_overdue_books_and_a_suspension_bar_new_orders() -> None:
    demand_nothing_overdue(Standing())
    demand_open("")
    for judge in (lambda: demand_nothing_overdue(Standing(overdue=1)), lambda: demand_open("台风停运")):
        with pytest.raises(Conflict):
            judge()


def test_an_order_has_books_and_not_too_many() -> None:
    demand_titles([1])
    for titles in ([], list(range(PER_ORDER + 1))):
        with pytest.raises(Invalid):
            demand_titles(titles)


@given(
    st.lists(st.integers(1, 30), max_size=15, unique=True),
    st.frozensets(st.integers(1, 30)),
    st.integers(0, 2),
)
def test_rules_decide_the_clear_cases_and_people_the_rest(
    titles: list[int], held: frozenset[int], lost: int
) -> None:
    why = why_review(POLICY, Standing(held_records=held, lost=lost), titles)
    clear = len(titles) <= POLICY.review_items and not held & set(titles) and not lost
    assert (why == ()) is clear
    people = LoanPolicy(review="people")
    assert why_review(people, Standing(), titles[:1])[0] == "people"


@given(
    st.integers(0, 3),
    st.integers(-40, 40),
    st.booleans(),
    st.integers(0, 2),
)
def test_a_loan_is_renewed_once_in_time_and_only_if_nobody_waits(
    renewals: int, days: int, asked: bool, most: int
) -> None:
    policy = LoanPolicy(renewals=most)
    due = NOW + timedelta(days=days)
    try:
        demand_renewable(renewals=renewals, due_at=due, asked=asked, policy=policy, now=NOW)
    except Conflict as refusal:
        assert renewals >= most or days < 0 or asked
        assert refusal.rule_id == "R-COM.9"
    else:
        assert renewals < most and days >= 0 and not asked


def test_a_card_has_a_known_kind_and_group() -> None:
    assert checked_card("city", "elder") == ("city", "elder")
    for kind, group in (("gold", ""), ("city", "rich")):
        with pytest.raises(Invalid):
            checked_card(kind, group)


@pytest.mark.parametrize("text", ["0755-8284 1131", "+86 138 0013 8000", "13800138000"])
def test_telephone_numbers_as_people_write_them(text: str) -> None:
    assert checked_phone(text) == text


@pytest.mark.parametrize("text", ["", "abc", "1234", "call me 12345", "1" * 31])
def test_what_is_no_telephone_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        checked_phone(text)


@given(
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.sampled_from(("delivery", "collection")),
)
def test_a_coupon_never_makes_postage_dearer_nor_less_than_nothing(cents: int, off: int, way: str) -> None:
    policy = LoanPolicy(postage_cents=cents)
    plain, reduced = postage(policy, way), postage(policy, way, coupon(cents=off))
    assert 0 <= reduced <= plain <= cents
    assert way != "collection" or plain == 0
    assert off or reduced == 0  # a coupon of nothing waives all


@given(st.lists(st.integers(0, 900), max_size=6))
def test_the_coupon_suggested_saves_most(values: list[int]) -> None:
    found = [coupon(id=str(at), cents=cents) for at, cents in enumerate(values)]
    chosen = best(found, POLICY, "delivery")
    least = min((postage(POLICY, "delivery", each) for each in found), default=POLICY.postage_cents)
    assert (postage(POLICY, "delivery", chosen) if chosen else POLICY.postage_cents) == least
    assert best(found, POLICY, "collection") is None


@given(
    st.builds(
        coupon,
        group=st.sampled_from(("", *GROUPS)),
        reader_id=st.sampled_from(("", "r", "other")),
        library_id=st.sampled_from(("", "l", "far")),
        quota=st.integers(0, 2),
        used=st.integers(0, 2),
    ),
    st.sampled_from(("", *GROUPS)),
    st.integers(-3, 3),
)
def test_a_coupon_is_taken_exactly_from_whom_it_is_for(offered: Coupon, mine: str, day: int) -> None:
    card, now = Card("r", group=mine), NOW + timedelta(days=day)
    fits = is_for(offered, card, "l", now)
    try:
        demand_coupon(offered, card, "l", now)
    except Refusal as refusal:
        assert not fits and refusal.rule_id == "R-LOAN.9"
    else:
        assert fits
    if offered.reader_id == "other":  # nobody learns of another's coupon
        with pytest.raises(Invalid, match="coupon_unknown"):
            demand_coupon(offered, card, "l", now)


def test_slots_are_offered_from_the_next_day_on_and_never_on_holidays() -> None:
    calendar = Calendar({date(2026, 11, 23): Day(date(2026, 11, 23), DayKind.HOLIDAY)})
    found = openings(
        [slot(day) for day in range(7)], {"s/2026-11-24": 3}, now=NOW, zone=ZONE, calendar=calendar
    )
    days = [each.day for each in found]
    assert days[0] == date(2026, 11, 21) and date(2026, 11, 23) not in days and days == sorted(days)
    assert {each.day: each.left for each in found}[date(2026, 11, 24)] == 0


@given(st.integers(0, 10), st.integers(0, 12))
def test_a_slot_takes_as_many_as_it_holds(capacity: int, taken: int) -> None:
    (opening, *_) = openings(
        [slot(6, capacity=capacity)], {"s/2026-11-22": taken}, now=NOW, zone=ZONE, calendar=Calendar()
    )
    assert opening.left == max(0, capacity - taken)
    if opening.left:
        assert demand_opening(opening.id, [opening]) == opening
    else:
        with pytest.raises(Conflict, match="slot_full"):
            demand_opening(opening.id, [opening])


def test_no_slots_mean_any_time_and_one_of_several_is_needed() -> None:
    assert demand_opening("", []) is None
    (opening, *_) = openings([slot(6)], {}, now=NOW, zone=ZONE, calendar=Calendar())
    for chosen in ("", "s/2020-01-01"):
        with pytest.raises(Invalid):
            demand_opening(chosen, [opening])


def test_a_courier_comes_two_hours_from_now_at_the_earliest() -> None:
    found = pickups(NOW, ZONE)
    assert found[0].id == "2026-11-20/540"  # until noon: three hours
    assert pickups(NOW + timedelta(hours=2), ZONE)[0].id == "2026-11-20/720"
    assert demand_pickup(found[1].id, found) == found[1]
    with pytest.raises(Invalid):
        demand_pickup("2026-11-19/540", found)


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.text(ALPHABET, min_size=4, max_size=4))
def test_an_order_number_reads_back_however_it_is_typed(day: date, chance: str) -> None:
    number = order_number(day, chance.lower())
    assert len(number) == 11 and read_number(number) == number
    assert read_number(f" {number[:6].lower()}-{number[6:].lower()} ") == number


@given(st.text(ALPHABET, min_size=4, max_size=4), st.integers(0, 10), st.sampled_from(ALPHABET))
def test_one_wrong_character_of_a_number_is_found(chance: str, at: int, wrong: str) -> None:
    number = order_number(NOW.date(), chance)
    assume(number[at] != wrong)
    assert read_number(number[:at] + wrong + number[at + 1 :]) == ""


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("I247.57", ("I", "I2")),
        ("TP312PY", ("T", "TP")),
        ("K825.6=73", ("K", "K81")),
        ("F592.7", ("F", "F59")),
        ("B842", ("B", "B84")),
        ("R-092", ("R", "")),
        ("895.1", ("", "")),
        ("", ("", "")),
    ],
)
def test_class_numbers_have_their_places(number: str, codes: tuple[str, str]) -> None:
    assert class_codes(number) == codes


@given(st.text(max_size=8))
def test_any_class_number_stands_in_a_class_that_can_be_browsed_or_in_none(number: str) -> None:
    main, second = class_codes(number)
    assert not main or is_class(main)
    assert not second or second in CLASSES[main]


@given(st.lists(st.sampled_from(Stage), min_size=1, max_size=6), st.sampled_from(("delivery", "collection")))
def test_the_picture_of_the_way_only_goes_forward(stages: list[Stage], way: str) -> None:
    for steps in (way_out(way, stages), way_back(stages)):
        done = [step.done for step in steps]
        assert done == sorted(done, reverse=True)
        assert sum(step.now for step in steps) <= 1
