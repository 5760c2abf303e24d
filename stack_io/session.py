"""One connection's conversation: what is read is kept, then acknowledged; what is due is said; gaps are asked for."""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from server.actions.stack_events import (
    MOST,
    Kept,
    events_from_answers,
    record_apart,
    record_events,
    record_lost,
)
from server.actions.stack_outbox import CommandRow
from server.domain.errors import Unavailable
from server.domain.stack import Answered, CommandState, Garbage, Heard, Listed, Sign, StackEvent
from server.domain.stack_outbox import Step, next_step
from stack_io.known import Known
from stack_io.link import Link, LinkLost
from stack_io.listing import Listing

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK = 0.5  # seconds: the net below every hint
MOST_HEARD = 1000  # read and not yet kept; then nothing more is read until some of it is
MOST_NONSENSE = 500  # in one connection: then it is no conversation any more
MOST_COMMANDS = 100  # at a time
ACCEPTED_SECONDS = 300.0  # then a device is asked what became of a command
RETRIES = (0.1, 0.5, 2.0)
DEAF = 2.0  # so many times as long as silence may last, our words may stay without an answer
_NO_COMMAND = "-"  # is asked about where only an answer is wanted
GAP_SECONDS = 1.0  # what is only late is not asked for
GAP_ASKS = 6  # then what never came is given up, visibly


class Session:
    """Speaks over one link until it is lost; ``run`` ends by an exception only."""

    def __init__(self, known: Known, link: Link) -> None:
        self._known, self._link, self._driver = known, link, link.driver
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(MOST_HEARD)
        self._listing = Listing(known, link)
        self._nonsense = 0
        self._not_listening = 0  # lines that are not read because there is no room
        self._asked: set[str] = set()  # commands with a question that waits for its answer
        self._not_done: set[str] = set()  # what the device has just denied to know
        # Of each command the questions without an answer: whether it has not been sent since, so that "no" proves it.
        self._questions: defaultdict[str, deque[bool]] = defaultdict(deque)
        self._spoken: set[str] = (
            set()
        )  # commands that we have sent or asked about; what comes of one shows it hears
        self._unheard_since: float | None = None  # the first of these words that nothing has followed
        self._probed_at = 0.0
        self._gap: tuple[str, int] | None = None
        self._gap_asks, self._gap_at = 0, 0.0

    async def run(self) -> None:
        """Everybody listens before the first word is said."""
        async with asyncio.TaskGroup() as tasks:
            for line in range(self._driver.traits.lines):
                tasks.create_task(self._listen(line))
            tasks.create_task(self._keep())
            await self._link.greet()
            await self._known.outbox.look_at_once()
            tasks.create_task(self._talk())
            tasks.create_task(self._live())
            if self._driver.traits.lists:
                tasks.create_task(self._listing.run())

    async def _listen(self, line: int) -> None:
        while True:
            for heard in self._driver.feed(await self._link.read(line), line):
                match heard:
                    case Sign():
                        self._known.sign(heard)
                        await self._link.say(heard.answer)
                    case Listed():
                        self._listing.hear(heard)
                    case _:
                        self._known.alive()
                        if not isinstance(heard, Garbage) and heard.command_id in self._spoken:
                            self._spoken.discard(heard.command_id)
                            self._unheard_since = None
                        await self._hold(heard)

    async def _hold(self, heard: Heard) -> None:
        """Keep it until it is durable. While there is no room nothing is read, and silence is our own."""
        if not self._heard.full():
            self._heard.put_nowait(heard)
            return
        self._not_listening += 1
        await self._heard.put(heard)
        self._not_listening -= 1
        self._link.listen_anew()

    async def _live(self) -> None:
        """Show that we live, and notice when the other side does not, or speaks and does not hear."""
        loop, patience = asyncio.get_running_loop(), self._driver.traits.offline_seconds
        while True:
            if self._link.silence > patience and not self._not_listening:
                raise LinkLost(f"nothing was heard for {self._link.silence:.0f} s")
            if self._unheard_since is not None and loop.time() - self._unheard_since > DEAF * patience:
                raise LinkLost("it does not hear us")
            await self._link.beat()
            await asyncio.sleep(LOOK)

    async def _keep(self) -> None:
        """What was read becomes durable, all of it at once, and only then is acknowledged, in the device's order."""
        while True:
            batch = [await self._heard.get()]
            while len(batch) < MOST and not self._heard.empty():
                batch.append(self._heard.get_nowait())
            said = [each for each in batch if isinstance(each, StackEvent | Garbage)]
            answers = [each for each in batch if isinstance(each, Answered)]
            if answers:
                said += await self._take_answers(answers)
            if said:
                await self._record(sorted(said, key=lambda each: (each.epoch, each.sequence or 0)))

    async def _record(self, said: Sequence[Kept]) -> None:
        known, counts = self._known, self._known.counts
        for each in said:
            if isinstance(each, StackEvent):
                self._answered(each.command_id)
        self._nonsense += sum(isinstance(each, Garbage) for each in said)
        if self._nonsense > MOST_NONSENSE:
            raise LinkLost("it talks nonsense")
        mark = (counts.epoch, counts.mark) if counts.epoch else None
        try:
            done = await _patiently(
                lambda: record_events(
                    known.ctx, known.device.id, said, watermark=mark, accepted_seconds=ACCEPTED_SECONDS
                )
            )
        except Unavailable:
            raise
        except Exception as error:  # whatever is wrong with one of them must not stop a whole store
            log.warning("stack %s: a batch failed, each is kept by itself: %r", known.device.name, error)
            done = await record_apart(known.ctx, known.device.id, said, accepted_seconds=ACCEPTED_SECONDS)
        for each in said:
            if each.sequence is not None:
                counts.kept(each.epoch, each.sequence)
        await self._link.say(*(self._driver.acknowledge(each) for each in said))
        if not done.fresh:
            await self._probe()

    async def _probe(self) -> None:
        """It says what we have acknowledged again: ask it anything, to see whether it hears us at all."""
        now, traits = asyncio.get_running_loop().time(), self._driver.traits
        if traits.answers and now - self._probed_at >= traits.offline_seconds:
            self._probed_at = now
            self._expect(_NO_COMMAND)
            await self._link.say(self._driver.ask(_NO_COMMAND))

    def _expect(self, *command_ids: str) -> None:
        """Something must come of these words."""
        self._spoken.update(command_ids)
        self._unheard_since = self._unheard_since or asyncio.get_running_loop().time()

    async def _take_answers(self, answers: Sequence[Answered]) -> list[StackEvent]:
        """What the device says of commands that it was asked about; ends that we have not heard of become events."""
        known = self._known
        answers = [each for each in answers if each.command_id != _NO_COMMAND]
        for each in answers:
            self._answered(each.command_id)
        unknown = [
            each.command_id for each in answers if self._proves(each.command_id) and each.state is None
        ]
        under_way = [each.command_id for each in answers if each.state is CommandState.ACCEPTED]
        self._not_done.update(unknown)
        if unknown:
            await known.outbox.look_later(unknown, 0.0)
            known.wake.set()
        if under_way:
            await known.outbox.accepted(under_way, ACCEPTED_SECONDS)
        return await events_from_answers(known.ctx, known.device.id, answers)

    def _answered(self, command_id: str) -> None:
        self._asked.discard(command_id)
        self._known.unanswered.pop(command_id, None)

    def _proves(self, command_id: str) -> bool:
        """Whether this answer was asked for after the command was sent last: answers come in the questions' order."""
        questions = self._questions.get(command_id)
        if not questions:
            return False  # it came twice
        proves = questions.popleft()
        if not questions:
            del self._questions[command_id]
        return proves

    async def _talk(self) -> None:
        """Say what is due, whenever somebody wakes us or a moment has passed."""
        known = self._known
        while True:
            known.wake.clear()
            if not known.device.paused:
                await self._command()
            if self._driver.traits.counts:
                await self._ask_for_gap()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await known.wake.wait()

    async def _command(self) -> None:
        """Send, send again, ask about, or give to people what is due."""
        known, traits = self._known, self._driver.traits
        steps: dict[Step, list[CommandRow]] = {step: [] for step in Step}
        for command in await known.outbox.due(limit=MOST_COMMANDS):
            if command.id in self._asked:  # a connection that broke off is no unanswered question
                self._asked.discard(command.id)
                known.unanswered[command.id] = known.unanswered.get(command.id, 0) + 1
            step = next_step(
                command.state,
                honours_ids=traits.honours_ids,
                answers=traits.answers,
                not_done=command.id in self._not_done,
                asked=known.unanswered.get(command.id, 0),
            )
            steps[step].append(command)
        sent = await known.outbox.take(steps[Step.SEND]) if steps[Step.SEND] else []
        for told in sent:
            self._not_done.discard(told.id)
            if told.id in self._questions:
                self._questions[told.id] = deque([False] * len(self._questions[told.id]))
        await self._link.say(*(self._driver.command(command) for command in sent))
        asked = [command.id for command in steps[Step.ASK]]
        if sent or asked:
            known.wake.set()  # there may be more than one handful
            self._expect(*(command.id for command in sent), *asked)
        if asked:
            self._asked.update(asked)
            for command_id in asked:
                self._questions[command_id].append(True)
            await known.outbox.look_later(asked, traits.answer_seconds)
            await self._link.say(*(self._driver.ask(command_id) for command_id in asked))
        if steps[Step.WAIT]:
            await known.outbox.look_later([command.id for command in steps[Step.WAIT]], ACCEPTED_SECONDS)
        await known.outbox.give_up(steps[Step.GIVE_UP])
        for command in steps[Step.GIVE_UP]:
            self._answered(command.id)

    async def _ask_for_gap(self) -> None:
        """What is missing is asked for when it is not merely late, ever more rarely, and at last given up."""
        counts, now = self._known.counts, asyncio.get_running_loop().time()
        gap = counts.gap
        if gap is None or gap != self._gap:
            self._gap, self._gap_asks = gap, 0
            self._gap_at = now + GAP_SECONDS
        elif now >= self._gap_at and self._gap_asks < GAP_ASKS:
            self._gap_asks += 1
            self._gap_at = now + GAP_SECONDS * 2.0**self._gap_asks
            await self._link.say(self._driver.replay(*gap))
        elif now >= self._gap_at:
            self._gap = None
            if lost := counts.give_up():
                await record_lost(self._known.ctx, self._known.device.id, lost[0], lost[1:])


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do it once more after a short interruption; a long one ends the connection, and the device says it all again."""
    for pause in RETRIES:
        try:
            return await work()
        except Unavailable:
            await asyncio.sleep(pause)
    return await work()
