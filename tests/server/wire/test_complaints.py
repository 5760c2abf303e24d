"""What is wrong with a body or frame: every sentence of the decoder has a reason of ours, in both languages."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta, Struct

from server.wire.complaints import _KINDS, _REASONS, UNREADABLE, complaint_of
from server.words.catalogue import say, words


class Entry(Struct, forbid_unknown_fields=True):
    outcome: str


class Everything(Struct, kw_only=True):
    whole: int = 0
    share: float = 0
    either: int | float | None = None
    mixed: int | str = 0
    sure: bool = False
    words: str | None = ""
    nothing: None = None
    entries: list[Entry] = []
    numbers: dict[Annotated[str, Meta(min_length=2)], Annotated[int, Meta(ge=1)]] = {}
    name: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    long: Annotated[str, Meta(min_length=5)] = ""
    slug: Annotated[str, Meta(pattern=r"^[a-z\-']+$")] = ""
    some: Annotated[list[int], Meta(min_length=1, max_length=2)] = []
    pair: tuple[int, int] = (0, 0)
    low: Annotated[int, Meta(le=9, multiple_of=3)] = 0
    high: Annotated[float, Meta(gt=0.5, lt=2)] = 1
    kind: Literal["a", "b"] = "a"
    at: Annotated[datetime, Meta(tz=True)] | None = None
    day: date | None = None
    odd: UUID | None = None


@pytest.mark.parametrize(
    ("body", "field", "why", "values"),
    [
        ("[]", "body", "object", {}),
        ('{"whole": "x"}', "whole", "whole_number", {}),
        ('{"whole": 1e999}', "whole", "out_of_range", {}),
        ('{"share": "x"}', "share", "number", {}),
        ('{"either": "x"}', "either", "number", {}),
        ('{"mixed": []}', "mixed", "another_kind", {}),
        ('{"sure": 1}', "sure", "true_or_false", {}),
        ('{"words": 1}', "words", "text", {}),
        ('{"nothing": 1}', "nothing", "nothing", {}),
        ('{"entries": {}}', "entries", "list", {}),
        ('{"entries": [{"outcome": "x"}, {}]}', "entries[1].outcome", "missing", {}),
        ('{"entries": [{"od`d - at `$.x`": 1}]}', "entries[0].od`d - at `$.x`", "unknown", {}),
        ('{"numbers": {"ab": 0}}', "numbers[...]", "at_least", {"limit": 1}),
        ('{"numbers": {"a": 1}}', "numbers", "text_short", {"limit": 2}),
        ('{"name": ""}', "name", "empty", {}),
        ('{"name": "abcd"}', "name", "text_long", {"limit": 3}),
        ('{"long": "a"}', "long", "text_short", {"limit": 5}),
        ('{"slug": "A"}', "slug", "pattern", {"limit": r"^[a-z\-']+$"}),
        ('{"some": []}', "some", "list_short", {"limit": 1}),
        ('{"some": [1, 2, 3]}', "some", "list_long", {"limit": 2}),
        ('{"pair": [1]}', "pair", "list_exactly", {"limit": 2}),
        ('{"low": 12}', "low", "at_most", {"limit": 9}),
        ('{"low": 2}', "low", "multiple", {"limit": 3}),
        ('{"high": 0}', "high", "more_than", {"limit": 0.5}),
        ('{"high": 2}', "high", "less_than", {"limit": 2.0}),
        ('{"kind": "c - at `$.x`"}', "kind", "choice", {}),
        ('{"at": "today"}', "at", "moment", {}),
        ('{"at": "2026-11-21T06:00:00"}', "at", "moment", {}),
        ('{"day": "x"}', "day", "moment", {}),
        ('{"odd": "x"}', "odd", "other", {}),
        ('{"whole": ', "body", "cut_off", {}),
        ('{"whole" 1}', "body", "not_json", {"byte": 9}),
        (b'{"words": "\xff"}', "body", "not_utf8", {}),
        ('{"more": ' + "[" * 100_000, "body", "too_deep", {}),
    ],
)
def test_people_are_told_which_field_is_wrong_and_why_in_their_language(
    body: str | bytes, field: str, why: str, values: dict[str, Any]
) -> None:
    with pytest.raises(UNREADABLE) as caught:
        msgspec.json.decode(body, type=Everything)
    refusal = complaint_of(caught.value, "body")
    assert refusal.field == field
    assert {**refusal.data, "detail": ""} == {"why": why, **values, "detail": ""}
    malformed = why in ("cut_off", "not_json", "not_utf8", "too_deep")
    assert refusal.code == ("body_malformed" if malformed else "body_invalid")
    chinese = say(refusal, "zh").replace(field, "").replace(str(values.get("limit")), "")
    assert not set(re.findall(r"[A-Za-z_]{2,}", chinese)) - {"JSON", "UTF", "ISO", "true", "false", "null"}
    assert field == "body" or field in say(refusal, "en")


def test_every_reason_has_its_words_and_an_unknown_one_a_general_sentence() -> None:
    reasons = {reason for _, reason in _REASONS if reason} | set(_KINDS.values())
    told = words().starting("refusal.why.", "zh")
    assert reasons | {"not_utf8", "too_deep", "other"} == set(told)
    unheard = complaint_of(msgspec.ValidationError("Something new - at `$.a.b`"), "frame")
    assert (unheard.code, unheard.field, unheard.data["why"]) == ("frame_invalid", "a.b", "other")
