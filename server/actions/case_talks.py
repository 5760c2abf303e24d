"""A live conversation that goes on as a case: what was said in it, and the order that it is about (R-LOAN.8)."""

import re
from dataclasses import dataclass

from server.actions.access import access_session
from server.context import Context
from server.domain.cases import TEXT_LIMIT, Case
from server.domain.order_numbers import read_number
from server.domain.permissions import Actor, Verb, demand
from server.store.cases import case_of_session
from server.store.chat import events_after
from server.store.orders import order_by_number
from server.store.rows import Reader

_LINES = 500
_NUMBER = re.compile(r"\d{6}[ -]?[0-9A-Za-z]{5}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class TalkedOf:
    """What a case made of a conversation begins with; ``case`` where it has become one already."""

    text: str
    order_number: str
    case: Case | None


async def talked_of(ctx: Context, actor: Actor, session_id: str) -> TalkedOf:
    """What the reader said in a conversation that the agent serves. Raises NotFound for anybody else's."""
    demand(actor, Verb.WORK_CASE)
    db = ctx.db.read
    session = await access_session(db, actor, session_id, Verb.SERVE_SESSION)
    events = await events_after(db, session.id, "all", 0, _LINES)
    said = [event.body for event in events if event.author_kind == "reader" and event.body]
    text = "\n".join(said or [session.question])[:TEXT_LIMIT]
    return TalkedOf(text, await _order_in(db, text), await case_of_session(db, session.id))


async def _order_in(db: Reader, text: str) -> str:
    """The first number of an order of ours in a text; checked by its last character before anybody is asked."""
    for found in _NUMBER.findall(text)[:50]:
        number = read_number(found)
        if number and await order_by_number(db, number) is not None:
            return number
    return ""
