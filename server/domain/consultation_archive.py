"""The archive of answered consultations: the words and tags that each is found by, and what is asked of it.

Numbers grow in the order of the answers, so that "newest first" is a walk down the numbers. Tags stand beside the
words and hold who asked and answered where: a search within one's own scope looks at nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import Invalid
from server.domain.search_words import QUERY_LIMIT, WORDS_LIMIT, words_of

WORDS_KEPT = 600  # of one consultation: a long answer is found by its beginning
TEXT_KEPT = 6_000  # characters looked at for them
# The archive in blocks of 2^n entries: a word's entries within one block are found without those in all others.
BLOCKS = (10, 12, 15, 18)
_MANY = 60  # tags of one group
_MOST = 0.25  # of all entries
_ENOUGH = 4  # blocks of one size that fill a page are worth no larger one


@dataclass(frozen=True, slots=True)
class Entry:
    """An answered consultation as it goes into the index."""

    consultation_id: str
    answered_at: datetime
    desk_id: str
    library_id: str
    answered_by: str
    answered_library_id: str
    channel: str
    material: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked of the archive; empty parts ask for nothing.

    ``within`` are tags of which an entry must have one (None: the whole alliance), ``tags`` those it must all have,
    ``people`` the tags of librarians of whom one must have answered (None: anybody).
    """

    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    within: tuple[str, ...] | None = None
    people: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def all_of(self) -> tuple[str, ...]:
        return (*self.words, *self.tags)

    @property
    def any_of(self) -> tuple[tuple[str, ...], ...]:
        """Groups of tags: of each group one must be there."""
        return tuple(group for group in (self.within, self.people) if group is not None)

    def conditions(self, shares: Mapping[str, float]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """Groups of words and tags, of each of which an entry must have one: what to look up, then what to check.

        What few entries have is looked up first. Of many tags that most entries have one of, no list is worth a look:
        they are checked on what the rest finds. ``shares`` are those of the entries that have a word, as far as they
        are known: the others are rare.
        """

        def share(group: tuple[str, ...]) -> float:
            return sum(shares.get(word, 0.0) for word in group)

        groups = sorted([*self.any_of, *((word,) for word in self.all_of)], key=share)
        checked = [group for group in groups[1:] if len(group) > _MANY and share(group) > _MOST]
        return [group for group in groups if group not in checked], checked

    @property
    def impossible(self) -> bool:
        return any(not group for group in self.any_of)


def entry_words(entry: Entry) -> list[str]:
    """Everything an entry is found by, but its blocks."""
    found: dict[str, None] = {}
    for text in entry.texts:
        for word in words_of(text[:TEXT_KEPT]):
            found[word] = None
            if len(found) >= WORDS_KEPT:
                break
    return [*found, *entry_tags(entry)]


def words_sought(question: str) -> tuple[str, ...]:
    """The words that an entry must all have. Raises Invalid ``search_short`` where no word can be made of them."""
    words = tuple(dict.fromkeys(words_of(question[:QUERY_LIMIT])))[:WORDS_LIMIT]
    if question.strip() and not words:
        raise Invalid("search_short", "q")
    return words


def entry_tags(entry: Entry) -> list[str]:
    tags = [staff_tag(entry.answered_by), desk_tag(entry.desk_id), library_tag(entry.library_id)]
    tags += [library_tag(entry.answered_library_id), kind_tag(entry.channel)]
    return list(dict.fromkeys(tags + ([kind_tag(entry.material)] if entry.material else [])))


def staff_tag(staff_id: str) -> str:
    return f"s_{staff_id}".lower()


def desk_tag(desk_id: str) -> str:
    return f"d_{desk_id}".lower()


def library_tag(library_id: str) -> str:
    """The library whose desk was asked, or that answered: both keep what was said there."""
    return f"l_{library_id}".lower()


def kind_tag(name: str) -> str:
    """A channel or a material type."""
    return f"k_{name}"


def block_tags(number: int) -> list[str]:
    """The blocks that an entry's number lies in, the smallest first."""
    return [f"b{size}_{number >> size}" for size in BLOCKS]


def window(below: int, least: int, level: int) -> tuple[str, int, int]:
    """The piece of the archive that ends below a number, of the block at this level: (block's tag, from, below).

    After the largest blocks comes all the rest, without a tag.
    """
    if level >= len(BLOCKS):
        return "", least, below
    size = BLOCKS[level]
    block = (below - 1) >> size
    return f"b{size}_{block}", max(block << size, least), below


def wider(level: int, seen: int, found: int, missing: int) -> int:
    """The level of the next piece, after ``found`` entries in ``seen`` numbers; so many are still missing.

    What is frequent fills a page from the small blocks, what is rare has few entries in all the rest: no piece ever
    has many more entries than a page needs.
    """
    if level < len(BLOCKS) and seen <= (1 << BLOCKS[level]) // 2:
        return level  # from the rest of a block nothing is learned about how frequent the words are
    if found * _ENOUGH >= missing:
        return level
    return min(level + (1 if found else 2), len(BLOCKS))
