"""What is found by words is given its words anew, after a version of the product makes them otherwise."""

from collections.abc import Callable

from server.context import Context
from server.domain.permissions import Actor, Verb, demand
from server.store.catalogue import renew_words, settle_words
from server.store.consultation_archive import entries_after, renew_entries

_BATCH = 200


async def reindex(ctx: Context, actor: Actor, told: Callable[[int], None] = lambda done: None) -> None:
    """Go over the records of the catalogue and the archive of answers, a batch at a time; ``told`` hears how many.

    The service goes on meanwhile, and each entry is found all the time, by its old words or its new ones. Broken off,
    it may simply be begun again.
    """
    demand(actor, Verb.KEEP_LIBRARIES)
    last: int | None = 0
    while last is not None:
        async with ctx.transaction() as tx:
            last = await renew_words(tx, last, limit=_BATCH)
        told(_BATCH)
    number = 0
    while True:
        entries, number = await entries_after(ctx.db.read, number, limit=_BATCH)
        if not entries:
            break
        async with ctx.transaction() as tx:
            await renew_entries(tx, entries)
        told(len(entries))
    async with ctx.transaction() as tx:
        await settle_words(tx)
