"""How much delivery keeps and how long it waits: every bound of this room in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in frames or characters, times in seconds."""

    queue_frames: int = 128  # what waits for a client that does not read, beside the transport's own 64 KiB
    queue_chars: int = 256 * 1024
    write_deadline: float = 10.0  # a client that takes nothing for so long is closed
    held: int = 64  # envelopes kept behind a gap; more would be fetched again anyway
    page: int = 100  # messages asked of the database at once
    asks: int = 8  # questions to the database at once, so that a storm of clients is none for it
    gap_patience: float = 0.1  # for what the bus brings a moment later; at most twice that
    ask_deadline: float = 5.0
    ask_again: tuple[float, float] = (0.5, 1.5)  # after a question that failed
    slice: int = 200  # frames between two yields to the loop: about 4 ms of work
    backlog: int = 1000  # envelopes of a crowded topic that wait for their slices
    resync_spread: float = 2.0  # over which all topics are asked for again
