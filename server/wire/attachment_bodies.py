"""Bodies of the endpoints for files of requests and answers, and for looks at links."""

from typing import Annotated

import msgspec
from msgspec import Meta


class AttachmentView(msgspec.Struct, frozen=True):
    """A whole file of a request or an answer."""

    id: str
    name: str
    kind: str
    size: int


class ProbeLink(msgspec.Struct, frozen=True):
    """The link to look at; ``again`` also when somebody has just looked."""

    url: Annotated[str, Meta(min_length=1, max_length=1000)]
    again: bool = False


class HopView(msgspec.Struct, frozen=True):
    """One address on the way; ``status`` 0 where nobody was asked."""

    url: str
    status: int


class ProbeView(msgspec.Struct, frozen=True):
    """What a look at a link found.

    ``meaning``: good (may be sent), barred and dead (may not, R-ANS.2), unsure (open it yourself). ``said`` puts it
    in words, with what to do.
    """

    id: str
    url: str
    verdict: str
    meaning: str
    said: str
    why: str
    title: str
    hops: list[HopView]
    at: str
