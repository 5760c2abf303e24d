"""Places within a smart stack as people say them."""

import re

from server.words.catalogue import text

# What machines call a place (docs/stack.md); what fits none is shown as it came.
_FORMS = (
    (re.compile(r"station (\d+)"), "story.place.station", ("n",)),
    (re.compile(r"lift (\d+)"), "story.place.lift", ("aisle",)),
    (re.compile(r"shuttle (\d+)-(\d+)"), "story.place.shuttle", ("aisle", "level")),
    (re.compile(r"conveyor to station (\d+)"), "story.place.conveyor", ("n",)),
    (re.compile(r"A(\d+)-L(\d+)-B(\d+)"), "story.place.shelf", ("aisle", "level", "bay")),
)


def place_in_words(place: str, language: str) -> str:
    """``shuttle 2-4`` → 2 巷道 4 层穿梭车; what no form fits is given back as it came."""
    for form, key, names in _FORMS:
        if found := form.fullmatch(place):
            return text(key, language, **{n: int(v) for n, v in zip(names, found.groups(), strict=True)})
    return place
