"""The pool's policy values with the rulebook's defaults; a consultation keeps those in force when it was submitted."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from hashlib import sha256
from typing import Any


@dataclass(frozen=True, slots=True)
class TaskPolicy:
    """Durations in hours unless the name says days; each can be set for the alliance, some per library."""

    strict_hours: int = 72
    open_hours: int = 12  # to the whole alliance
    due_soon_hours: int = 48
    duty_manager_hours: int = 96
    lease_hours: int = 24
    lease_reminder_hours: int = 2  # before its end
    claims_held: int = 10
    release_desk_hours: int = 4  # R-ORG.5
    release_alliance_hours: int = 12  # R-ORG.5
    early_answer: str = "strict"  # or tolerant (R-QC.2)
    requests_per_day: int = 10  # R-ANS.5
    delivery_days: int = 20  # R-ANS.5
    sample_percent: int = 5  # R-QC.3
    correction_days: int = 3  # R-QC.4
    portal_names_librarians: bool = False  # R-ANS.7
    portal_names_graded: bool = False  # spot checks are published by librarian too (R-QC.5)
    phrase_found: str = "找到您需要的文献原文。希望对您研究和学习有所帮助。谢谢！"
    phrase_similar: str = (
        "经三天的检索，咨询员均没有在本馆和合作馆中找到您指定的文献原文。"
        "现提供主题和内容相同的文献，供参考。抱歉！"
    )
    phrase_not_found: str = "经检索，咨询员均没有在本馆和合作馆中找到您指定的文献原文。实在抱歉！"

    def phrase(self, name: str) -> str:
        """The text of P-FOUND, P-SIMILAR or P-NOTFOUND; nothing for no name."""
        texts = {
            "P-FOUND": self.phrase_found,
            "P-SIMILAR": self.phrase_similar,
            "P-NOTFOUND": self.phrase_not_found,
        }
        return texts.get(name, "")


TASK_RULES: Mapping[str, str] = {
    "strict_hours": "R-72.1",
    "open_hours": "R-72.7",
    "due_soon_hours": "R-72.6",
    "duty_manager_hours": "R-72.6",
    "lease_hours": "R-72.5",
    "lease_reminder_hours": "R-72.5",
    "claims_held": "R-72.5",
    "release_desk_hours": "R-ORG.5",
    "release_alliance_hours": "R-ORG.5",
    "early_answer": "R-QC.2",
    "requests_per_day": "R-ANS.5",
    "delivery_days": "R-ANS.5",
    "sample_percent": "R-QC.3",
    "correction_days": "R-QC.4",
    "portal_names_librarians": "R-ANS.7",
    "portal_names_graded": "R-QC.5",
    "phrase_found": "R-ANS.1",
    "phrase_similar": "R-72.3",
    "phrase_not_found": "R-72.4",
}
TASK_CHOICES: Mapping[str, tuple[str, ...]] = {"early_answer": ("strict", "tolerant")}
TASK_TEXTS = frozenset({"phrase_found", "phrase_similar", "phrase_not_found"})


_NAMES = frozenset(field.name for field in fields(TaskPolicy))


def task_policy_from(values: Mapping[str, Any]) -> TaskPolicy:
    """The policy with the given values laid over the defaults; unknown names are left out."""
    return TaskPolicy(**{name: value for name, value in values.items() if name in _NAMES})


@lru_cache(maxsize=256)
def policy_content(policy: TaskPolicy) -> tuple[str, str]:
    """The name of exactly these values, and the values as JSON, under which they are kept for ever."""
    content = json.dumps(asdict(policy), ensure_ascii=False, sort_keys=True)
    return sha256(content.encode()).hexdigest()[:16], content
