"""Figures for Prometheus. Each process tells of itself; what concerns the whole installation is read when asked.

There is a registry for each context and no file or memory shared between processes: every server process is
scraped at its own port, and Prometheus adds them up. What is read from the database is the same in each process;
take its maximum over them, not its sum.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from server.context import Context
from server.domain.events import ChatEventRecorded, DutyChanged, Event, MailWritten
from server.store.database import Tally
from server.store.readings import Reading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Live:
    """The live side of this process at one moment."""

    clients: int = 0
    dropped: int = 0
    topics: int = 0
    bus_healthy: bool = True


class Metrics:
    """Counts what this process announces, and puts it together with the rest when it is asked."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._events: Counter[tuple[str, str]] = Counter()
        self._offers = 0
        self._mails = 0
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def saw(self, event: Event) -> None:
        """Count a fact that has just been announced; called once for each, it must cost next to nothing."""
        match event:
            case ChatEventRecorded():
                self._events[event.kind, event.author_kind] += 1
            case DutyChanged(why="offer"):
                self._offers += 1
            case MailWritten():
                self._mails += 1

    def text(self, live: Live, reading: Reading | None, now: datetime) -> bytes:
        """Everything in Prometheus's text format; without a reading the database is shown as away."""
        families = [*self._own(), *_of_live(live), *_of_installation(reading, now)]
        return generate_latest(self._registry) + generate_latest(_Once(families))

    def _own(self) -> list[Metric]:
        events = CounterMetricFamily(
            "shuqiao_chat_events",
            "Numbered events of conversations that this process stored, by kind and by who caused them",
            labels=["kind", "by"],
        )
        for (kind, by), count in sorted(self._events.items()):
            events.add_metric([kind, by], count)
        tally = self._tally
        return [
            events,
            CounterMetricFamily("shuqiao_offers", "Conversations offered to librarians", value=self._offers),
            CounterMetricFamily("shuqiao_mails_written", "Mails put into the outbox", value=self._mails),
            CounterMetricFamily(
                "shuqiao_messages_stored", "Chat messages made durable", value=tally.messages
            ),
            CounterMetricFamily("shuqiao_commits", "Group commits that succeeded", value=tally.commits),
            CounterMetricFamily("shuqiao_commits_failed", "Group commits that failed", value=tally.failed),
            _batches(tally),
        ]


class _Once:
    """Families as a registry that was asked already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def metrics_of(ctx: Context) -> Metrics:
    """The context's figures."""
    found = ctx.shelf.get("metrics")
    if not isinstance(found, Metrics):
        found = ctx.shelf["metrics"] = Metrics(ctx.db.tally)
    return found


def _batches(tally: Tally) -> Metric:
    running, buckets = 0, []
    for bound, count in zip((*map(str, Tally.SIZES), "+Inf"), tally.by_size, strict=True):
        running += count
        buckets.append((bound, float(running)))
    family = HistogramMetricFamily("shuqiao_commit_messages", "Chat messages that shared one commit")
    family.add_metric([], buckets, sum_value=tally.messages)
    return family


def _of_live(live: Live) -> list[Metric]:
    gauge = GaugeMetricFamily
    return [
        gauge(
            "shuqiao_connections",
            "Clients connected to this process, by socket or stream",
            value=live.clients,
        ),
        gauge("shuqiao_topics", "Topics that clients of this process listen to", value=live.topics),
        CounterMetricFamily(
            "shuqiao_clients_too_slow", "Clients dropped since they did not read", value=live.dropped
        ),
        gauge("shuqiao_bus_healthy", "1 while the other processes are reached", value=live.bus_healthy),
    ]


def _of_installation(reading: Reading | None, now: datetime) -> list[Metric]:
    up = GaugeMetricFamily("shuqiao_database_up", "1 while the database answers", value=reading is not None)
    if reading is None:
        return [up]

    def gauge(name: str, help_text: str, value: float) -> Metric:
        return GaugeMetricFamily(f"shuqiao_{name}", f"{help_text} (whole installation)", value=value)

    def age(of: datetime | None) -> float:
        return max(0.0, (now - of).total_seconds()) if of else 0.0

    sessions = GaugeMetricFamily(
        "shuqiao_sessions", "Chat sessions now (whole installation)", labels=["state"]
    )
    for state in ("queued", "offered", "active", "wrapping_up"):
        sessions.add_metric([state], reading.sessions.get(state, 0))
    mails = GaugeMetricFamily("shuqiao_mails", "Mails in the outbox (whole installation)", labels=["state"])
    for state in ("waiting", "failed"):
        mails.add_metric([state], reading.mails.get(state, 0))
    return [
        up,
        sessions,
        mails,
        gauge(
            "queue_wait_seconds",
            "How long the first reader in the queue has waited",
            age(reading.oldest_queued_at),
        ),
        gauge("dues_late", "Due rows whose moment has passed", reading.dues_late),
        gauge("dues_lag_seconds", "By how much the oldest of them is late", age(reading.oldest_due_at)),
        gauge(
            "mails_lag_seconds", "By how much the oldest waiting mail is late", age(reading.oldest_mail_at)
        ),
        gauge("processes", "Server processes whose lease runs", reading.processes),
        gauge("staff_present", "Staff whose console is connected", reading.staff_present),
    ]
