"""Going on from an earlier conversation: which one a new question continues, and whose it is from then on."""

from datetime import datetime

from server.actions.access import access_earlier
from server.domain.chat import ChatSession, is_continuation
from server.domain.errors import NotFound
from server.domain.events import CrewChanged
from server.domain.permissions import Actor
from server.store.chat import bind_reader, sessions_of_reader
from server.store.rows import Reader, Transaction


async def earlier_of(
    db: Reader, actor: Actor, desk_id: str, now: datetime, *, named: str = "", visitor: Actor | None = None
) -> ChatSession | None:
    """The conversation at this desk that a new one of the actor's goes on from, if any.

    Their own last one, where they name it or it ended lately. One from before they logged in only where they name it
    and prove the visitor too: on a shared computer the visitor before may be somebody else.
    """
    for earlier in await sessions_of_reader(db, [actor.reader_key], desk_id=desk_id, limit=1):
        if earlier.id == named or (not named and is_continuation(earlier, now)):
            return earlier
    if not (named and visitor and actor.account_id):
        return None
    try:
        earlier = await access_earlier(db, actor, visitor, named)
    except NotFound:
        return None  # the question is asked either way
    return earlier if earlier.desk_id == desk_id else None


async def adopt(tx: Transaction, earlier: ChatSession | None, reader: Actor) -> None:
    """What the reader goes on from is theirs, wherever they are logged in, and no visitor's any more."""
    if earlier is None or earlier.reader_key == reader.reader_key:
        return
    await bind_reader(
        tx, earlier.id, reader_key=reader.account_id, reader_id=reader.account_id, name=reader.name
    )
    tx.announce(CrewChanged(earlier.id))
