"""Odd input at every door: whatever is sent, the answer is named, and nothing of ours breaks."""

import json
import re
from collections.abc import Sequence
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import quote

import msgspec
import pytest

from server.api.routes import Endpoint
from server.assembly import ENDPOINTS
from tests.town import Person, Town
from web.pages.base import Page
from web.site import PAGES

TEXTS = ("a\x00b", "²", "x" * 400, "-1", "9" * 5000, "'\";--")
VALUES: tuple[Any, ...] = ("a\x00b", "x" * 400, 2**70, -1, None, [], {"a": "a\x00b"})
STREAMS = frozenset({"/api/stream", "/api/sessions/{id}/stream"})
WHO = ("lin", "administrator")
pytestmark = pytest.mark.timeout(600)  # thousands of requests each


def _some(values: Sequence[Any], turn: int, count: int) -> list[Any]:
    """A few of them, others with each turn: over all doors every value has been at every kind of field."""
    return [values[(turn + step * len(values) // count) % len(values)] for step in range(count)]


def _filled(path: str, value: str) -> str:
    return re.sub(r"\{[^}]+\}", quote(value, safe=""), path)


def _good(kind: Any) -> Any:
    """A value of about the right shape for a body's field."""
    if get_origin(kind) is not None and hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    if get_origin(kind) in (list, tuple, frozenset):
        return []
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {name: _good(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}
    return {int: 1, bool: True, str: "reference", float: 1.0}.get(kind, "reference")


def _bodies(endpoint: Endpoint, turn: int) -> list[Any]:
    if endpoint.body is None:
        return [{}]
    whole = _good(endpoint.body)
    odd = [{**whole, name: value} for at, name in enumerate(whole) for value in _some(VALUES, turn + at, 2)]
    return [whole, *odd, [], None, "text", {}]


FIELDS = (
    *(
        "mail",
        "name",
        "question",
        "topic",
        "library",
        "role",
        "scope",
        "grant",
        "slug",
        "day",
        "id",
        "from",
        "until",
    ),
    *(
        "value",
        "text",
        "capacity",
        "password",
        "language",
        "origins",
        "verdict",
        "file",
        "kind",
        "weekday",
        "opens",
    ),
    *(
        "closes",
        "desk",
        "code",
        "phone",
        "city",
        "colour",
        "hours",
        "valid_from",
        "level",
        "owner",
        "shortcut",
        "zh",
    ),
    *(
        "en",
        "title",
        "desks",
        "session",
        "client_id",
        "comment",
        "reason",
        "effort",
        "outcome",
        "question_type",
    ),
)
QUERIES = ("after", "limit", "before", "q", "desk", "topics", "lang", "library", "language", "token", "next")


def _asked(endpoint: Endpoint | Page, ids: list[str], turn: int) -> list[tuple[str, str]]:
    """Addresses with odd parts, and with odd queries."""
    paths = (
        [_filled(endpoint.path, each) for each in (*ids, *TEXTS[:4], "x" * 3000)]
        if "{" in endpoint.path
        else []
    )
    paths = list(dict.fromkeys(paths)) or [endpoint.path]
    queried = [
        (paths[0], f"?{name}={quote(value)}")
        for at, name in enumerate(QUERIES)
        for value in _some(TEXTS, turn + at, 1)
    ]
    return [(path, "") for path in paths] + queried


async def _barred(person: Person, endpoint: Endpoint, session: str) -> bool:
    answer = await person.http.request(endpoint.method, _filled(endpoint.path, session), content=b"{}")
    assert answer.status_code < 500, endpoint.path
    return answer.status_code == 403


@pytest.mark.parametrize("who", WHO)
async def test_odd_addresses_and_bodies_are_answered_by_name(town: Town, who: str) -> None:
    reader = await town.ask()
    person = town.people[who]
    broken: list[Any] = []
    ids = [reader.session, town.people["mei"].id, "home"]
    for turn, endpoint in enumerate(ENDPOINTS, start=len(who)):  # another one for each who
        if endpoint.path in STREAMS or endpoint.path.endswith("/logout"):
            continue
        asked = _asked(endpoint, ids, turn)
        if who == "lin" and await _barred(person, endpoint, reader.session):
            continue  # by her role, whatever she sends; the administrator has been there
        for path, query in asked if endpoint.method == "GET" else asked[:12]:
            answer = await person.http.request(endpoint.method, path + query, content=b"{}")
            if answer.status_code >= 500:
                broken.append((endpoint.method, path[:80] + query[:40], answer.status_code))
        if endpoint.method != "GET":
            for body in _bodies(endpoint, turn):
                path = _filled(endpoint.path, "home" if "slug" in endpoint.path else reader.session)
                answer = await person.http.request(endpoint.method, path, content=json.dumps(body).encode())
                if answer.status_code >= 500:
                    broken.append((endpoint.method, endpoint.path, str(body)[:160]))
            for raw in (b"\xff\xfe", b'"\\ud800"', b'{"a": "\\ud800"}', b"[" * 5000, b"\x00"):
                path = _filled(endpoint.path, reader.session)
                answer = await person.http.request(endpoint.method, path, content=raw)
                if answer.status_code >= 500:
                    broken.append((endpoint.method, endpoint.path, str(raw)[:40]))
    assert not broken, "\n".join(map(str, broken))


async def test_odd_pages_and_forms_are_answered_kindly(town: Town) -> None:
    reader = await town.ask()
    person = town.people["administrator"]
    broken: list[Any] = []
    ids = [reader.session, "home", town.libraries["home"]]
    for turn, page in enumerate(PAGES):
        if page.path == "/logout":
            continue
        for path, query in _asked(page, ids, turn) if page.method == "GET" else []:
            answer = await person.http.get(path + query)
            if answer.status_code >= 500:
                broken.append((page.method, path[:80] + query[:40], answer.status_code))
        if page.method == "POST":
            for value in TEXTS:
                answer = await person.http.post(
                    _filled(page.path, "home"), data=dict.fromkeys(FIELDS, value[:400])
                )
                if answer.status_code >= 500:
                    broken.append((page.method, page.path, value[:30], answer.status_code))
    assert not broken, "\n".join(map(str, broken))
