"""What waits for other processes is bounded, and nothing is dropped in silence."""

from server.live.bus import Envelope
from server.live.outgoing import BATCH_CHARS, BATCH_ENVELOPES, Outgoing


def envelopes(count: int, frame: str = "x") -> list[Envelope]:
    return [Envelope("t", n, frame) for n in range(1, count + 1)]


def fill(outgoing: Outgoing, some: list[Envelope]) -> Outgoing:
    for envelope in some:
        outgoing.put(envelope)
    return outgoing


def test_what_is_put_is_taken_in_order_in_messages_of_bounded_size() -> None:
    some = envelopes(BATCH_ENVELOPES + 1)
    outgoing = fill(Outgoing(), some)
    assert outgoing.take() + outgoing.take() == some
    assert not outgoing and outgoing.take() == []
    outgoing = fill(Outgoing(), envelopes(3, "x" * BATCH_CHARS))
    assert [len(outgoing.take()) for _ in range(4)] == [1, 1, 1, 0]


def test_the_oldest_make_room_and_are_counted() -> None:
    outgoing = fill(Outgoing(envelopes=3), envelopes(5))
    assert [one.seq for one in outgoing.take()] == [3, 4, 5]
    assert outgoing.dropped == 2
    outgoing = fill(Outgoing(chars=10), envelopes(5, "xxxx"))
    assert [one.seq for one in outgoing.take()] == [4, 5]
    assert outgoing.dropped == 3


def test_what_was_not_sent_is_next_again() -> None:
    some = envelopes(4)
    outgoing = fill(Outgoing(), some[:3])
    batch = outgoing.take()
    outgoing.put(some[3])
    outgoing.put_back(batch)
    assert outgoing.take() == some and outgoing.dropped == 0
