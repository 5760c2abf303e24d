"""Cases in words: titles and lines that were kept to be said in the language of whoever reads them."""

from server.domain.cases import Case, CaseLine, unsaid
from server.words.catalogue import text


def title(case: Case, language: str) -> str:
    """What a case is about."""
    return said(case.title, language)


def line(shown: CaseLine, language: str) -> str:
    """A line of a case: what a person wrote as it is, all else in the reader's language."""
    return (
        said(shown.text, language) if shown.kind == "action" or shown.author_kind == "system" else shown.text
    )


def said(kept: str, language: str) -> str:
    """A kept text in words."""
    found = unsaid(kept)
    if found is None:
        return kept
    key, data = found
    return text(key, language, **data).strip()
