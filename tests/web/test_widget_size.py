"""What a reader's browser fetches before and after the first click, packed as it travels."""

import gzip

import pytest

from web.accents import accent_css
from web.pages.widget import served

KILOBYTE = 1000
ACCENT = len(gzip.compress(accent_css("7d2a2a").encode(), 9))


def test_the_loader_weighs_ten_kilobytes_at_most() -> None:
    assert len(served("loader.js").packed) + ACCENT <= 10 * KILOBYTE


@pytest.mark.parametrize("language", ["zh", "en"])
def test_loader_and_chat_weigh_thirty_kilobytes_at_most(language: str) -> None:
    fetched = ["loader.js", "chat.js", "chat.css", f"words.{language}.json"]
    assert sum(len(served(name).packed) for name in fetched) + ACCENT <= 30 * KILOBYTE


def test_nothing_of_it_names_another_host() -> None:
    for name in ("loader.js", "chat.js", "chat.css", "words.zh.json", "words.en.json"):
        text = served(name).plain.decode().replace("http://www.w3.org/2000/svg", "").replace("https?://", "")
        assert "://" not in text.replace("https?:\\/\\/", ""), name
