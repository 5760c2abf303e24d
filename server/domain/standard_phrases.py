"""Standard phrases (常用语): texts that an answer carries word for word, and how they are recognised in it."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

from server.domain.task_policies import TaskPolicy


class StandardPhrase(StrEnum):
    """One of the rulebook's P-texts."""

    FOUND = "P-FOUND"
    SIMILAR = "P-SIMILAR"
    NOT_FOUND = "P-NOTFOUND"


# Compatibility forms leave these two apart from what people type in their place.
_STOPS = str.maketrans("。、", ".,")
# The sources write two days and three days; both mean the 72 hours.
_DAYS = re.compile("经两天的检索")


def phrases_in(text: str, policy: TaskPolicy) -> frozenset[StandardPhrase]:
    """The standard phrases that stand in an answer, word for word.

    Blanks, line ends and the width of punctuation do not count; 经两天的检索 and 经三天的检索 are the same.
    """
    plain = _plain(text)
    return frozenset(phrase for phrase in StandardPhrase if _plain(policy.phrase(phrase)) in plain)


# The phrases themselves, and the answer that is just being looked at from several sides.
@lru_cache(maxsize=64)
def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_STOPS)
    return _DAYS.sub("经三天的检索", "".join(folded.split()))
