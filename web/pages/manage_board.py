"""The managers' live board: drawn by the server, kept fresh in place."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from server.actions.boards import own_library, show_board
from server.actions.desks import zone_of
from server.domain.boards import Board
from server.domain.permissions import Verb, may
from web.pages.base import Page, PageRequest
from web.pages.managing import show

OPENING_HOUR = 8  # the plot begins here unless somebody came earlier


@dataclass(frozen=True, slots=True)
class Hours:
    """The day's hours as two series for a plot."""

    labels: list[str]
    sessions: list[int]
    answered: list[int]


async def board(page: PageRequest) -> Response:
    """The whole screen."""
    return show(page, "manage_board.html", **await _values(page))


async def parts(page: PageRequest) -> Response:
    """What moves on it, as one fragment."""
    return page.render("manage_board_parts.html", **await _values(page))


async def _values(page: PageRequest) -> dict[str, Any]:
    library_id = page.query.get("library")
    drawn = await show_board(page.ctx, page.actor, library_id)
    scope = own_library(page.actor) if library_id is None else library_id
    today = drawn.today
    return {
        "board": drawn,
        "hours": hours_of_day(page, drawn),
        "scope": scope,
        "owed": _owed(page, drawn) if scope == own_library(page.actor) else [],
        "wait": None if today.median_wait is None else timedelta(seconds=today.median_wait),
        "talk": None if today.median_talk is None else timedelta(seconds=today.median_talk),
    }


def _owed(page: PageRequest, board: Board) -> list[tuple[str, str, int]]:
    """What waits for this manager: where it is done, its word, how many."""
    return [
        (address, word, count)
        for address, word, verb, count in (
            ("/manage/reviews", "blocks", Verb.REVIEW_BLOCK, board.owed.blocks),
            ("/manage/reviews/records", "records", Verb.KEEP_DESK, board.owed.records),
        )
        if count and may(page.actor, verb)
    ]


def hours_of_day(page: PageRequest, board: Board) -> Hours:
    """Every hour from the first with readers (or opening time) to the present one."""
    by_hour = {line.hour: line for line in board.hours}
    last = max(board.at.astimezone(zone_of(page.ctx)).hour, OPENING_HOUR + 3, *by_hour)
    span = range(min(OPENING_HOUR, *by_hour, last), last + 1)
    return Hours(
        [str(hour) for hour in span],
        [by_hour[hour].sessions if hour in by_hour else 0 for hour in span],
        [by_hour[hour].answered if hour in by_hour else 0 for hour in span],
    )


PAGES = [
    Page("GET", "/manage/board", Verb.WATCH_BOARD, board),
    Page("GET", "/manage/board/parts", Verb.WATCH_BOARD, parts),
]
