"""Whether a file may be taken: by what it is, and by what the virus scanner says of it."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from server.context import Context
from server.domain.errors import Invalid, Unavailable
from server.outside.clamd import ScannerAway, scan

log = logging.getLogger(__name__)


async def demand_clean(ctx: Context, chunks: AsyncGenerator[bytes, None], name: str) -> None:
    """Ask the scanner, where there is one.

    Raises Invalid ``file_infected``, naming what was found; Unavailable ``scanner_away``: a file that nobody could
    look at is not taken.
    """
    if not ctx.settings.clamd_socket:
        return
    try:
        async with aclosing(chunks):  # a scanner may have heard enough before the end
            found = await scan(ctx.settings.clamd_socket, chunks)
    except ScannerAway as away:
        log.error("clamd does not scan: %s", away)
        raise Unavailable("scanner_away") from None
    if found:
        log.warning("refused an upload: clamd found %s", found)
        raise Invalid("file_infected", "file", name=name, found=found)
