"""Whatever the bus does, a client gets the log, in order, once."""

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.live.subscription import Subscription


def caught_up(last: int = 0, held: int = 64) -> Subscription:
    sub = Subscription(last, held=held)
    sub.ask()
    assert list(sub.fill(last, [], done=True)) == []
    assert not sub.behind
    return sub


def test_the_next_number_is_sent_at_once() -> None:
    sub = caught_up(7)
    assert sub.receive(8, "h") == ("h",)
    assert sub.last == 8 and not sub.behind


def test_a_double_and_an_old_number_are_dropped() -> None:
    sub = caught_up(7)
    assert sub.receive(7, "g") == ()
    assert sub.receive(3, "c") == ()
    assert not sub.behind


def test_behind_a_gap_nothing_is_sent_until_the_log_has_told_what_is_missing() -> None:
    sub = caught_up(1)
    assert sub.receive(3, "c") == ()
    assert sub.behind
    assert list(sub.fill(1, [(2, "b")], done=True)) == ["b", "c"]
    assert not sub.behind


def test_a_gap_that_closes_by_itself_needs_no_answer() -> None:
    sub = caught_up(1)
    assert sub.receive(3, "c") == ()
    assert sub.receive(2, "b") == ("b", "c")
    assert not sub.behind


def test_a_lost_last_event_is_noticed_by_the_beat() -> None:
    sub = caught_up(4)
    assert sub.beat(4) is False
    assert sub.beat(5) is True
    assert list(sub.fill(4, [(5, "e")], done=True)) == ["e"]
    assert sub.beat(5) is False


def test_a_new_subscription_is_behind_until_the_log_says_that_there_is_no_more() -> None:
    sub = Subscription(0)
    assert sub.behind
    sub.ask()
    assert list(sub.fill(0, [(1, "a"), (2, "b")], done=False)) == ["a", "b"]
    assert sub.behind, "the page was full: there may be more"
    sub.ask()
    assert list(sub.fill(2, [], done=True)) == []
    assert not sub.behind


def test_an_answer_that_begins_beyond_what_was_sent_is_ignored() -> None:
    sub = Subscription(0)
    assert list(sub.fill(5, [(6, "f")], done=True)) == []
    assert sub.last == 0 and sub.behind


def test_who_takes_half_an_answer_is_still_behind() -> None:
    sub = Subscription(0)
    sub.ask()
    filling = sub.fill(0, [(1, "a"), (2, "b"), (3, "c")], done=True)
    assert next(filling) == "a"
    filling.close()
    assert sub.last == 1 and sub.behind


def test_a_number_that_the_log_does_not_know_is_not_waited_for() -> None:
    sub = caught_up(1)
    sub.receive(9, "never was")
    sub.ask()
    assert list(sub.fill(1, [], done=True)) == []
    assert not sub.behind
    assert sub.receive(2, "b") == ("b",)


def test_a_doubt_that_comes_up_during_a_question_needs_another() -> None:
    sub = caught_up(1)
    sub.doubt()
    sub.ask()
    sub.doubt()
    assert list(sub.fill(1, [], done=True)) == []
    assert sub.behind


def test_the_hold_is_bounded_and_the_log_brings_the_rest() -> None:
    sub = caught_up(0, held=2)
    for seq in (2, 3, 4, 5):
        sub.receive(seq, str(seq))
    assert list(sub.fill(0, [(1, "1")], done=False)) == ["1", "2", "3"]
    assert sub.behind
    assert list(sub.fill(3, [(4, "4"), (5, "5")], done=False)) == ["4", "5"]
    assert not sub.behind


def test_an_acknowledgement_stands_for_its_event_when_the_gap_before_it_has_closed() -> None:
    sub = caught_up(1)
    assert sub.acknowledge(3, "ack") == ()
    assert sub.receive(3, "c") == ()
    assert sub.receive(2, "b") == ("b", "ack")
    assert sub.receive(3, "c") == () and not sub.behind


def test_an_acknowledgement_after_its_event_is_not_swallowed() -> None:
    sub = caught_up(1)
    assert sub.receive(3, "c") == ()
    assert sub.acknowledge(3, "ack") == ("ack",)
    assert sub.receive(2, "b") == ("b", "c")


def test_an_acknowledgement_that_waits_no_longer_goes_before_its_event() -> None:
    sub = caught_up(1)
    assert sub.acknowledge(3, "ack") == ()
    assert sub.let_go() == ["ack"] and sub.let_go() == ()
    assert list(sub.fill(1, [(2, "b"), (3, "c")], done=True)) == ["b", "c"]


def test_a_gap_is_stuck_when_not_even_one_number_has_closed() -> None:
    sub = caught_up(1)
    sub.receive(4, "d")
    assert not sub.stuck() and sub.stuck()
    sub.receive(2, "b")
    assert not sub.stuck() and sub.stuck()
    assert sub.receive(3, "c") == ("c", "d")
    assert not sub.stuck() and not sub.stuck()


class DeliveryOverABadBus(RuleBasedStateMachine):
    """The bus drops, doubles and reorders; questions take time; clients stop half-way through an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self.bus: list[int] = []
        self.sent: list[str] = []
        self.posted: list[int] = []
        self.acks: list[int] = []  # as they came, whether or not in their turn
        self.question: tuple[int, int] | None = None  # after which number, how long the log was then

    @initialize(before=st.integers(0, 5), have=st.integers(0, 5), held=st.integers(0, 3))
    def subscribe(self, before: int, have: int, held: int) -> None:
        self.log = [f"m{n}" for n in range(1, before + 1)]
        self.first = min(before, have)
        self.sub = Subscription(self.first, held=held)

    @rule(lost=st.booleans())
    def publish(self, lost: bool) -> None:
        self.log.append(f"m{len(self.log) + 1}")
        if not lost:
            self.bus.append(len(self.log))

    @rule(lost=st.booleans())
    def post(self, lost: bool) -> None:
        """The client's own event: stored, acknowledged, and only then on the bus."""
        self.log.append(f"m{len(self.log) + 1}")
        seq = len(self.log)
        self.posted.append(seq)
        frames = self.sub.acknowledge(seq, f"a{seq}")
        self.take(frames, in_turn=self.sub.last >= seq)
        if not lost:
            self.bus.append(seq)

    @rule()
    def wait_no_longer(self) -> None:
        self.take(self.sub.let_go(), in_turn=False)

    def take(self, frames: Iterable[str], *, in_turn: bool = True) -> None:
        for frame in frames:
            if frame.startswith("a"):
                self.acks.append(int(frame[1:]))
            if in_turn:
                self.sent.append(f"m{frame[1:]}")

    @precondition(lambda self: self.bus)
    @rule(data=st.data(), double=st.booleans())
    def deliver(self, data: st.DataObject, double: bool) -> None:
        place = data.draw(st.integers(0, len(self.bus) - 1))
        seq = self.bus[place] if double else self.bus.pop(place)
        self.take(self.sub.receive(seq, self.log[seq - 1]))

    @rule()
    def beat(self) -> None:
        if self.sub.beat(len(self.log)):
            assert self.sub.behind

    @rule()
    def resync(self) -> None:
        self.sub.doubt()

    @precondition(lambda self: self.question is None and self.sub.behind)
    @rule()
    def ask(self) -> None:
        self.sub.ask()
        self.question = (self.sub.last, len(self.log))

    @precondition(lambda self: self.question is not None)
    @rule(data=st.data(), limit=st.integers(1, 4), taken=st.integers(0, 8))
    def answer(self, data: st.DataObject, limit: int, taken: int) -> None:
        assert self.question is not None
        after, length = self.question
        self.question = None
        length = data.draw(st.integers(length, len(self.log)))  # read at some moment since
        self.fill(after, length, limit, taken)

    @rule(data=st.data(), limit=st.integers(1, 4))
    def answer_to_another_client(self, data: st.DataObject, limit: int) -> None:
        after = data.draw(st.integers(0, len(self.log)))
        if self.question is None:
            self.fill(after, data.draw(st.integers(after, len(self.log))), limit, 100)

    def fill(self, after: int, length: int, limit: int, taken: int) -> None:
        page = [(seq, self.log[seq - 1]) for seq in range(after + 1, length + 1)][:limit]
        filling = self.sub.fill(after, page, len(page) < limit)
        for _, frame in zip(range(taken), filling, strict=False):
            self.take([frame])
        filling.close()

    @invariant()
    def what_was_sent_is_the_log_in_order_without_doubles(self) -> None:
        assert self.sent == self.log[self.first : self.first + len(self.sent)]
        assert self.sub.last == self.first + len(self.sent)

    @invariant()
    def an_acknowledgement_comes_once(self) -> None:
        assert len(set(self.acks)) == len(self.acks)

    def teardown(self) -> None:
        """After the next beat and its questions, nothing is missing."""
        self.sub.beat(len(self.log))
        for _ in range(len(self.log) + 2):
            if self.sub.behind:
                self.sub.ask()
                self.fill(self.sub.last, len(self.log), 4, 100)
        assert not self.sub.behind
        assert self.sent == self.log[self.first :]
        assert sorted(self.acks) == self.posted


TestDeliveryOverABadBus = DeliveryOverABadBus.TestCase
