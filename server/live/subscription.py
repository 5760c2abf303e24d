"""What one client has of one topic, and what to do with the next thing that arrives. No I/O, no clock."""

from collections.abc import Iterator, Sequence


class Subscription:
    """The gap logic: however the bus loses, doubles and reorders, a client gets the log, in order, once.

    ``last`` is the highest number that was sent; everything up to it was. Give what the bus brings to
    `receive`, what the database answers to `fill`, the database's last number to `beat`; while `behind`,
    the log has to be asked for what comes after ``last``. Asking twice, or for more than is missing, is
    harmless.
    """

    __slots__ = ("_asked", "_held", "_known", "_owed", "_seen", "_unsure", "last", "limit")

    def __init__(self, last: int, *, held: int = 64) -> None:
        self.last = last
        self.limit = held
        self._known = last  # the highest number that is said to exist
        self._unsure = True  # what came before the subscription began is known to the log alone
        self._asked = -1  # what was known when the running question was put; -1: it is not for us
        self._held: dict[int, str] | None = None
        self._owed: set[int] | None = None  # numbers of the acknowledgements among what is held
        self._seen = -1  # what was sent when `stuck` was asked last

    @property
    def behind(self) -> bool:
        """Whether there is, or may be, something in the log that was not sent."""
        return self._unsure or self._known > self.last

    def receive(self, seq: int, frame: str) -> Sequence[str]:
        """The frames to send now that the bus has brought ``seq``: none for a double or behind a gap."""
        if seq == self.last + 1:
            self.last = seq
            return (frame,) if self._held is None else (self._held.pop(seq, frame), *self._release())
        if seq > self.last:
            self._hold(seq, frame)
        return ()

    def acknowledge(self, seq: int, ack: str) -> Sequence[str]:
        """The frames to send now that the client's own event ``seq`` is stored.

        ``ack`` stands for the event, and like it waits for its turn behind a gap that the bus will close in a
        moment. It goes at once, and the event comes as well, while the client catches up with the log, where the
        event is held already, or where too much is.
        """
        if seq == self.last + 1:
            return self.receive(seq, ack)
        if seq <= self.last or self._unsure or seq in (self._held or ()) or not self._hold(seq, ack):
            self.beat(seq)
            return (ack,)
        if self._owed is None:
            self._owed = set()
        self._owed.add(seq)
        return ()

    def let_go(self) -> Sequence[str]:
        """The acknowledgements that wait for their turn, to be sent without it; their events come when it is theirs."""
        owed, self._owed, held = self._owed, None, self._held
        return [held.pop(seq) for seq in sorted(owed) if seq in held] if owed and held else ()

    def stuck(self) -> bool:
        """Whether the client lacks the very same as when this was asked before."""
        seen, self._seen = self._seen, self.last
        return self.behind and seen == self.last

    def beat(self, number: int) -> bool:
        """Hear the topic's last number as the database has it; True if something is missing."""
        if number > self._known:
            self._known = number
        return self._unsure or self._known > self.last

    def doubt(self) -> None:
        """The bus may have lost something: only the log can tell, and only if asked from now on."""
        self._unsure = True
        self._asked = -1

    def ask(self) -> None:
        """Take part in a question to the log that begins now, for what comes after ``last``."""
        self._asked = max(self._known, self.last)

    def fill(self, after: int, page: Sequence[tuple[int, str]], done: bool) -> Iterator[str]:
        """The frames to send now that the log has told what comes after ``after``, in order.

        Each counts as sent when it is taken; whoever stops half-way is still behind and asks again.
        ``done`` says that there was no more when the log was asked. A page that begins beyond what was sent
        is ignored.
        """
        asked, self._asked = self._asked, -1
        if after <= self.last:
            for seq, frame in page:
                if seq > self.last:
                    self.last = seq  # the log is the truth: a number that it lacks is not waited for
                    yield frame if self._held is None else self._held.pop(seq, frame)
            yield from self._release()
            if done and asked >= 0:
                self._unsure = False
                if self._known <= asked:  # the bus spoke of something that never was
                    self._known = self.last
                    self._held = self._owed = None

    def _hold(self, seq: int, frame: str) -> bool:
        """Keep a frame until its turn; the first of a number stays. False where there is no room."""
        if seq > self._known:
            self._known = seq
        if self._held is None:
            self._held = {}
        if len(self._held) >= self.limit:
            return False
        self._held.setdefault(seq, frame)
        return True

    def _release(self) -> Iterator[str]:
        """What was held and is next in turn by now."""
        held = self._held
        while held:
            frame = held.pop(self.last + 1, None)
            if frame is None:
                break
            self.last += 1
            yield frame
        if held is not None:
            for seq in [seq for seq in held if seq <= self.last]:
                del held[seq]
            if not held:
                self._held = self._owed = None
