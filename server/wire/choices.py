"""Fields of the HTTP API that know their values: told to clients, judged by the rules."""

from typing import Annotated

from msgspec import Meta

from server.domain.chat import RATINGS, Topic
from server.domain.duty import LANGUAGES, Availability


def one_of(*values: str) -> Meta:
    """Tells clients which values there are. It refuses none: the rules do, by name and in the reader's language."""
    return Meta(extra_json_schema={"enum": [*map(str, values)]})


TopicName = Annotated[str, one_of(*Topic)]
Language = Annotated[str, one_of(*sorted(LANGUAGES))]
Rating = Annotated[str, Meta(max_length=60), one_of(*RATINGS)]
Availabilities = Annotated[str, one_of(*Availability)]
