"""The words that pages hand to their scripts."""

from collections.abc import Iterable

from server.words.catalogue import words


def words_of(areas: Iterable[str], language: str, *, of_console: Iterable[str] = ()) -> dict[str, str]:
    """The unfilled texts of these areas (``time.``); those shared with the console go by its short keys."""
    catalogue = words()
    named = {area: area for area in areas} | {area: f"console.{area}" for area in of_console}
    return {
        short + key: pattern
        for short, area in named.items()
        for key, pattern in catalogue.starting(area, language).items()
    }
