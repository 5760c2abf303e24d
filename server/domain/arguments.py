"""Numbers as people type them at a command line. Each function raises ValueError for what is none of its kind."""


def port_number(text: str) -> int:
    """A port; 0 takes a free one."""
    return _within(int(text), 0, 65_535)


def one_or_more(text: str) -> int:
    """A number of things of which there must be one."""
    return _within(int(text), 1, 1_000_000)


def none_or_more(text: str) -> int:
    """A number of things of which there may be none."""
    return _within(int(text), 0, 1_000_000)


def above_nothing(text: str) -> float:
    """A factor by which something goes on, however slowly."""
    factor = float(text)
    if not 0 < factor <= 1_000_000:  # also for what is no number at all (nan)
        raise ValueError
    return factor


def _within(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise ValueError
    return number
