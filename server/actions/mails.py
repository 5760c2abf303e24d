"""Mails: written into the outbox with the change that causes them, once for each event."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from server.context import Context
from server.domain.errors import Invalid, NotFound
from server.domain.events import MailWritten
from server.store import mails
from server.store.mails import Mail
from server.store.rows import Transaction
from server.words.letters import letter

SHAPES = 2_000  # of letters, remembered as tried
# One address and nothing beside it: no second recipient, no line end, no name in front.
_ONE_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


async def write_mail(
    ctx: Context,
    tx: Transaction,
    *,
    template: str,
    recipient: str,
    language: str,
    data: Mapping[str, Any],
    event_key: str,
) -> bool:
    """Have a mail sent if, and only if, the transaction is kept; False when this event was mailed before.

    ``event_key`` names the event (``question:<id>:desk``): however often an action is repeated, one mail
    leaves. ``data`` must be JSON. Raises Invalid for an address that is not exactly one.
    """
    mail = new_mail(
        ctx, template=template, recipient=recipient, language=language, data=data, event_key=event_key
    )
    if not await mails.insert_mail(tx, mail):
        return False
    tx.announce(MailWritten())
    return True


def new_mail(
    ctx: Context, *, template: str, recipient: str, language: str, data: Mapping[str, Any], event_key: str
) -> Mail:
    """A mail that is not written yet; many are written at once by `write_mails`.

    The Message-ID is made from the row's own id, so that all attempts carry the same one. Raises Invalid as above.
    """
    if not is_address(recipient):
        raise Invalid("mail_wrong", "mail")
    _try_letter(ctx, template, language, data)
    now, mail_id = ctx.clock.now(), ctx.ids.new()
    return Mail(
        id=mail_id,
        event_key=event_key,
        message_id=f"<{mail_id}@{urlsplit(ctx.settings.public_url).hostname}>",
        recipient=recipient,
        language=language,
        template=template,
        data=data,
        created_at=now,
        next_at=now,
    )


def is_address(text: str) -> bool:
    """Whether a mail can be written to this; whoever has no address must not hold up what happens."""
    return len(text) <= 200 and _ONE_ADDRESS.fullmatch(text) is not None


async def write_mails(ctx: Context, tx: Transaction, written: Sequence[Mail]) -> None:
    """Have many mails sent if, and only if, the transaction is kept; those of events mailed before are left out."""
    if written:
        await mails.insert_mails(tx, written)
        tx.announce(MailWritten())


def _try_letter(ctx: Context, template: str, language: str, data: Mapping[str, Any]) -> None:
    """A template or value that is lacking shows here, not hours later in a worker; each shape of data is tried once."""
    shape = (
        template,
        language,
        *sorted((name, type(value).__name__, bool(value)) for name, value in data.items()),
    )
    tried: set[Any] = ctx.shelf.setdefault("letters_tried", set())
    if shape not in tried:
        letter(template, language, data)
        if len(tried) < SHAPES:
            tried.add(shape)


async def outbox_in_demo(ctx: Context) -> Sequence[Mail]:
    """What would have been mailed, where no mail server is: for the demo's own page.

    Raises NotFound in production, where mails are nobody's but their recipients'.
    """
    if ctx.settings.environment == "production":
        raise NotFound()
    return await mails.latest_mails(ctx.db.read)
