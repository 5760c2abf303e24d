"""What may be filled in for an account, and who may give which role where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.accounts import (
    OPERATOR,
    answering_role,
    checked_name,
    checked_password,
    judge_closing,
    judge_grant,
    judge_revocation,
    typed_password,
)
from server.domain.errors import Conflict, Invalid, Refusal
from server.domain.permissions import STAFF, Actor, Grant, Role, ScopeKind

HOME, OTHER = "01home", "01other"


def somebody(*grants: Grant) -> Actor:
    return Actor(account_id="01somebody", grants=frozenset(grants))


MANAGER = somebody(Grant(Role.MANAGER, ScopeKind.LIBRARY, HOME))
DUTY_MANAGER = somebody(Grant(Role.MANAGER, ScopeKind.ALLIANCE))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kurz", "password_short"),
        ("x" * 201, "password_long"),
        ("1234567890", "password_weak"),
        ("QwertyUiop", "password_weak"),
        ("１２３４５６７８９０", "password_weak"),  # full width is no disguise
        ("abababababab", "password_weak"),
        ("meizhang@lib.test", "password_weak"),
        ("Zhang Mei Mei", "password_weak"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_password(text, mail="meizhang@lib.test", name="Zhang Mei Mei")
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["山高月小，水落石出。清风徐来", "correct horse", "Tr0ub4dor&3x"])
def test_a_sentence_in_any_script_will_do(text: str) -> None:
    assert checked_password(text) == typed_password(text)


@given(st.text(max_size=80))
def test_a_password_reads_the_same_however_often_it_is_typed(text: str) -> None:
    assert typed_password(typed_password(text)) == typed_password(text)


@pytest.mark.parametrize("text", ["张三", "Zoë O’Neill-Smith", "古丽米热·买买提", "Dr. J. R. Smith"])
def test_names_of_people_are_names(text: str) -> None:
    assert checked_name(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "   ", "x" * 61, "见 http://win.test", "www.win.test", "a@b.test", "<b>", "a\u202eb", "a\x00b"],
)
def test_what_would_read_as_an_address_or_hides_signs_is_no_name(text: str) -> None:
    with pytest.raises(Invalid):
        checked_name(text)


def test_a_name_stands_on_one_line() -> None:
    assert checked_name(" 张\n  三 ") == "张 三"


@pytest.mark.parametrize("role", sorted(STAFF - {Role.ADMINISTRATOR}))
def test_a_manager_gives_every_role_of_their_library_and_none_outside(role: Role) -> None:
    judge_grant(MANAGER, Grant(role, ScopeKind.LIBRARY, HOME))
    for elsewhere in (Grant(role, ScopeKind.LIBRARY, OTHER), Grant(role, ScopeKind.ALLIANCE)):
        with pytest.raises(Refusal):
            judge_grant(MANAGER, elsewhere)
        judge_grant(DUTY_MANAGER, elsewhere)
        judge_grant(OPERATOR, elsewhere)


@pytest.mark.parametrize("role", sorted(STAFF - {Role.MANAGER, Role.ADMINISTRATOR}))
def test_no_other_role_gives_any(role: Role) -> None:
    for scope in (Grant(role, ScopeKind.LIBRARY, HOME), Grant(role, ScopeKind.ALLIANCE)):
        with pytest.raises(Refusal):
            judge_grant(somebody(scope), Grant(Role.INTERN, ScopeKind.LIBRARY, HOME))


def test_a_store_is_no_library_of_the_manager() -> None:
    with pytest.raises(Refusal):
        judge_grant(MANAGER, Grant(Role.STORE_KEEPER, ScopeKind.STORE, HOME))


def test_roles_at_one_store_are_given_and_taken_by_its_library() -> None:
    here = Grant(Role.STORE_KEEPER, ScopeKind.STORE, "01store")
    judge_grant(MANAGER, here, {"01store": HOME})
    judge_grant(DUTY_MANAGER, here, {"01store": OTHER})
    judge_closing(MANAGER, [here], administrators=1, stores={"01store": HOME})
    for stores in ({"01store": OTHER}, {}):
        with pytest.raises(Refusal):
            judge_grant(MANAGER, here, stores)
    with pytest.raises(Invalid):
        judge_grant(MANAGER, Grant(Role.LIBRARIAN, ScopeKind.STORE, "01store"), {"01store": HOME})


@pytest.mark.parametrize(
    "grant",
    [
        Grant(Role.LIBRARIAN, ScopeKind.LIBRARY),
        Grant(Role.LIBRARIAN, ScopeKind.ALLIANCE, HOME),
        Grant(Role.ADMINISTRATOR, ScopeKind.LIBRARY, HOME),
        Grant(Role.READER, ScopeKind.ALLIANCE),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(grant: Grant) -> None:
    with pytest.raises(Invalid):
        judge_grant(OPERATOR, grant)


def test_only_an_administrator_makes_or_unmakes_one() -> None:
    grant = Grant(Role.ADMINISTRATOR, ScopeKind.ALLIANCE)
    with pytest.raises(Refusal):
        judge_grant(DUTY_MANAGER, grant)
    judge_revocation(OPERATOR, grant, administrators=2)
    with pytest.raises(Conflict):
        judge_revocation(OPERATOR, grant, administrators=1)


def test_an_account_is_closed_by_who_could_take_all_its_roles() -> None:
    both = [Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, HOME), Grant(Role.INTERN, ScopeKind.LIBRARY, OTHER)]
    judge_closing(MANAGER, both[:1], administrators=1)
    judge_closing(OPERATOR, both, administrators=1)
    for actor, grants in ((MANAGER, both), (MANAGER, []), (DUTY_MANAGER, [])):
        with pytest.raises(Refusal):
            judge_closing(actor, grants, administrators=1)


def test_of_several_roles_the_fullest_one_answers() -> None:
    intern, librarian = Grant(Role.INTERN, ScopeKind.LIBRARY, HOME), Grant(Role.LIBRARIAN, ScopeKind.ALLIANCE)
    assert answering_role([intern, librarian]) == librarian
    support = Grant(Role.SUPPORT_AGENT, ScopeKind.ALLIANCE)
    assert answering_role([intern, support]) == support
    assert answering_role([support, librarian]) == librarian
    assert answering_role([Grant(Role.MANAGER, ScopeKind.ALLIANCE)]) is None
