"""Log lines: readable by machines, with the conversation's id, and without a word of what was said."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from server.domain.errors import Conflict
from server.domain.events import ChatEventRecorded
from server.observing.logs import OURS, configure_logs
from server.observing.turns import log_turn
from server.settings import Settings

SAID = "我想查一本书，身份证号 440301…"


class Log:
    """What was written, line by line."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    @property
    def raw(self) -> str:
        return self._out.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        return dict(json.loads(self.raw.splitlines()[-1]))


@contextmanager
def logging_to(out: io.StringIO, **settings: Any) -> Iterator[None]:
    """This process logs there; everything is put back afterwards."""
    loggers = [logging.getLogger(name) for name in (None, *OURS)]
    handlers, levels = loggers[0].handlers, [each.level for each in loggers]
    configure_logs(Settings(environment="test", **settings), out)
    try:
        yield
    finally:
        loggers[0].handlers = handlers
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
        structlog.reset_defaults()


@pytest.fixture
def log() -> Iterator[Log]:
    """This process's log."""
    out = io.StringIO()
    with logging_to(out):
        yield Log(out)


def test_a_line_is_json_with_the_conversation(log: Log) -> None:
    structlog.get_logger("server.api.sessions").info("session opened", session="01abc")
    line = log.last
    assert (line["event"], line["session"], line["level"]) == ("session opened", "01abc", "info")
    assert line["logger"] == "server.api.sessions"
    assert line["timestamp"].endswith("Z")


def turn(kind: str, body: str = "", **data: Any) -> ChatEventRecorded:
    told = json.dumps(data) if data else ""
    return ChatEventRecorded(
        "01abc", "all", 3, kind, "staff", "01lin", "Lin", "", body, told, datetime.now(UTC)
    )


def test_each_turn_of_a_conversation_is_a_line_with_its_id_and_who_but_no_name(log: Log) -> None:
    lin = {"id": "01lin", "name": "林晓雨"}
    log_turn(turn("joined", staff=lin, role="holder", library={"zh": SAID, "en": ""}))
    line = log.last
    assert (line["event"], line["session"], line["number"]) == ("conversation joined", "01abc", 3)
    assert (line["staff"], line["role"]) == ("01lin", "holder")
    log_turn(turn("requeued", staff=lin, why="lost"))
    assert (log.last["event"], log.last["why"]) == ("conversation requeued", "lost")
    log_turn(turn("transferred", to={"kind": "person", "name": {"zh": "林晓雨"}}, reason=SAID))
    log_turn(turn("ended", by="system", reason="reader_gone"))
    assert (log.last["by"], log.last["reason"]) == ("system", "reader_gone")
    assert SAID not in log.raw and "林晓雨" not in log.raw


@pytest.mark.parametrize("kind", ["message", "note", "file", "document"])
def test_what_people_say_or_send_leaves_no_line(log: Log, kind: str) -> None:
    log_turn(turn(kind, SAID, file={"name": SAID}))
    assert log.raw == ""


def test_lines_of_the_standard_library_take_the_same_form(log: Log) -> None:
    logging.getLogger("server.live.hub").warning("client %d is slow", 7, extra={"session": "01abc"})
    assert (log.last["event"], log.last["session"]) == ("client 7 is slow", "01abc")


def test_libraries_are_heard_from_warnings_up(log: Log) -> None:
    logging.getLogger("some.library").info("took a connection")
    assert log.raw == ""
    logging.getLogger("some.library").error("no more files")
    assert log.last["event"] == "no more files"


@pytest.mark.parametrize("name", ["text", "body", "question", "comment", "data", "frame", "token"])
def test_what_may_be_said_words_or_secrets_is_withheld(log: Log, name: str) -> None:
    structlog.get_logger("server.x").warning("odd", **{name: SAID})
    assert SAID not in log.raw
    assert log.last[name] == "(withheld)"


def test_an_address_that_opens_by_itself_is_withheld(log: Log) -> None:
    for door in ("f", "x"):
        structlog.get_logger("server.x").warning("odd", path=f"/{door}/Zx81secret/会议记录.pdf")
        assert log.last["path"] == f"/{door}/(withheld)"
    structlog.get_logger("server.x").warning("odd", path="/api/sessions/01abc/events")
    assert log.last["path"] == "/api/sessions/01abc/events"


def test_an_exception_shows_its_place_but_quotes_nobody(log: Log) -> None:
    try:
        try:
            int(SAID)
        except ValueError as error:
            raise KeyError(SAID) from error
    except KeyError:
        structlog.get_logger("server.x").exception("unexpected", session="01abc")
    assert SAID not in log.raw
    shown = log.last["exception"]
    assert shown.startswith("KeyError\n")
    assert "caused by ValueError" in shown
    assert "test_logs.py" in shown


def test_an_exception_that_cannot_quote_keeps_its_words(log: Log) -> None:
    structlog.get_logger("server.x").error("down", exc_info=ConnectionRefusedError(111, "Connection refused"))
    assert "Connection refused" in log.last["exception"]
    structlog.get_logger("server.x").error("no", exc_info=Conflict("session_ended"))
    assert "session_ended" in log.last["exception"]


def test_every_member_of_a_group_is_shown(log: Log) -> None:
    group = ExceptionGroup("two", [ValueError(SAID), OSError(5, "I/O error")])
    structlog.get_logger("workers.loop").error("failed", exc_info=group)
    assert SAID not in log.raw
    assert all(name in log.last["exception"] for name in ("ValueError", "I/O error"))


def test_our_own_lines_keep_to_the_level_that_was_set() -> None:
    out = io.StringIO()
    with logging_to(out, log_level="error", log_format="text"):
        structlog.get_logger("server.x").warning("not now")
        structlog.get_logger("server.x").error("now")
    assert "not now" not in out.getvalue()
    assert "now" in out.getvalue()
