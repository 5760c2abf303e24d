"""Files on their way to the asking reader: an address for each, good for some days, each fetch counted (R-ANS.5)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from server.actions.files import files_at_hand
from server.actions.kept_policies import kept_policy
from server.context import Context
from server.domain.attachments import Attached, Delivery, blurred
from server.domain.consultations import Consultation
from server.domain.desks import Desk
from server.domain.errors import NotFound
from server.store.attachments import attached_by_ids
from server.store.consultations import consultation_by_id
from server.store.deliveries import count_fetch, deliveries_of, delivery_by_id, insert_delivery
from server.store.libraries import desk_by_id
from server.store.rows import Reader, Transaction
from server.store.uploads import StoredFile, file_by_id
from server.wire.tokens import delivery_of, delivery_token


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file as its reader is told of it."""

    file_id: str
    answer_id: str
    name: str
    kind: str
    size: int
    url: str
    expires: datetime
    fetched: int
    over: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that somebody opens: the file unless its time is over, and for what and where it was asked."""

    delivery: Delivery
    file: StoredFile
    title: str
    desk: Desk | None
    over: bool


async def make_deliveries(
    ctx: Context, tx: Transaction, consultation: Consultation, answer_id: str, files: Sequence[Attached]
) -> list[Delivered]:
    """Addresses for this reader alone, in the order of the files. Whoever sends the answer has checked the files."""
    policy = await kept_policy(ctx, tx, consultation.policy_id)
    now, made = ctx.clock.now(), []
    for file in files:
        delivery = Delivery(
            id=ctx.ids.new(),
            consultation_id=consultation.id,
            answer_id=answer_id,
            file_id=file.id,
            expires=now + timedelta(days=policy.delivery_days),
            fetched=0,
            first_fetched_at=None,
            last_fetched_at=None,
            created_at=now,
        )
        await insert_delivery(tx, delivery)
        made.append(_told(ctx, delivery, file.name, file.kind, file.size))
    return made


async def deliveries_for(ctx: Context, db: Reader, consultation_id: str) -> list[Delivered]:
    """What was delivered for a consultation, with addresses; whoever asks has been let in already."""
    found = await deliveries_of(db, consultation_id)
    files = {file.id: file for file in await attached_by_ids(db, [each.file_id for each in found])}
    return [
        _told(ctx, each, files[each.file_id].name, files[each.file_id].kind, files[each.file_id].size)
        for each in found
        if each.file_id in files
    ]


async def open_delivery(ctx: Context, token: str) -> Parcel:
    """What a mailed address means; no log-in is needed. Raises NotFound ``delivery_not_found``."""
    settings = ctx.settings
    secrets = tuple(filter(None, (settings.secret_key, settings.secret_key_previous)))
    delivery = await delivery_by_id(ctx.db.read, delivery_of(secrets or ("",), token))
    file = await file_by_id(ctx.db.read, delivery.file_id) if delivery else None
    if delivery is None or file is None:
        raise NotFound("delivery_not_found", "R-ANS.5")
    asked = await consultation_by_id(ctx.db.read, delivery.consultation_id)
    desk = await desk_by_id(ctx.db.read, asked.desk_id) if asked else None
    return Parcel(delivery, file, asked.title if asked else "", desk, delivery.is_over(ctx.clock.now()))


async def fetch_delivery(
    ctx: Context, parcel: Parcel, *, start: int, length: int, address: str
) -> AsyncIterator[bytes]:
    """The content from ``start`` on. A fetch counts where it begins at the beginning. Raises Unavailable."""
    with files_at_hand():
        await ctx.files.demand(
            parcel.file.content_hash
        )  # what cannot be read is said before anything is sent
    if start == 0:
        async with ctx.transaction() as tx:
            await count_fetch(
                tx,
                parcel.delivery.id,
                fetch_id=ctx.ids.new(),
                network=blurred(address),
                now=ctx.clock.now(),
            )
    return ctx.files.open(parcel.file.content_hash, start=start, length=length)


def address_of_delivery(ctx: Context, delivery_id: str, name: str) -> str:
    """Where a delivered file opens; the name at its end is for people and programs that look at addresses only."""
    token = delivery_token(ctx.settings.secret_key, delivery_id)
    return f"{ctx.settings.public_url.rstrip('/')}/x/{token}/{quote(name, safe='')}"


def _told(ctx: Context, delivery: Delivery, name: str, kind: str, size: int) -> Delivered:
    return Delivered(
        file_id=delivery.file_id,
        answer_id=delivery.answer_id,
        name=name,
        kind=kind,
        size=size,
        url=address_of_delivery(ctx, delivery.id, name),
        expires=delivery.expires,
        fetched=delivery.fetched,
        over=delivery.is_over(ctx.clock.now()),
    )
