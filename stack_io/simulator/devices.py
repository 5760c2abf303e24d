"""The device before the store: takes commands, counts events, answers questions. No I/O: it is fed and it speaks."""

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from server.domain.stack import SETTLING, CommandKind, CommandState, EventKind, StackCommand
from stack_io.drivers.frames import Cut, Frames, frame
from stack_io.simulator.journals import Journal, Known, Number
from stack_io.simulator.pictures import picture
from stack_io.simulator.plans import Habits, Plan
from stack_io.simulator.world import Happening, World

PAGE = 500
MOST_FRAMES = 2000  # that wait to be said; then the rest waits in the journal
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Device:
    """A simulated store with its memory, as whoever is connected to it sees it.

    ``connect`` when somebody dials in (who was connected before is not heard any more), ``feed`` with what they say,
    and ``speak`` every now and then: it lets time pass and returns what is to be said.
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        stock: Mapping[str, str],
        now: Callable[[], datetime],
        *,
        habits: Habits | None = None,
    ) -> None:
        self.plan, self.journal, self.habits = plan, journal, habits or Habits()
        self._now = now
        self._base = dict(stock)
        self._executed: dict[str, int] = {}
        self._at = now()
        self._start()

    def restart(self) -> None:
        """The power was cut: a new run with numbers from 1; commands that were not finished are begun anew."""
        self.journal.close()
        self._start()

    def connect(self) -> None:
        """Somebody dialled in; whatever they were not known to have is said again."""
        self._frames = Frames()
        self._out: deque[bytes] = deque()
        self._listing: list[str] = []
        self._said: dict[Number, datetime] = {}
        self._replaying: Iterator[bytes] = iter(())
        self._signed = _EPOCH

    def feed(self, data: bytes) -> None:
        """What the other side says. Nonsense is ignored."""
        for found in self._frames.feed(data):
            if isinstance(found, Cut):
                continue
            try:
                self._heard(json.loads(found))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue

    def speak(self) -> bytes:
        """Let time pass up to now; what is to be said."""
        now = self._now()
        seconds = (now - self._at).total_seconds()
        self._at = now
        self.world.advance(max(0.0, min(seconds, 60.0)) * self.plan.speed)
        self._say_events(now)
        for said in islice(self._replaying, MOST_FRAMES - min(len(self._out), MOST_FRAMES)):
            self._out.append(said)
        if (now - self._signed).total_seconds() >= self.habits.sign_seconds:
            self._signed = now
            self._out.append(frame({**self._sign(self.epoch, self._last), "picture": picture(self.world)}))
        said = b"".join(self._out)
        self._out.clear()
        return said

    @property
    def executed(self) -> dict[str, int]:
        """How often each command was set about: what "never twice" is checked by."""
        return self._executed

    def _start(self) -> None:
        self.epoch = self.journal.start()
        self._last = 0
        self._retrievals = 0
        stock = {b: t for b, t in {**self._base, **self.journal.stock}.items() if t}
        self.world = World(self.plan, stock, self._happened)
        self._at = self._now()
        self.connect()
        for known in list(self.journal.commands.values()):
            if known.state is CommandState.ACCEPTED and known.command.kind is not CommandKind.CANCEL:
                self.world.begin(known.command)

    def _heard(self, body: dict[str, Any]) -> None:
        match body["t"]:
            case "do":
                self._take(body)
            case "ack" if not self.habits.deaf:
                self.journal.acknowledged((body["e"], body["n"]))
                self._said.pop((body["e"], body["n"]), None)
            case "ask":
                known = self.journal.commands.get(body["id"])
                state, code = (str(known.state), known.code) if known else (None, "")
                self._out.append(frame({"t": "answer", "id": body["id"], "state": state, "code": code}))
            case "again":
                self._replaying = self._replay(str(body["e"]), int(body["after"]))
            case "list":
                self._list(str(body["after"]))

    def _take(self, body: dict[str, Any]) -> None:
        command = StackCommand(
            str(body["id"]),
            CommandKind(body["kind"]),
            str(body["item"]),
            str(body["tote"]),
            str(body["of"]),
            int(body["prio"]),
            str(body["order"]),
        )
        known = self.journal.commands.get(command.id)
        if known is not None and not self.habits.forgetful:
            self._repeat(known)
            return
        self._executed[command.id] = self._executed.get(command.id, 0) + 1
        with self.journal.whole():
            self.journal.know(command)
            self._happened(Happening(EventKind.ACCEPTED, command.id, command.barcode))
            if command.kind is CommandKind.CANCEL:
                self._withdraw(command)
            else:
                self.world.begin(command)

    def _withdraw(self, command: StackCommand) -> None:
        """A cancellation is settled at once, one way or the other."""
        if command.target_id in self.journal.commands and self.world.withdraw(command.target_id):
            self._happened(Happening(EventKind.CANCELLED, command.id, command.barcode))
        else:
            self._happened(Happening(EventKind.REJECTED, command.id, command.barcode, code="too_late"))

    def _repeat(self, known: Known) -> None:
        """A command that is known already: not done again, only what is known of it is said again.

        What was acknowledged was kept; so the last event of it comes once more, under its old number.
        """
        for number, body in reversed(self.journal.events.items()):
            if body["id"] == known.command.id:
                self._said.pop(number, None)
                self._out.append(frame(body))
                return

    def _happened(self, what: Happening) -> None:
        """Something happened in the store: it gets its number, is kept with what it changes, and will be said."""
        with self.journal.whole():
            if what.kind in SETTLING:
                self.journal.settle(what.command_id, SETTLING[what.kind], what.code)
            if what.kind is EventKind.RETRIEVED or (what.kind is EventKind.NOT_FOUND and what.place):
                self.journal.moved(what.barcode, "")
            elif what.kind is EventKind.PUT_AWAY:
                self.journal.moved(what.barcode, what.tote)
            self._count(self._body(what))
            if self.habits.unknown_every and self._last % self.habits.unknown_every == 0:
                self._count(self._body(what) | {"kind": "self_test"})

    def _count(self, body: dict[str, Any]) -> None:
        self._last += 1
        self.journal.tell((self.epoch, self._last), body | {"n": self._last})

    def _body(self, what: Happening) -> dict[str, Any]:
        barcode = what.barcode
        if what.kind is EventKind.RETRIEVED:
            self._retrievals += 1
            if self.habits.wrong_item_every and self._retrievals % self.habits.wrong_item_every == 0:
                barcode = "X" + barcode
        return {
            "t": "event",
            "e": self.epoch,
            "n": 0,
            "at": self._milliseconds(),
            "kind": str(what.kind),
            "id": what.command_id,
            "item": barcode,
            "tote": what.tote,
            "place": what.place,
            "code": what.code,
        }

    def _say_events(self, now: datetime) -> None:
        """What nobody has acknowledged: first in its order, and again when it took too long."""
        for number in islice(self.journal.waiting, self.habits.window):
            said = self._said.get(number)
            if said is None or (now - said).total_seconds() >= self.habits.resend_seconds:
                if len(self._out) >= MOST_FRAMES:
                    return
                self._said[number] = now
                self._out.append(frame(self.journal.events[number]))
                if self.habits.second_body_every and number[1] % self.habits.second_body_every == 0:
                    self._out.append(frame({**self.journal.events[number], "place": "elsewhere"}))

    def _replay(self, epoch: str, after: int) -> Iterator[bytes]:
        numbers = [number for number in self.journal.events if number[0] == epoch and number[1] > after]
        for number in numbers:
            yield frame(self.journal.events[number])
        yield frame(self._sign(epoch, self.journal.last_of(epoch)))

    def _list(self, after: str) -> None:
        """A page of what is inside, in the order of barcodes."""
        if not after:
            self._listing = sorted(self.world.stock)
        start = bisect_right(self._listing, after)
        inside = self.world.stock
        items = {code: inside[code] for code in self._listing[start : start + PAGE] if code in inside}
        # Where a whole page has gone meanwhile, the next one stands for it: an empty page would lead nowhere.
        while not items and start + PAGE < len(self._listing):
            start += PAGE
            items = {code: inside[code] for code in self._listing[start : start + PAGE] if code in inside}
        self._out.append(frame({"t": "items", "items": items, "last": start + PAGE >= len(self._listing)}))

    def _sign(self, epoch: str, last: int) -> dict[str, Any]:
        return {"t": "sign", "e": epoch, "n": last, "at": self._milliseconds()}

    def _milliseconds(self) -> int:
        at = self._now() + timedelta(seconds=self.habits.clock_offset)
        return (at - _EPOCH) // timedelta(milliseconds=1)
