"""The simulator's dialect as bytes: split, merged, damaged (docs/stack.md, promise 18)."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.domain.stack import (
    Answered,
    CommandKind,
    CommandState,
    EventKind,
    Garbage,
    Heard,
    Listed,
    Sign,
    StackCommand,
    StackEvent,
)
from stack_io.drivers.frames import MAX_BODY, frame
from stack_io.drivers.simulator import SimulatorDriver

EVENT: dict[str, Any] = {
    "t": "event",
    "e": "000001",
    "n": 7,
    "at": 1_790_000_000_000,
    "kind": "retrieved",
    "id": "c1",
    "item": "BK000001",
    "tote": "A01-L02-B003",
    "place": "station 1",
    "code": "",
}


def heard(*pieces: bytes) -> list[Heard]:
    driver = SimulatorDriver()
    return [each for piece in pieces for each in driver.feed(piece)]


def event(**changes: Any) -> bytes:
    return frame(EVENT | changes)


def test_a_frame_is_one_line_with_length_and_checksum() -> None:
    assert frame({"t": "ack", "e": "0001", "n": 7}) == b'@000028 7f8033af {"t":"ack","e":"0001","n":7}\n'


def test_an_event_says_all_it_holds() -> None:
    (said,) = heard(event())
    assert isinstance(said, StackEvent)
    assert (said.kind, said.epoch, said.sequence, said.command_id) == (EventKind.RETRIEVED, "000001", 7, "c1")
    assert (said.barcode, said.tote, said.place) == ("BK000001", "A01-L02-B003", "station 1")
    assert said.at is not None and said.at.timestamp() == 1_790_000_000
    assert json.loads(said.body) == EVENT


@given(st.lists(st.integers(1, 400), max_size=30), st.binary(max_size=40).filter(lambda b: b"\n" not in b))
def test_however_the_network_splits_and_merges_the_same_is_heard(cuts: list[int], noise: bytes) -> None:
    whole = event() + noise + event(n=8) + b"\n" + event(n=9, kind="moving")
    pieces, rest = [], whole
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert heard(*pieces, rest) == heard(whole)
    assert [each.sequence for each in heard(whole) if isinstance(each, StackEvent)] == [7, 8, 9]


@given(st.data())
def test_a_damaged_frame_costs_itself_and_nothing_after_it(data: st.DataObject) -> None:
    frames = [event(n=number) for number in (1, 2, 3)]
    at = data.draw(st.integers(0, len(frames[1]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != frames[1][at]))
    frames[1] = frames[1][:at] + bytes([byte]) + frames[1][at + 1 :]
    said = heard(b"".join(frames))
    numbers = [each.sequence for each in said if isinstance(each, StackEvent)]
    # Where the line feed itself is hit, the next frame is found within what has become one line.
    assert numbers == [1, 3]
    assert any(isinstance(each, Garbage) for each in said)


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_make_it_stumble(noise: bytes) -> None:
    driver = SimulatorDriver()
    driver.feed(noise)
    (said,) = [each for each in driver.feed(b"\n" + event()) if isinstance(each, StackEvent)]
    assert said.sequence == 7


def test_what_never_ends_is_cut_in_pieces_and_not_kept() -> None:
    driver = SimulatorDriver()
    found: list[Heard] = []
    for _ in range(100):
        found += driver.feed(b"x" * 10_000)
    assert len(driver._frames._rest) <= MAX_BODY + 18
    assert found and all(isinstance(each, Garbage) and len(each.body) <= 4000 for each in found)


def test_an_event_of_a_kind_that_nobody_knows_keeps_its_number() -> None:
    (said,) = heard(event(kind="self_test"))
    assert isinstance(said, StackEvent)
    assert (said.kind, said.code, said.sequence) == (EventKind.UNKNOWN, "self_test", 7)


def test_a_frame_of_a_sort_that_nobody_knows_is_an_unknown_event() -> None:
    (said,) = heard(frame({"t": "poem", "e": "000001", "n": 3, "lines": ["春眠不觉晓"]}))
    assert isinstance(said, StackEvent)
    assert (said.kind, said.sequence) == (EventKind.UNKNOWN, 3)


def test_a_half_right_event_is_garbage_with_its_number_so_that_it_can_be_acknowledged() -> None:
    for changes in ({"item": 7}, {"at": "noon"}, {"id": "x" * 301}):
        (said,) = heard(event(**changes))
        assert isinstance(said, Garbage), changes
        assert (said.epoch, said.sequence) == ("000001", 7)
        assert SimulatorDriver().acknowledge(said)


def test_an_event_without_a_number_is_garbage() -> None:
    for number in (None, 0, -1, "7", True, 2**60):
        (said,) = heard(event(n=number))
        assert isinstance(said, Garbage) and said.sequence is None, number


def test_signs_answers_and_pages_are_read() -> None:
    said = heard(
        frame({"t": "sign", "e": "000001", "n": 9, "at": 1_790_000_000_000, "picture": {"v": 1}}),
        frame({"t": "answer", "id": "c1", "state": None, "code": ""}),
        frame({"t": "answer", "id": "c1", "state": "done", "code": ""}),
        frame({"t": "items", "items": {"b": "t2", "a": "t1"}, "last": True}),
    )
    assert isinstance(said[0], Sign) and said[0].last_sequence == 9 and said[0].picture == '{"v":1}'
    assert said[1:3] == [Answered("c1", None), Answered("c1", CommandState.DONE)]
    assert said[3] == Listed({"a": "t1", "b": "t2"}, last=True)


def test_a_command_says_the_same_each_time() -> None:
    command = StackCommand("c1", CommandKind.RETRIEVE, "BK1", order_number="N1")
    assert SimulatorDriver().command(command) == SimulatorDriver().command(command)
