"""Canned phrases: what may be stored, and which one a short-cut means."""

from datetime import UTC, datetime

import pytest

from server.domain.forms import Form
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.domain.phrases import Level, Phrase, kept_levels, usable, wording

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def phrase(level: Level, shortcut: str, text: str) -> Phrase:
    return Phrase(f"{level}-{shortcut}", level, "", shortcut, text, "", NOW)


def test_the_nearer_phrase_hides_the_farther_one_of_the_same_shortcut() -> None:
    found = usable(
        [
            phrase(Level.ALLIANCE, "hello", "联盟"),
            phrase(Level.PERSONAL, "Hello", "我"),
            phrase(Level.LIBRARY, "hello", "本馆"),
            phrase(Level.LIBRARY, "bye", "再见"),
        ]
    )
    assert [(each.shortcut, each.text_zh) for each in found] == [("bye", "再见"), ("Hello", "我")]


def test_one_language_is_enough_and_stands_for_both() -> None:
    form = Form({"shortcut": "/稍等", "text_zh": "{reader}，请稍等约{wait}。"})
    words = wording(form)
    form.demand()
    assert words.shortcut == "稍等"
    assert Phrase("1", Level.PERSONAL, "", "稍等", words.text_zh, "", NOW).text("en") == words.text_zh


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"shortcut": "", "text_zh": "x"}, "shortcut", "field_required"),
        ({"shortcut": "a b", "text_zh": "x"}, "shortcut", "shortcut_wrong"),
        ({"shortcut": "a"}, "text_zh", "field_required"),
        ({"shortcut": "a", "text_en": "Dear {readr}"}, "text_en", "placeholder_unknown"),
        ({"shortcut": "a", "text_zh": "x" * 2001}, "text_zh", "field_too_long"),
    ],
)
def test_a_wrong_phrase_says_which_field_and_why(values: dict[str, str], field: str, code: str) -> None:
    form = Form(values)
    wording(form)
    assert [(problem.field, problem.code) for problem in form.problems] == [(field, code)]


def test_everybody_keeps_the_levels_of_their_scope() -> None:
    def levels(role: Role, scope: ScopeKind, library: str = "home") -> dict[Level, str]:
        grants = frozenset({Grant(role, scope, library if scope is ScopeKind.LIBRARY else "")})
        return kept_levels(Actor(account_id="me", library_id=library, grants=grants))

    own = {Level.PERSONAL: "me"}
    assert levels(Role.LIBRARIAN, ScopeKind.LIBRARY) == own
    assert levels(Role.MANAGER, ScopeKind.LIBRARY) == own | {Level.LIBRARY: "home"}
    assert levels(Role.MANAGER, ScopeKind.ALLIANCE) == own | {Level.LIBRARY: "home", Level.ALLIANCE: ""}
    assert levels(Role.ADMINISTRATOR, ScopeKind.ALLIANCE, "") == own | {Level.ALLIANCE: ""}
    assert levels(Role.READER, ScopeKind.ALLIANCE) == {}
