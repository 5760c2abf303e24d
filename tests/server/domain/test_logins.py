"""How long log-ins and links live, how often one may guess, where one may be sent afterwards."""

from datetime import UTC, datetime, timedelta

import pytest

from server.domain.errors import TooMany
from server.domain.logins import LIFE, Limit, Purpose, judge_attempt, network_of, own_path

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def test_links_live_as_long_as_promised() -> None:
    assert {
        Purpose.VERIFY: timedelta(hours=24),
        Purpose.RESET: timedelta(minutes=30),
        Purpose.INVITE: timedelta(days=7),
        Purpose.WIDGET: timedelta(seconds=60),
        Purpose.DRAFT: timedelta(days=1),
    } == LIFE


def test_the_last_allowed_attempt_passes_and_the_next_says_how_long_to_wait() -> None:
    limit = Limit("test", 3, timedelta(minutes=15))
    judge_attempt(limit, 3, NOW, NOW + timedelta(minutes=1))
    with pytest.raises(TooMany) as refused:
        judge_attempt(limit, 4, NOW, NOW + timedelta(minutes=5, milliseconds=1))
    assert refused.value.data == {"retry_after": 600, "minutes": 10}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_addresses_are_counted_by_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("text", ["/console", "/d/home?lang=en", "/manage/board#queue"])
def test_one_goes_on_to_a_page_of_ours(text: str) -> None:
    assert own_path(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "console",
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: b",
    ],
)
def test_one_never_goes_on_to_somebody_else(text: str) -> None:
    assert own_path(text, "/account") == "/account"
