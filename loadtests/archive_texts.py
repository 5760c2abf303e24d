"""Titles, questions and answers for an archive: put together from parts, some frequent, some rare."""

import json
import random
import tomllib
from pathlib import Path

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗"


class Texts:
    """Makes texts by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
        self.answers: dict[str, str] = told.pop("answers")
        self.parts: dict[str, list[str]] = {
            name: [part.strip() for part in text.split("|")] for name, text in told.items()
        }

    def library(self, number: int) -> tuple[str, str, str]:
        """Chinese name, English name, city."""
        city = self.parts["cities"][number % len(self.parts["cities"])]
        return f"{city}第{number // len(self.parts['cities']) + 1}图书馆", f"Library {number}", city

    def person(self) -> str:
        return self.chance.choice(_SURNAMES) + self.chance.choice(self.parts["given"])

    def request(self, channel: str, *, foreign: bool) -> tuple[str, str, str]:
        """Title, question and citation."""
        if channel != "document":
            question = self.chance.choice(self.parts["questions"]).format(self._subject())
            return question, question, ""
        title = self._english() if foreign else self._chinese()
        citation = {
            "title": title,
            "authors": "Smith J" if foreign else self.person(),
            "container": "" if foreign else self.chance.choice(self.parts["journals"]),
            "date": str(self.chance.randint(1950, 2026)),
        }
        return title, "", json.dumps(citation, ensure_ascii=False)

    def answer(self, kind: str) -> str:
        return self.answers[kind].format(self._subject())

    def _chinese(self) -> str:
        parts = (
            self.chance.choice(self.parts["places"]),
            self.chance.choice(self.parts["times"]),
            self._subject(),
        )
        return "".join(parts) + self.chance.choice(self.parts["forms"])

    def _english(self) -> str:
        said = self.chance.choice(self.parts["english"]).format(self.chance.choice(self.parts["topics"]))
        return said[0].upper() + said[1:]

    def _subject(self) -> str:
        if self.chance.random() < 0.0005:
            return self.chance.choice(self.parts["rare"])
        # The first ones are asked for far more often than the last.
        return self.parts["subjects"][
            min(int(self.chance.expovariate(0.12)), len(self.parts["subjects"]) - 1)
        ]
