"""The live side of a process: its hub, its open lines, the beat that keeps them truthful."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from server.actions.access import still_stands
from server.actions.accounts import resolve_actor
from server.actions.case_presence import last_case_numbers, missing_case_lines
from server.actions.chat import Receipts, learn_limit
from server.actions.conversations import missing_events, numbers_of
from server.actions.duty import console_version, console_versions
from server.actions.order_topics import missing_order_events, order_numbers
from server.actions.presence import connection_closed, connection_opened
from server.actions.sessions import conversation_token
from server.api.limits import Limiter
from server.api.lines import Line, Replies
from server.context import Context
from server.domain.chat import ChatSession
from server.domain.errors import NotAllowed, Refusal, TooMany
from server.domain.permissions import NOBODY, Actor
from server.live.hub import Hub
from server.live.presence import PAGE, Presence
from server.outages import Outage
from server.wire import frames
from server.wire.outcomes import way_of

log = structlog.get_logger(__name__)

BEAT = float(frames.BEAT_SECONDS)
RENEW_BEFORE = timedelta(minutes=6)  # a pushed token reaches the reader well before the old one runs out
RECHECK_BEATS = 6  # a log-in that ran out, or whose end nobody told us, ends the line within about a minute
BYE_MS = [200, 5000]
LINES = 64  # of one conversation's reader, or one staff member: tabs and devices, and some that are not yet known lost
UNGREETED = 10_000  # sockets that have not said who they are: more than come back at once after a restart


@dataclass(slots=True, eq=False)
class OpenLine:
    """One accepted connection: its line, what proves it, when that runs out."""

    line: Line
    presence: Presence
    cookie: str = ""
    session: ChatSession | None = None
    expires: datetime | None = None
    beats: int = field(default=0)

    @property
    def known(self) -> bool:
        """Whether the line stands on a log-in: a cookie, or a token that somebody got who was logged in."""
        return bool(self.cookie or self.line.actor.login)


class Gateway:
    """Everything the process's connections share."""

    def __init__(self, ctx: Context, hub: Hub) -> None:
        self.ctx = ctx
        self.hub = hub
        self.receipts = Receipts(ctx)
        self.limiter = Limiter(ctx.settings.messages_per_minute, asyncio.get_running_loop().time)
        self.ungreeted = 0
        self._open: dict[str, OpenLine] = {}
        self._lines: Counter[tuple[str, str]] = Counter()
        self._chores: set[asyncio.Task[None]] = set()
        self._closing = False
        hub.on_wake(self._woken)

    def line(self, actor: Actor, replies: Replies) -> Line:
        """A line for an actor."""
        return Line(self.ctx, actor, replies, self.receipts, self.limiter)

    async def enter(self, opened: OpenLine) -> None:
        """A connection is accepted: its presence is on record before anything else happens on it."""
        presence = opened.presence
        who = (presence.kind, presence.subject_id)
        if self._lines[who] >= LINES:
            raise TooMany("too_many_lines", limit=LINES, retry_after=30)
        self._lines[who] += 1
        self._open[presence.connection_id] = opened
        if presence.kind == PAGE:
            return
        await connection_opened(self.ctx, presence.kind, presence.subject_id, presence.connection_id)

    async def welcome(self, opened: OpenLine, topics: Iterable[tuple[str, int]]) -> None:
        """Say that the line stands, and resume what its client listened to."""
        line = opened.line
        me = line.actor.account_id or "reader"
        value = {"t": "welcome", "v": frames.VERSION, "beat_seconds": frames.BEAT_SECONDS, "me": me}
        line.replies.send(frames.text(value))
        for topic, after in topics:
            try:
                await line.listen(topic, after)
            except Refusal as refusal:
                line.refuse(refusal)

    async def leave(self, opened: OpenLine) -> None:
        """A connection has ended."""
        if self._open.pop(opened.presence.connection_id, None) is None:
            return
        presence = opened.presence
        who = (presence.kind, presence.subject_id)
        self._lines[who] -= 1
        if not self._lines[who]:
            del self._lines[who]
        with suppress(Refusal):  # the lease runs out by itself when the database is away
            for topic in list(opened.line.here):
                await opened.line.close_case(topic)
        if presence.kind == PAGE:
            return
        with suppress(Refusal):
            await connection_closed(self.ctx, presence.kind, presence.subject_id, presence.connection_id)

    async def beat(self) -> None:
        """Tell every client how far its topics are by the database, and do what falls due on open lines."""
        topics = self.hub.topics()
        await self.hub.beat(await self._numbers(topics))
        await self.receipts.flush()
        await learn_limit(self.ctx)
        now = self.ctx.clock.now()
        for opened in list(self._open.values()):
            opened.beats += 1
            if (
                opened.expires is not None
                and opened.expires - now < RENEW_BEFORE
                and opened.session is not None
            ):
                token, opened.expires = conversation_token(self.ctx, opened.line.actor, opened.session)
                value = {"t": "token", "token": token, "expires_at": frames.iso(opened.expires)}
                opened.line.replies.send(frames.text(value))
            if opened.known and opened.beats % RECHECK_BEATS == 0:
                await self._recheck(opened)

    async def run_beats(self, stop: asyncio.Event) -> None:
        """Beat until told to stop; a database that is away delays the beat and ends nothing."""
        outage = Outage(log, "beats are missed", "beats go on")
        with suppress(Exception):  # where the database is away, the first beat makes up for it
            await learn_limit(self.ctx)
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT)
                return
            try:
                await self.beat()
                outage.over()
            except Exception as error:  # the beat must outlive whatever the database does
                outage.lasts(error)

    async def goodbye(self) -> None:
        """The process goes: tell everybody to come back after a random while, then close."""
        self._closing = True
        await self.hub.broadcast(frames.text({"t": "bye", "code": 1012, "retry_ms": BYE_MS}))
        await self.hub.close_all(retry_after=(BYE_MS[0] / 1000, BYE_MS[1] / 1000))
        with suppress(Exception):
            await self.receipts.flush()

    @property
    def closing(self) -> bool:
        return self._closing

    async def messages_after(self, topic: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """What a topic's log holds after a number; a console's topic holds only its latest state."""
        match topic.split("/"):
            case ["chat", session_id]:
                events = await missing_events(self.ctx, session_id, "all", after, limit)
            case ["chat", session_id, "staff"]:
                events = await missing_events(self.ctx, session_id, "staff", after, limit)
            case ["order", order_id]:
                missing = await missing_order_events(self.ctx, order_id, after, limit)
                return [(change.event.number, frames.order_text(change)) for change in missing]
            case ["case", case_id, *staff]:
                lines = await missing_case_lines(self.ctx, case_id, after, limit, staff=bool(staff))
                return [(abs(line.number), frames.case_text(line)) for line in lines]
            case ["staff", staff_id]:
                version = await console_version(self.ctx, staff_id)
                frame = frames.text({"t": "duty", "version": version, "why": ""})
                return [(version, frame)] if version > after else []
            case _:
                return []
        return [(event.seq, frames.ev_text(event)) for event in events]

    async def _numbers(self, topics: list[str]) -> dict[str, int]:
        chats: dict[str, list[str]] = {}
        consoles: dict[str, str] = {}
        orders: list[str] = []
        cases: dict[str, list[str]] = {}
        for topic in topics:
            parts = topic.split("/")
            if parts[0] == "chat":
                chats.setdefault(parts[1], []).append(topic)
            elif parts[0] == "staff":
                consoles[parts[1]] = topic
            elif parts[0] == "order":
                orders.append(parts[1])
            elif parts[0] == "case":
                cases.setdefault(parts[1], []).append(topic)
        numbers: dict[str, int] = {}
        if chats:
            for session_id, (last, last_staff) in (await numbers_of(self.ctx, list(chats))).items():
                numbers |= {t: last_staff if t.endswith("/staff") else last for t in chats[session_id]}
        if orders:
            last_of = await order_numbers(self.ctx, orders)
            numbers |= {frames.order_topic(order_id): number for order_id, number in last_of.items()}
        if cases:
            for case_id, (last, last_staff) in (await last_case_numbers(self.ctx, list(cases))).items():
                numbers |= {t: last_staff if t.endswith("/staff") else last for t in cases[case_id]}
        if consoles:
            found = await console_versions(self.ctx, list(consoles))
            numbers |= {consoles[staff_id]: version for staff_id, version in found.items()}
        return numbers

    def _woken(self, word: str) -> None:
        kind, _, subject = word.partition("/")
        if kind == "crew":
            for opened in list(self._open.values()):
                if subject in opened.line.admissions:
                    self._chore(opened.line.crew_changed(subject))
        elif kind == "account":
            for opened in list(self._open.values()):
                if opened.known and opened.line.actor.reader_key == subject:
                    self._chore(self._recheck(opened))

    async def _recheck(self, opened: OpenLine) -> None:
        """Whoever is logged out, or has lost a role, hears nothing more on a line that began with it."""
        before = opened.line.actor
        if opened.cookie:
            actor = await resolve_actor(self.ctx, cookie=opened.cookie)
        else:
            actor = before if await still_stands(self.ctx, before) else NOBODY
        if actor.reader_key != before.reader_key or before.grants - actor.grants:
            known = actor.reader_key == before.reader_key
            refusal = NotAllowed() if known else NotAllowed("not_logged_in")
            opened.line.refuse(refusal)
            close = getattr(opened.line.replies, "close", None)
            if close is not None:
                close(way_of(refusal).close_code, refusal.code)
        opened.line.actor = actor

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:  # one line's trouble is nobody else's
                log.warning("line not brought up to date", error=repr(error))

        task = asyncio.get_running_loop().create_task(run())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
