"""Mails as people read them, in both languages."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest

from server.words.letters import letter

FOLDER = Path(__file__).parents[3] / "server" / "words" / "mails"
NAMES = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.txt")})
WANTED = {
    "verify",
    "known",
    "reset",
    "password_changed",
    "invite",
    "import_welcome",
    "transcript",
    "form_question_desk",
    "form_question_reader",
    "phone_desk",
    "wrap_up_overdue_manager",
    "request_received",
    "request_escalated",
    "request_cancelled",
    "request_converted",
    "answer_sent",
    "answer_corrected",
    "test",
}
DATA: dict[str, Any] = {
    "name": "Anna J. Berg",
    "link": "https://ask.library.test/x/abc",
    "hours": 24,
    "minutes": 30,
    "days": 7,
    "inviter": "Wang Yu",
    "library": "Ningbo Library",
    "roles": ["librarian", "manager"],
    "desk": "Ningbo Library",
    "desk_zh": "宁波市图书馆",
    "desk_en": "Ningbo Library",
    "mail": "anna@library.test",
    "phone": "0574 8730 0000",
    "topic": "reference",
    "question": "Where is it?\n\nAnd when?",
    "transcript": "[14:05] Anna: hello",
    "id": "01abc",
    "staff": "Wang Yu",
    "ended": "14:05",
    "at": "14:05",
    "receipt": "01r",
    "sessions": 2,
    "messages": 9,
    "files": 1,
    "questions": 0,
    "attached": 1,
}

LOAN = {
    "titles": ["Reading rooms", "A history of paper"],
    "due": "11 Dec",
    "slot": "Saturday 9:00 to 12:00",
    "keep_until": "18 Dec",
    "order": "261121 K7Q4M9",
}
ANSWER = {
    "title": "Reading rooms",
    "number": "01abc",
    "channel": "document",
    "kind": "exact",
    "body": "Here it is.\n\nGood luck.",
    "link_url": "https://elsewhere.test/a",
    "files": [{"name": "a.pdf", "url": "https://ask.library.test/x/f/a.pdf", "until": "11 Dec"}],
    "hours": 72,
    "left": "2 hours",
    "waited": "3 days",
    "author": "Lin",
    "comment": "The year differs.",
    "until": "11 Dec",
    "note": "The link is dead.",
    "grade": "pass",
    "reason": "The phrase is there.",
}


def test_every_wanted_mail_is_written_in_both_languages() -> None:
    assert {
        name for name in NAMES if all((FOLDER / f"{name}.{lang}.txt").exists() for lang in ("zh", "en"))
    } >= WANTED


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_says_all_it_has_to_say(name: str, language: str) -> None:
    said = letter(name, language, DATA if name == "erased" else DATA | ANSWER | LOAN)
    assert said.subject and "\n" not in said.subject
    assert said.text.count("\n\n\n") == 0, "gaps"
    assert said.html.startswith("<!doctype html>") and "{" not in said.html.partition("</head>")[2]
    if language == "en":
        assert not re.search(r"[\u3400-\u9fff]", said.text), "Chinese in an English mail"
    if "link" in (FOLDER / f"{name}.{language}.txt").read_text():
        assert f'<a class="button" href="{DATA["link"]}">' in said.html


def test_a_name_keeps_its_dots_but_leads_nowhere() -> None:
    assert "Dear Anna J. Berg," in letter("verify", "en", DATA).text
    evil = letter("verify", "en", DATA | {"name": "see\nhttps://evil.test/now www.evil.test"})
    assert "evil.test" not in evil.text


def test_what_people_wrote_stays_a_quotation() -> None:
    said = letter("form_question_desk", "en", DATA | {"question": "one\n\nhttps://evil.test/\n<b>two</b>"})
    assert "> one\n>\n> https://evil.test/\n> <b>two</b>" in said.text
    assert "<b>" not in said.html and "&lt;b&gt;" in said.html
    assert 'href="https://evil.test' not in said.html


def test_a_long_question_is_cut_in_the_subject() -> None:
    assert len(letter("form_question_desk", "zh", DATA | {"question": "问" * 500}).subject) <= 60


def test_a_template_that_nobody_wrote_is_named() -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        letter("no_such_mail", "zh", {})
