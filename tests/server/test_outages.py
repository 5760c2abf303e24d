"""What is away is said in the log when it goes, now and then while it lasts, and when it is back."""

import asyncio
import logging

import pytest

from server import outages
from server.domain.errors import Unavailable
from server.outages import Outage, told


def lost(reason: str) -> Unavailable:
    """As the store says it: a refusal, and from what it came."""
    error = Unavailable()
    error.__cause__ = ConnectionRefusedError(111, reason)
    return error


def test_a_long_outage_is_said_at_its_ends_and_not_at_every_try(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outage = Outage(logging.getLogger("server.test"), "mail waits", "mail goes on")
    outage.over()
    assert not caplog.messages, "nothing was away"
    for _ in range(100):
        outage.lasts(lost("nobody there"))
    assert caplog.messages == ["mail waits: ConnectionRefusedError: [Errno 111] nobody there"]
    outage.over()
    outage.over()
    assert len(caplog.messages) == 2 and caplog.messages[1].startswith("mail goes on, after ")
    outage.lasts(lost("again"))
    assert "again" in caplog.messages[2]


def test_another_reason_is_said_at_once_and_once(caplog: pytest.LogCaptureFixture) -> None:
    """The line was cut, and then the disk was full: who read only the first looked in the wrong place."""
    outage = Outage(logging.getLogger("server.test"), "mail waits", "mail goes on")
    for error in (lost("gone"), TimeoutError("late"), lost("gone"), TimeoutError("late")):
        outage.lasts(error)
    assert [message.split(": ")[1] for message in caplog.messages] == [
        "ConnectionRefusedError",
        "TimeoutError",
    ]


def test_who_looks_at_the_last_minutes_finds_it_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "REMIND", 0.0)
    outage = Outage(logging.getLogger("server.test"), "mail waits", "mail goes on")
    outage.lasts(lost("nobody there"))
    outage.lasts(lost("nobody there"))
    assert "mail waits, for 0 min now: ConnectionRefusedError" in caplog.messages[1]


def test_what_quotes_a_reader_is_told_by_its_kind_alone() -> None:
    said = ValueError("invalid input: 一位读者的话")
    assert told(ExceptionGroup("several", [said])) == "ValueError"


async def test_a_deadline_that_passed_is_told_as_one() -> None:
    error = Unavailable()
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
    except TimeoutError as late:
        error.__cause__ = late
    assert told(error) == "TimeoutError"
