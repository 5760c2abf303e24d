"""Who has a case open at this moment: proven by live connections, so that what is shown is true."""

from dataclasses import dataclass

from server.actions.cases import enter_case
from server.actions.presence import connection_closed, connection_opened
from server.context import Context
from server.domain.cases import CaseLine
from server.domain.events import CaseChanged
from server.domain.permissions import Actor
from server.store.cases import case_lines_after, case_numbers


@dataclass(frozen=True, slots=True)
class Here:
    """A connection that has a case open; ``last`` is the number of the case's last line."""

    link_id: str
    kind: str
    case_id: str
    last: int


async def arrive(ctx: Context, actor: Actor, case_id: str) -> Here:
    """Open a case on a connection: its reader, or staff, are there from now on. Raises NotFound."""
    case, kind = await enter_case(ctx, actor, case_id)
    here = Here(ctx.ids.new(), kind, case.id, case.messages)
    await connection_opened(ctx, here.kind, here.case_id, here.link_id)
    ctx.announce(CaseChanged(case.id, "here"))
    return here


async def depart(ctx: Context, here: Here) -> None:
    """The connection has closed the case, or is gone."""
    await connection_closed(ctx, here.kind, here.case_id, here.link_id)
    ctx.announce(CaseChanged(here.case_id, "here"))


async def missing_case_lines(
    ctx: Context, case_id: str, after: int, limit: int, *, staff: bool
) -> list[CaseLine]:
    """What a connection that was admitted already has missed."""
    return await case_lines_after(ctx.db.read, case_id, after, staff=staff, limit=limit)


async def last_case_numbers(ctx: Context, case_ids: list[str]) -> dict[str, tuple[int, int]]:
    """The last numbers of these cases' topics, for a keep-alive."""
    return await case_numbers(ctx.db.read, case_ids)
