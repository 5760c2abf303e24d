"""Covers that the product draws itself, for titles that have none."""

from server.context import Context
from server.domain.covers import cover_svg
from server.domain.errors import NotFound
from server.domain.forms import is_number
from server.domain.permissions import Actor, Verb, demand
from server.store.catalogue import records_by_ids


async def draw_cover(ctx: Context, actor: Actor, record_id: str) -> str:
    """The drawn cover of a record as an SVG document. Raises NotFound ``cover_not_found``."""
    demand(actor, Verb.SEARCH_RECORDS)
    record = None
    if is_number(record_id):
        record = (await records_by_ids(ctx.db.read, [int(record_id)])).get(int(record_id))
    if record is None:
        raise NotFound("cover_not_found")
    return cover_svg(record)
