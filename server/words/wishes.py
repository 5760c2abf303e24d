"""In which language somebody wants to be spoken to."""

from collections.abc import Mapping

from server.words.catalogue import LANGUAGES, language_from


def wished_language(
    query: Mapping[str, str], cookies: Mapping[str, str], headers: Mapping[str, str], own: str = ""
) -> str:
    """zh or en: asked for in the address, kept in a cookie, the account's ``own``, the browser's, or Chinese."""
    asked = (query.get("lang", ""), cookies.get("lang", ""), own, headers.get("x-language", ""))
    found = next((language for language in asked if language in LANGUAGES), "")
    return found or language_from(headers.get("accept-language", ""))
