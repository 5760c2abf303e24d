"""What a client may say over a line, whatever carries it: socket, or event stream with POST."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from server.actions.access import Admission, access_case, access_order, access_store
from server.actions.case_presence import Here, arrive, depart
from server.actions.chat import Posted, Receipts, post_message, post_note, post_soon, readmit, show_typing
from server.actions.conversations import enter_conversation, numbers_of, watermarks_of
from server.actions.stack import access_device
from server.api.limits import Limiter
from server.context import Context
from server.domain.errors import Invalid, NotAllowed, NotFound, Refusal, TooMany, Unavailable
from server.domain.permissions import Actor, Verb, may
from server.wire import frames
from server.wire.outcomes import error_value
from server.words.catalogue import say

MAX_TOPICS = 64  # of one connection: a librarian holds a handful, a board one more
_LIGHT = 0.1  # of a message: what a frame weighs that stores nothing, over all lines of one person


class Replies(Protocol):
    """Where a line's answers go, and which topics it hears: the hub's `Client`, or a POST's collecting stand-in."""

    def send(self, frame: str, ephemeral: bool = False) -> None: ...

    def acknowledge(self, topic: str, seq: int, frame: str) -> None: ...

    def subscribe(self, topic: str, after: int = 0) -> None: ...

    def unsubscribe(self, topic: str) -> None: ...


class Line:
    """One client's side of the protocol: parse → one action → answer. A bad frame hurts nobody but itself."""

    def __init__(
        self, ctx: Context, actor: Actor, replies: Replies, receipts: Receipts, limiter: Limiter
    ) -> None:
        self.ctx = ctx
        self.actor = actor
        self.language = actor.language
        self.replies = replies
        self.admissions: dict[str, Admission] = {}
        self.topics: set[str] = set()
        self.here: dict[str, Here] = {}  # cases that are open on this line, by topic
        self._receipts = receipts
        self._limiter = limiter

    async def hear(self, frame: frames.ClientFrame) -> None:
        """Do what a frame asks; what cannot be done is answered by an ``err`` frame that names why."""
        try:
            if type(frame) is not frames.Post:
                self._limiter.demand("", self.actor.account_id or self.actor.reader_key, _LIGHT)
            match frame:
                case frames.Post():
                    await self._post(frame)
                case frames.Receipt():
                    admission = await self._admission(frame.session)
                    self._receipts.move(admission, delivered=frame.delivered, read=frame.read)
                case frames.Typing():
                    show_typing(self.ctx, await self._admission(frame.session))
                case frames.Sub():
                    await self.listen(frame.topic, frame.after)
                case frames.Unsub():
                    self.drop(frame.topic)
                    await self.close_case(frame.topic)
                case frames.Note():
                    await self._note(frame)
                case frames.Ping():
                    self.replies.send(frames.text({"t": "pong", "n": frame.n}))
                case _:
                    raise Invalid("frame_unexpected", "frame")
        except Refusal as refusal:
            self.refuse(refusal, getattr(frame, "id", ""))
        except TimeoutError:
            self.refuse(Unavailable(), getattr(frame, "id", ""))

    def post_soon(self, frame: frames.Post, done: Callable[[bool], None]) -> bool:
        """Store and acknowledge a message without a task, as nearly all can be; False: this one needs `hear`.

        ``done`` is called when it is answered, with False when it needs `hear` after all. Raises Refusal.
        """
        admission = self.admissions.get(frame.session)
        if admission is None or not admission.settled:
            return False
        self._limiter.demand(admission.session_id, admission.key)
        then = partial(self._posted, frame.id, admission, done)
        post_soon(self.ctx, admission, client_id=frame.id, text=frame.text, then=then)
        return True

    def refuse(self, refusal: Refusal, client_id: str = "") -> None:
        """Answer with the refusal, in the reader's language."""
        value = {"t": "err", "id": client_id, **error_value(refusal, say(refusal, self.language))}
        self.replies.send(frames.text(value))

    async def listen(self, topic: str, after: int) -> None:
        """Hear a topic from a number on, if the actor may. Raises NotFound, NotAllowed, TooMany."""
        if topic not in self.topics and len(self.topics) >= MAX_TOPICS:
            raise TooMany("too_many_topics", limit=MAX_TOPICS)
        subbed: dict[str, object] = {"t": "subbed", "topic": topic, "after": after}
        match topic.split("/"):
            case ["chat", session_id]:
                await self._admission(session_id)
                subbed["last"] = await self._last(session_id)
            case ["chat", session_id, "staff"]:
                if not (await self._admission(session_id)).staff:
                    raise NotFound("topic_not_found")
                subbed["last"] = await self._last(session_id, staff=True)
            case ["staff", account_id] if account_id == self.actor.account_id and self.actor.is_staff:
                pass
            case ["pool"] if may(self.actor, Verb.WATCH_POOL):
                pass
            case ["order", order_id]:
                order = await access_order(self.ctx.db.read, self.actor, order_id, Verb.READ_ORDER)
                subbed["last"] = order.events
            case ["loans", store_id]:
                await access_store(self.ctx.db.read, self.actor, store_id, Verb.WORK_STORE)
            case ["stack", device_id]:
                await access_device(self.ctx.db.read, self.actor, device_id, Verb.WATCH_STACK)
            case ["case", case_id]:
                if topic not in self.here:
                    self.here[topic] = await arrive(self.ctx, self.actor, case_id)
                subbed["last"] = self.here[topic].last
            case ["case", case_id, "staff"]:
                await access_case(self.ctx.db.read, self.actor, case_id, Verb.WORK_CASE)
            case ["cases"] if may(self.actor, Verb.WATCH_CASES):
                pass
            case ["review"] if may(self.actor, Verb.REVIEW_ORDER):
                pass
            case ["notices"]:
                pass
            case ["board"] if may(self.actor, Verb.WATCH_BOARD):
                pass
            case _:
                raise NotFound("topic_not_found")
        self.topics.add(topic)
        chat = topic.count("/") == 1 and topic.startswith("chat/")
        if chat and not self.actor.is_staff:
            self.replies.subscribe("notices")  # first: who reads `subbed` misses no suspension (R-LOAN.10)
        self.replies.send(frames.text(subbed))
        self.replies.subscribe(topic, after)
        if chat:
            await self._show_watermarks(topic.partition("/")[2])

    def drop(self, topic: str) -> None:
        """Hear a topic no longer."""
        self.topics.discard(topic)
        self.replies.unsubscribe(topic)

    async def close_case(self, topic: str) -> None:
        """The case of this topic is no longer open on this line."""
        if (here := self.here.pop(topic, None)) is not None:
            await depart(self.ctx, here)

    async def crew_changed(self, session_id: str) -> None:
        """Look again whether the actor may still listen and write; who may not is told and hears no more."""
        admission = self.admissions.get(session_id)
        if admission is None:
            return
        try:
            await readmit(self.ctx, self.actor, admission)
        except NotFound:
            self.admissions.pop(session_id, None)
            for topic in [t for t in self.topics if t.startswith(f"chat/{session_id}")]:
                self.drop(topic)
                self.replies.send(frames.text({"t": "unsubbed", "topic": topic}))

    async def _show_watermarks(self, session_id: str) -> None:
        """Receipts have no numbers: who begins to listen is told how far the others have come."""
        for moved in await watermarks_of(self.ctx, session_id):
            _, frame = frames.passing(moved) or ("", {})
            self.replies.send(frames.text(frame), ephemeral=True)

    async def _last(self, session_id: str, *, staff: bool = False) -> int:
        """The last number by the database: with it a client knows that it is current before the first beat."""
        return (await numbers_of(self.ctx, [session_id])).get(session_id, (0, 0))[staff]

    async def _post(self, frame: frames.Post) -> None:
        admission = self.admissions.get(frame.session) or await self._admission(frame.session)
        self._limiter.demand(admission.session_id, admission.key)
        await post_message(
            self.ctx, self.actor, admission, client_id=frame.id, text=frame.text, on_stored=self._acknowledge
        )

    async def _note(self, frame: frames.Note) -> None:
        admission = await self._admission(frame.session)
        self._limiter.demand(admission.session_id, admission.key)
        posted = await post_note(self.ctx, admission, client_id=frame.id, text=frame.text)
        self.replies.send(_ack(posted))

    def _posted(
        self, client_id: str, admission: Admission, done: Callable[[bool], None], posted: Posted | Exception
    ) -> None:
        if isinstance(posted, Unavailable):
            self.refuse(posted, client_id)
            done(True)
        elif isinstance(posted, Exception):
            self._limiter.demand(admission.session_id, admission.key, -1)  # `hear` counts it
            done(False)
        else:
            self._acknowledge(posted)
            done(True)

    def _acknowledge(self, posted: Posted) -> None:
        if posted.again:
            self.replies.send(_ack(posted))
        else:
            event = posted.event
            self.replies.acknowledge(frames.chat_topic(event.session_id), event.seq, _ack(posted))

    async def _admission(self, session_id: str) -> Admission:
        known = self.admissions.get(session_id)
        if known is None:
            async with asyncio.timeout(10):
                known = await enter_conversation(self.ctx, self.actor, session_id)
            self.admissions[session_id] = known
        return known


class Collected:
    """A POST's answers: the frames that the line would have sent."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    def send(self, frame: str, ephemeral: bool = False) -> None:
        self.frames.append(frame)

    def acknowledge(self, topic: str, seq: int, frame: str) -> None:
        self.frames.append(frame)

    def subscribe(self, topic: str, after: int = 0) -> None:
        raise NotAllowed("frame_unexpected")

    def unsubscribe(self, topic: str) -> None:
        raise NotAllowed("frame_unexpected")


MakeLine = Callable[[Actor, Replies], Line]


def _ack(posted: Posted) -> str:
    event = posted.event
    return frames.ack_text(event.client_id, event.session_id, event.seq, frames.iso(event.at), posted.again)
