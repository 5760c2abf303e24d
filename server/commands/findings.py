"""What the doctor finds: each thing that the product needs, whether it is well, and what to do if it is not."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from server.commands.causes import trouble_with
from server.words.catalogue import text


class Level(Enum):
    """How it stands. Only FAIL makes the doctor's status 1."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; ``todo`` says what to do, and is empty where all is well.

    ``detail`` is what a driver says of it, for whoever looks that up.
    """

    level: Level
    area: str
    said: str
    todo: str = ""
    detail: str = ""


def well(area: str, key: str, language: str, **values: Any) -> Finding:
    """All is well, in the words of ``doctor.<key>``."""
    return Finding(Level.OK, area, text(f"doctor.{key}", language, **values))


def ill(level: Level, area: str, key: str, language: str, **values: Any) -> Finding:
    """Something is not: ``doctor.<key>`` says what, ``doctor.<key>_next`` what to do."""
    said, todo = (text(f"doctor.{name}", language, **values) for name in (key, f"{key}_next"))
    return Finding(level, area, said, todo)


def useless(area: str, error: BaseException, language: str, **values: Any) -> Finding:
    """A server that we need is of no use: ``doctor.<area>_away`` with the reason, what to do, its driver's words."""
    trouble = trouble_with(area, error, language)
    said = text(f"doctor.{area}_away", language, reason=trouble.reason, **values)
    return Finding(Level.FAIL, area, said, trouble.todo, trouble.detail)
