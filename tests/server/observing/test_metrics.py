"""Figures: what is counted, and that each context counts for itself."""

from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from server.domain.events import ChatEventRecorded, DutyChanged, MailWritten, TypingSeen
from server.observing.metrics import Live, Metrics
from server.store.database import Tally
from server.store.readings import Reading

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def figures(text: bytes) -> dict[str, float]:
    """Every figure by name and labels, as a scraper reads them."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def event(kind: str, by: str) -> ChatEventRecorded:
    return ChatEventRecorded("01abc", "all", 1, kind, by, "", "", "", "", "", NOW)


def test_what_happens_is_counted_by_kind_and_side() -> None:
    metrics = Metrics(Tally())
    for fact in (
        event("message", "reader"),
        event("message", "reader"),
        event("message", "staff"),
        event("ended", "system"),
        DutyChanged("01lin", 4, "offer"),
        DutyChanged("01lin", 5, "session"),
        MailWritten(),
        TypingSeen("01abc", "reader", ""),
    ):
        metrics.saw(fact)
    shown = figures(metrics.text(Live(), Reading(), NOW))
    assert shown["shuqiao_chat_events_total{by=reader,kind=message}"] == 2
    assert shown["shuqiao_chat_events_total{by=staff,kind=message}"] == 1
    assert shown["shuqiao_offers_total"] == 1
    assert shown["shuqiao_mails_written_total"] == 1


def test_batches_are_a_histogram_of_messages_per_commit() -> None:
    tally = Tally()
    for messages in (1, 1, 3, 40, 600, 0):
        tally.committed(messages)
    shown = figures(Metrics(tally).text(Live(), Reading(), NOW))
    assert shown["shuqiao_commits_total"] == 6
    assert shown["shuqiao_commit_messages_bucket{le=1}"] == 2
    assert shown["shuqiao_commit_messages_bucket{le=50}"] == 4
    assert shown["shuqiao_commit_messages_count"] == 5
    assert shown["shuqiao_commit_messages_sum"] == shown["shuqiao_messages_stored_total"] == 645


def test_the_installation_is_shown_with_ages_in_seconds() -> None:
    reading = Reading(
        sessions={"queued": 2, "active": 7},
        oldest_queued_at=NOW - timedelta(seconds=14),
        dues_late=1,
        oldest_due_at=NOW - timedelta(seconds=3),
        mails={"waiting": 5},
        processes=2,
        staff_present=9,
    )
    shown = figures(Metrics(Tally()).text(Live(clients=31, bus_healthy=False), reading, NOW))
    assert shown["shuqiao_sessions{state=active}"] == 7
    assert shown["shuqiao_sessions{state=wrapping_up}"] == 0
    assert shown["shuqiao_queue_wait_seconds"] == 14
    assert shown["shuqiao_dues_lag_seconds"] == 3
    assert shown["shuqiao_mails{state=waiting}"] == 5
    assert shown["shuqiao_connections"] == 31
    assert shown["shuqiao_bus_healthy"] == 0


def test_without_a_database_the_rest_is_still_told() -> None:
    shown = figures(Metrics(Tally()).text(Live(clients=3), None, NOW))
    assert shown["shuqiao_database_up"] == 0
    assert shown["shuqiao_connections"] == 3
    assert "shuqiao_processes" not in shown


def test_two_contexts_do_not_share_figures() -> None:
    one, other = Metrics(Tally()), Metrics(Tally())
    one.saw(MailWritten())
    assert figures(other.text(Live(), Reading(), NOW))["shuqiao_mails_written_total"] == 0
