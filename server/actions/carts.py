"""A reader's loan cart and the lists beside it: put by for later, asked for while all copies are out (R-COM.2, .4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actions.links import address_of
from server.actions.loan_catalogue import Title, titles_by_ids
from server.actions.mails import write_mail
from server.context import Context
from server.domain.errors import Invalid, NotFound, TooMany
from server.domain.lending import Kept, List
from server.domain.loan_orders import CART_LIMIT, Card
from server.domain.loan_policies import LoanPolicy
from server.domain.permissions import Actor, Verb, demand
from server.store.accounts import account_by_id
from server.store.cards import card_of
from server.store.carts import count_cart, list_of, mark_told, put_on_list, take_off_list, untold_askers
from server.store.catalogue import records_by_ids
from server.store.policies import loan_policy_at
from server.store.rows import Transaction

_TOLD_AT_ONCE = 3  # who asked first is told first; the others when they have not come


@dataclass(frozen=True, slots=True)
class Cart:
    """What a reader has picked and put by, and what their card holds."""

    cart: Sequence[Title]
    saved: Sequence[Title]
    asked: Sequence[Title]
    card: Card
    policy: LoanPolicy

    @property
    def limit(self) -> int:
        return self.policy.items(self.card.kind)


async def show_cart(ctx: Context, actor: Actor) -> Cart:
    """The reader's lists with the copies as of now, and the limits of their card."""
    demand(actor, Verb.KEEP_CART)
    db = ctx.db.read
    kept = {name: await list_of(db, actor.account_id, name) for name in List}
    titles = await titles_by_ids(ctx, actor, [each.record_id for name in List for each in kept[name]])

    def shown(name: List) -> list[Title]:
        return [titles[each.record_id] for each in kept[name] if each.record_id in titles]

    return Cart(
        shown(List.CART),
        shown(List.SAVED),
        shown(List.ASKED),
        await card_of(db, actor.account_id),
        await loan_policy_at(db, actor.library_id, ctx.clock.now()),
    )


async def cart_size(ctx: Context, actor: Actor) -> int:
    """How many titles lie in the cart; none for who is not logged in."""
    return await count_cart(ctx.db.read, actor.account_id) if actor.account_id else 0


async def keep_title(ctx: Context, actor: Actor, record_id: int, name: List) -> None:
    """Put a title on a list: from the saved list into the cart and back it moves, so that it stands on one of them.

    Raises NotFound, TooMany ``list_full``, Invalid ``title_not_lent`` for what has no copies to lend.
    """
    demand(actor, Verb.KEEP_CART)
    title = (await titles_by_ids(ctx, actor, [record_id])).get(record_id)
    if title is None:
        raise NotFound("title_not_found")
    if name is List.CART and not title.copies.whole:
        raise Invalid("title_not_lent", "record")
    kept = Kept(name, actor.account_id, record_id, ctx.clock.now())
    async with ctx.transaction() as tx:
        await tx.lock(f"cart:{actor.account_id}")
        if name in (List.CART, List.SAVED):
            other = List.SAVED if name is List.CART else List.CART
            await take_off_list(tx, actor.account_id, other, [record_id])
        if not await put_on_list(tx, kept, limit=CART_LIMIT):
            raise TooMany("list_full", "R-COM.4", limit=CART_LIMIT)


async def drop_title(ctx: Context, actor: Actor, record_id: int, name: List) -> None:
    """Take a title off a list; harmless where it is not on it."""
    demand(actor, Verb.KEEP_CART)
    async with ctx.transaction() as tx:
        await take_off_list(tx, actor.account_id, name, [record_id])


async def tell_askers(ctx: Context, tx: Transaction, record_id: int) -> None:
    """A copy stands free again: mail who asked for the title, longest waiting first, once each."""
    for reader_id in await untold_askers(tx, record_id, limit=_TOLD_AT_ONCE):
        account = await account_by_id(tx, reader_id)
        if not await mark_told(tx, record_id, reader_id, ctx.clock.now()) or account is None:
            continue
        record = (await records_by_ids(tx, [record_id])).get(record_id)
        if record is None or not account.mail:
            continue
        data = {
            "name": account.name,
            "title": record.title,
            "link": address_of(ctx, f"/loans/titles/{record_id}"),
        }
        await write_mail(
            ctx,
            tx,
            template="loan_back",
            recipient=account.mail,
            language=account.language,
            data=data,
            event_key=f"asked:{reader_id}:{record_id}:{ctx.clock.now():%Y%m%d}",
        )
