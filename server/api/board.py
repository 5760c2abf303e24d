"""Endpoint of the managers' live board."""

from server.actions.boards import show_board
from server.api.routes import ApiRequest, Endpoint
from server.api.views import names
from server.domain.boards import Board, StaffLine
from server.domain.permissions import Verb
from server.wire import desk_bodies
from server.wire.frames import iso


async def show(r: ApiRequest) -> desk_bodies.BoardView:
    """The board of ``library`` (empty: the alliance); without it one's own."""
    return board_view(await show_board(r.ctx, r.actor, r.query.get("library")))


def board_view(board: Board) -> desk_bodies.BoardView:
    """The board as JSON."""
    today = board.today
    return desk_bodies.BoardView(
        at=iso(board.at),
        queue=[
            desk_bodies.QueueView(
                line.desk_id,
                names(line.name_zh, line.name_en),
                names(line.library_zh, line.library_en),
                line.waiting,
                max(0, round((board.at - line.oldest_at).total_seconds())),
            )
            for line in board.queue
        ],
        staff=[staff_view(line) for line in board.staff],
        today=desk_bodies.TodayView(
            sessions=today.sessions,
            answered=today.answered,
            abandoned=today.abandoned,
            form_questions=today.form_questions,
            phone_questions=today.phone_questions,
            documents=today.documents,
            median_wait=today.median_wait,
            median_talk=today.median_talk,
            ratings=dict(today.ratings),
        ),
        hours=[desk_bodies.HourView(line.hour, line.sessions, line.answered) for line in board.hours],
    )


def staff_view(line: StaffLine) -> desk_bodies.BoardStaffView:
    """A staff member on the board."""
    return desk_bodies.BoardStaffView(
        id=line.id,
        name=line.name,
        role=line.role,
        library=names(line.library_zh, line.library_en),
        desk=names(line.desks_zh, line.desks_en),
        availability=line.availability,
        away_reason=line.away_reason,
        present=line.present,
        load=line.load,
        capacity=line.capacity,
    )


ENDPOINTS = [
    Endpoint("GET", "/api/board", Verb.WATCH_BOARD, show, "The live board", answer=desk_bodies.BoardView)
]
