"""Writes docs/access.md: every address of the product, and who may use it, as the table of permissions says.

`python -m tools.access` renews the page; a test holds the page against the code, so that no address is added,
and no permission changed, without somebody reading the line.
"""

from collections.abc import Iterator
from pathlib import Path

from server.api.routes import Endpoint
from server.assembly import ENDPOINTS
from server.domain.permissions import TABLE, Reach, Role, Verb
from web.pages.base import Page
from web.site import PAGES

PAGE = Path(__file__).parents[1] / "docs" / "access.md"
EVERYBODY = "everybody"
COLUMNS: tuple[str, ...] = (EVERYBODY, *Role)
MARKS = {Reach.ANY: "yes", Reach.SCOPE: "scope", Reach.OWN: "own"}  # the widest first
INTRODUCTION = """# Who may do what

Written by `python -m tools.access` from the declarations in the code; `tests/access` asks every address as every
role and compares. What no line allows is refused.

- **yes**: the role is enough.
- **own**: one's own account, or a conversation that one has asked in or takes part in; somebody else's looks as if it
  did not exist.
- **scope**: what belongs to the library for which the role was given; everything, when it was given for the alliance.
- **everybody**: also without a log-in. A widget's log-in is a reader, whatever else the person is.

Without a log-in where one is needed: pages lead to the log-in, the API answers 401. With a log-in of another role:
403. Beside these there are `/healthz`, `/readyz`, `/metrics` (`docs/operations.md`), the two descriptions
`/api/openapi.json` and `/api/asyncapi.json`, and `/static`, which are for everybody.
"""


def mark(verb: Verb, column: str) -> str:
    """What the table of permissions says of a role, in a word; what everybody may, each role may."""
    reaches = {TABLE.get(verb, {}).get(column), TABLE.get(verb, {}).get(EVERYBODY)}
    return next((MARKS[reach] for reach in MARKS if reach in reaches), "–")


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield from INTRODUCTION.splitlines()
    for title, routes in (("The API", ENDPOINTS), ("Pages", PAGES)):
        yield from ("", f"## {title}", "")
        yield from _row("address", "verb", *(column.replace("_", " ") for column in COLUMNS))
        yield from _row(*("---",) * (len(COLUMNS) + 2))
        for route in sorted(routes, key=_order):
            address = f"`{route.method} {route.path}`"
            yield from _row(address, str(route.verb), *(mark(route.verb, column) for column in COLUMNS))


def _order(route: Endpoint | Page) -> tuple[int, str, str]:
    return list(Verb).index(route.verb), route.path, route.method


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def text() -> str:
    return "\n".join((*lines(), ""))


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
