"""A request that was filled in before logging in: kept for a day, so that nothing is typed twice (R-ORG.2)."""

from collections.abc import Mapping

from server.actions.links import issue_link, look_at_link
from server.actions.logins import count
from server.context import Context
from server.domain.citations import LIMITS
from server.domain.errors import NotFound
from server.domain.logins import DRAFTS_FROM, Purpose, network_of

_FIELDS = {
    **LIMITS,
    "material": 40,
    "client_id": 40,
    "mail": 200,
    "show_title": 5,
    "record_id": 26,
    "talk": 120,
}


async def keep_request_draft(ctx: Context, values: Mapping[str, str], *, address: str) -> str:
    """Keep what was filled in; returns the secret that brings it back. Raises TooMany ``too_many_attempts``."""
    await count(ctx, (DRAFTS_FROM, network_of(address)))
    kept = {name: text[: _FIELDS[name]] for name, text in values.items() if name in _FIELDS and text}
    async with ctx.transaction() as tx:
        return await issue_link(ctx, tx, Purpose.DRAFT, data=kept)


async def request_draft(ctx: Context, secret: str) -> dict[str, str] | None:
    """What was filled in; None once its day is over. It can be read again: a page may be loaded twice."""
    try:
        link = await look_at_link(ctx, secret, Purpose.DRAFT)
    except NotFound:
        return None
    return {name: str(value) for name, value in link.data.items()}
