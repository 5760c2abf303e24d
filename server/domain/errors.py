"""Refusals: what the product says instead of doing something, with the rule that forbids it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Refusal(Exception):
    """Something was asked that may not be done, or not now, or not in this form.

    ``code`` names the catalogue text ``refusal.<code>`` (Chinese and English, with what to do next) and the row of
    the table in ``wire`` that gives HTTP status, close code and what a client should do. ``rule_id`` cites the
    rulebook where a rule stands behind it. ``data`` fills the text's placeholders; it is shown to the person asked,
    so it never holds what they may not know. ``field`` names the offending input of a form or frame.
    """

    code: str
    rule_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    field: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.rule_id} {self.data or ''}".strip()


class NotAllowed(Refusal):
    """The actor's roles and scopes do not reach this (deny by default)."""

    def __init__(self, code: str = "not_allowed", rule_id: str = "", **data: Any) -> None:
        super().__init__(code, rule_id, data)


class NotFound(Refusal):
    """There is no such thing, or the actor may not know of it: both read the same."""

    def __init__(self, code: str = "not_found", rule_id: str = "", **data: Any) -> None:
        super().__init__(code, rule_id, data)


class Invalid(Refusal):
    """A field's content is wrong: says which field and what would be right."""

    def __init__(self, code: str, field: str, rule_id: str = "", **data: Any) -> None:
        super().__init__(code, rule_id, data, field)


class Conflict(Refusal):
    """Somebody else was faster, or the thing has moved on."""

    def __init__(self, code: str, rule_id: str = "", **data: Any) -> None:
        super().__init__(code, rule_id, data)


class TooMany(Refusal):
    """A bound is reached; ``retry_after`` (seconds) says when to try again."""

    def __init__(self, code: str, rule_id: str = "", **data: Any) -> None:
        super().__init__(code, rule_id, data)


class Unavailable(Refusal):
    """The database, the bus or the mail server is away: nothing was done, try again."""

    def __init__(self, code: str = "unavailable", rule_id: str = "", **data: Any) -> None:
        super().__init__(code, rule_id, data)
