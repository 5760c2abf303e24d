"""Links and codes that work once: made, mailed, looked at, used."""

from collections.abc import Mapping
from typing import Any

from server.actions.mails import write_mail
from server.context import Context
from server.domain.logins import LIFE, Link, Purpose, gone
from server.store.logins import insert_link, link_by_id, take_link, void_links
from server.store.rows import Transaction
from server.wire.tokens import hashed


async def issue_link(
    ctx: Context,
    tx: Transaction,
    purpose: Purpose,
    *,
    account_id: str = "",
    data: Mapping[str, Any] | None = None,
) -> str:
    """A fresh secret, good once; an account's older ones for the same purpose end.

    But for a widget's: each is for a page of its own, several pages may open at once, and none is good for long.
    """
    now = ctx.clock.now()
    if account_id and purpose is not Purpose.WIDGET:
        await void_links(tx, account_id, purpose, now)
    secret = ctx.rng.token()
    await insert_link(tx, Link(hashed(secret), purpose, account_id, data or {}, now + LIFE[purpose]))
    return secret


async def look_at_link(ctx: Context, secret: str, purpose: Purpose) -> Link:
    """What the link is about, without using it. Raises NotFound alike for unknown, used and too old."""
    link = await link_by_id(ctx.db.read, hashed(secret), purpose, ctx.clock.now())
    if link is None:
        raise gone(purpose)
    return link


async def use_link(ctx: Context, tx: Transaction, secret: str, purpose: Purpose) -> Link:
    """Use the link up, together with what it is used for. Raises NotFound when somebody was faster."""
    link = await take_link(tx, hashed(secret), purpose, ctx.clock.now())
    if link is None:
        raise gone(purpose)
    return link


def address_of(ctx: Context, path: str) -> str:
    """A page of ours as it is written into mails."""
    return ctx.settings.public_url.rstrip("/") + path


async def mail_link(
    ctx: Context,
    tx: Transaction,
    template: str,
    *,
    to: str,
    language: str,
    secret: str,
    data: Mapping[str, Any],
) -> str:
    """Send the link; returns it. Nothing else may hold the secret: we keep its hash."""
    path = {"verify": "verify", "reset": "reset", "invite": "invite", "import_welcome": "invite"}[template]
    address = address_of(ctx, f"/{path}/{secret}")
    await write_mail(
        ctx,
        tx,
        template=template,
        recipient=to,
        language=language,
        data={**data, "link": address},
        event_key=f"{template}:{hashed(secret)}",
    )
    return address
