"""The rows of an archive: libraries, their people and desks, consultations answered and waiting."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from loadtests.archive_texts import Texts

HOUR = 3_600_000_000
LIBRARIES, STAFF, READERS = 269, 900, 5_000
MATERIALS = (
    "book",
    "journal_article",
    "newspaper_article",
    "thesis",
    "conference_paper",
    "patent",
    "standard",
    "video",
)
MATERIAL_WEIGHTS = (22, 48, 4, 16, 5, 2, 2, 1)
COLUMNS: dict[str, tuple[str, ...]] = {
    "library": (
        *(
            "id",
            "slug",
            "kind",
            "name_zh",
            "name_en",
            "city",
            "address",
            "phone",
            "website",
            "card_zh",
            "card_en",
        ),
        "created_at",
    ),
    "desk": (
        *(
            "id",
            "library_id",
            "slug",
            "name_zh",
            "name_en",
            "greeting_zh",
            "greeting_en",
            "mail",
            "colour",
            "position",
        ),
        *("language", "origins", "open", "created_at"),
    ),
    "account": (
        *(
            "id",
            "mail",
            "name",
            "password_hash",
            "library_id",
            "language",
            "card_number",
            "state",
            "verified_at",
        ),
        *("large_type", "created_at"),
    ),
    "role_grant": ("id", "account_id", "role", "scope", "scope_id", "granted_by", "granted_at"),
    "desk_staff": ("desk_id", "staff_id"),
    "task_policy_set": ("id", "content"),
    "task": (
        *(
            "id",
            "state",
            "channel",
            "material",
            "match_key",
            "title",
            "language",
            "foreign_document",
            "desk_id",
        ),
        *(
            "library_id",
            "stage",
            "consultations",
            "clock_from_at",
            "opened_at",
            "holder_id",
            "holder_library_id",
        ),
        *("claim_number", "claimed_at", "lease_ends_at", "created_at", "done_at"),
    ),
    "consultation": (
        *(
            "id",
            "task_id",
            "state",
            "channel",
            "material",
            "desk_id",
            "library_id",
            "reader_id",
            "session_id",
            "name",
        ),
        *("mail", "phone", "language", "topic", "title", "citation", "question", "transcript", "record_id"),
        *(
            "foreign_document",
            "show_title",
            "client_id",
            "policy_id",
            "stage",
            "submitted_at",
            "submitted_by",
        ),
        *("escalated_at", "answer_id", "answer_kind", "answered_at", "answered_by", "answered_library_id"),
        *("cancelled_at", "rating", "rating_comment", "rated_at", "grade", "grade_row", "anonymised_at"),
    ),
    "claim": ("id", "task_id", "number", "staff_id", "library_id", "claimed_at", "ended_at", "outcome"),
    "answer": (
        *(
            "id",
            "task_id",
            "claim_number",
            "version",
            "replaces_id",
            "state",
            "staff_id",
            "library_id",
            "kind",
        ),
        *(
            "delivery",
            "body",
            "link_url",
            "document",
            "files",
            "facts",
            "reason",
            "proposed_at",
            "reviewer_id",
        ),
        *("released_by", "comment", "sent_at", "created_at"),
    ),
}


class Maker:
    """Makes the rows, the same ones for the same seed."""

    def __init__(self, seed: int, end: int, years: float) -> None:
        self.chance = random.Random(seed)
        self.texts = Texts(self.chance)
        self.end, self.start = end, end - int(years * 365 * 24 * HOUR)
        self.libraries = [self.id(self.start) for _ in range(LIBRARIES)]
        self.desks = [self.id(self.start) for _ in range(LIBRARIES)]
        self.staff = [(self.id(self.start), n % LIBRARIES) for n in range(STAFF)]
        self.readers = [self.id(self.start) for _ in range(READERS)]
        self.desk_weights = [1 / (n + 8) for n in range(LIBRARIES)]
        self.staff_weights = [1 / (n + 20) for n in range(STAFF)]

    def id(self, us: int) -> str:
        """A name like the product's: 26 characters that begin with the moment."""
        return f"{us // 1000:012X}{self.chance.getrandbits(56):014X}"

    def alliance(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """Libraries with a desk each, and who works there."""
        at = self.start
        yield "task_policy_set", ("archive", json.dumps({"strict_hours": 72}))
        for n, (library, desk) in enumerate(zip(self.libraries, self.desks, strict=True)):
            name, english, city = self.texts.library(n)
            yield "library", (library, f"lib{n}", "public", name, english, city, "", "", "", "", "", at)
            said = (
                desk,
                library,
                f"lib{n}",
                f"{name}咨询台",
                f"{english} desk",
                "",
                "",
                f"desk{n}@library.test",
            )
            yield "desk", (*said, "#1f5f8b", "right", "zh", "[]", True, at)
        for n, (staff, at_library) in enumerate(self.staff):
            library = self.libraries[at_library]
            person = (staff, f"librarian-{n + 1:05}@load.invalid", self.texts.person(), "", library, "zh", "")
            yield "account", (*person, "active", at, False, at)
            yield "role_grant", (self.id(at), staff, "librarian", "library", library, "", at)
            yield "desk_staff", (self.desks[at_library], staff)
        for n, reader in enumerate(self.readers):
            person = (reader, f"reader-{n + 1:05}@load.invalid", self.texts.person(), "", "", "zh", "")
            yield "account", (*person, "active", at, False, at)

    def archive(self, count: int) -> Iterator[tuple[str, Sequence[Any]]]:
        """Answered consultations from the first to the last day, in their order."""
        step = (self.end - self.start) // max(1, count)
        for n in range(count):
            yield from self._answered(self.start + n * step + self.chance.randrange(step or 1))

    def waiting(self, count: int) -> Iterator[tuple[str, Sequence[Any]]]:
        """What lies in the pool now."""
        for _ in range(count):
            at = self.end - self.chance.randrange(90 * HOUR)
            task, consultation = self._asked(at)
            age = (self.end - at) // HOUR
            stage = 2 if age >= 72 else 1 if age >= 48 else 0
            opened = at + 12 * HOUR if age >= 12 else None
            task |= {"state": "open", "stage": stage, "consultations": 1, "opened_at": opened}
            yield "task", [task.get(name, _EMPTY.get(name, "")) for name in COLUMNS["task"]]
            consultation |= {"state": "open", "stage": stage}
            yield "consultation", [consultation.get(n, _EMPTY.get(n, "")) for n in COLUMNS["consultation"]]

    def _answered(self, at: int) -> Iterator[tuple[str, Sequence[Any]]]:
        chance = self.chance
        task, consultation = self._asked(at)
        took = min(int(min(chance.lognormvariate(1.6, 1.3), 500) * HOUR), max(1, self.end - at))
        answered, (staff, at_library) = at + took, chance.choices(self.staff, self.staff_weights)[0]
        library, answer, late = self.libraries[at_library], self.id(at + took), took > 72 * HOUR
        kind = "text" if task["channel"] != "document" else self._kind(late=late)
        rated = chance.random() < 0.35
        number = 2 if chance.random() < 0.08 else 1
        task |= {"state": "done", "claim_number": number, "done_at": answered, "opened_at": at + 12 * HOUR}
        yield "task", [task.get(name, _EMPTY.get(name, "")) for name in COLUMNS["task"]]
        consultation |= {
            "state": "answered",
            "answer_id": answer,
            "answer_kind": kind,
            "answered_at": answered,
            "answered_by": staff,
            "answered_library_id": library,
            "rating": chance.choices(("satisfied", "fair", "unsatisfied"), (88, 9, 3))[0] if rated else "",
            "rated_at": answered + HOUR if rated else None,
            "grade": chance.choices(("", "excellent", "pass", "fail"), (9500, 330, 160, 10))[0],
            "stage": 2 if late else 0,
        }
        yield "consultation", [consultation.get(n, _EMPTY.get(n, "")) for n in COLUMNS["consultation"]]
        if number == 2:
            other, other_library = chance.choice(self.staff)
            back = (self.id(at), task["id"], 1, other, self.libraries[other_library], at, at + took // 2)
            yield "claim", (*back, "handed_back")
        claimed = at + took // 2
        yield "claim", (self.id(claimed), task["id"], number, staff, library, claimed, answered, "answered")
        delivery = (
            "" if kind in ("text", "not_found") else chance.choice(("attachment", "attachment", "link"))
        )
        said = (
            answer,
            task["id"],
            number,
            1,
            "",
            "sent",
            staff,
            library,
            kind,
            delivery,
            self.texts.answer(kind),
        )
        yield "answer", (*said, "", "{}", "[]", "{}", "", None, "", "", "", answered, answered)

    def _asked(self, at: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """A task and the consultation that it comes from."""
        chance = self.chance
        channel = chance.choices(("document", "form", "knowledge", "phone"), (80, 12, 5, 3))[0]
        where = chance.choices(range(LIBRARIES), self.desk_weights)[0]
        foreign = chance.random() < 0.3
        title, question, citation = self.texts.request(channel, foreign=foreign)
        material = chance.choices(MATERIALS, MATERIAL_WEIGHTS)[0] if channel == "document" else ""
        same = {
            "channel": channel,
            "material": material,
            "title": title,
            "language": "zh",
            "foreign_document": foreign,
            "desk_id": self.desks[where],
            "library_id": self.libraries[where],
        }
        task = {**same, "id": self.id(at), "clock_from_at": at, "created_at": at}
        consultation = {
            **same,
            "id": self.id(at),
            "task_id": task["id"],
            "question": question,
            "citation": citation,
            "client_id": f"archive-{chance.getrandbits(96):024x}",
            "policy_id": "archive",
            "submitted_at": at,
            "show_title": chance.random() < 0.4,
            "reader_id": chance.choice(self.readers),
        }
        return task, consultation

    def _kind(self, *, late: bool) -> str:
        return self.chance.choices(("exact", "similar", "not_found"), (40, 35, 25) if late else (100, 0, 0))[
            0
        ]


_NONE = (
    "escalated_at",
    "answered_at",
    "cancelled_at",
    "rated_at",
    "anonymised_at",
    "opened_at",
    "claimed_at",
)
_EMPTY: dict[str, Any] = {
    **dict.fromkeys((*_NONE, "lease_ends_at", "done_at")),
    **dict.fromkeys(("stage", "consultations", "claim_number"), 0),
}
