"""What the reader's loan pages share: their menu, money, and titles in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.actions.carts import cart_size
from server.actions.loan_catalogue import Title, stores
from server.actions.portal import own_desk, own_library
from server.domain.errors import Refusal
from server.domain.forms import FormRefused, yuan
from server.domain.lending import List
from server.domain.loan_rows import Store
from server.words.catalogue import say, text
from web.pages.base import PageRequest

_NAMED = 2  # stores that a line names
DONE = ("cart", "saved", "asked", "dropped", "commented", "withdrawn", "suggested", "address", "renewed")
DONE_ORDERS = ("ordered", "cancelled", "return_booked", "kept", "asked_help")


@dataclass(frozen=True, slots=True)
class Shown:
    """A title as a page shows it: ``said`` tells in words whether it can be had, ``kind`` colours that."""

    title: Title
    said: str
    kind: str
    byline: str

    @property
    def id(self) -> int:
        return self.title.id

    @property
    def in_cart(self) -> bool:
        return List.CART in self.title.lists

    @property
    def saved(self) -> bool:
        return List.SAVED in self.title.lists

    @property
    def asked(self) -> bool:
        return List.ASKED in self.title.lists


async def shown(page: PageRequest, titles: Iterable[Title]) -> list[Shown]:
    """Titles in the reader's words."""
    known = await stores(page.ctx)
    return [shown_title(page, title, known) for title in titles]


def shown_title(page: PageRequest, title: Title, known: Mapping[str, Store]) -> Shown:
    record, copies = title.record, title.copies
    said = text(f"loans.copies.{copies.word}", page.language)
    if copies.free:
        named = [
            known[each.store_id].name(page.language)
            for each in copies.stores
            if each.free and each.store_id in known
        ]
        where = text("loans.between", page.language).join(named[:_NAMED])
        if len(named) > _NAMED:
            where = text("loans.and_more", page.language, where=where, n=len(named) - _NAMED)
        said = text("loans.copies.free_at", page.language, where=where) if where else said
    kind = {"free": "good", "out": "warn"}.get(copies.word, "")
    byline = " · ".join(filter(None, (record.authors, record.publisher, record.date[:4])))
    return Shown(title, said, kind, byline)


async def frame(page: PageRequest) -> dict[str, Any]:
    """What every loan page needs: the menu with what lies in the cart, what was just done, whom to call."""
    count, desk = await cart_size(page.ctx, page.actor), await own_desk(page.ctx, page.actor)
    menu = [
        ("/loans", text("loans.menu.home", page.language)),
        ("/loans/cart", text("loans.menu.cart_n" if count else "loans.menu.cart", page.language, n=count)),
        ("/loans/orders", text("loans.menu.orders", page.language)),
    ]
    done = page.query.get("done", "")
    return {
        "nav_items": menu,
        "here_menu": _menu_of(page.request.url.path),
        "done": done if done in (*DONE, *DONE_ORDERS) else "",
        "money": lambda cents: money(cents, page.language),
        "service": await own_library(page.ctx, page.actor),
        "service_desk": f"/d/{desk.slug}" if desk else "/portal",
    }


def _menu_of(path: str) -> str:
    """The entry of the menu to which a page belongs."""
    if path.startswith(("/loans/cart", "/loans/addresses")):
        return "/loans/cart"
    return "/loans/orders" if path.startswith(("/loans/orders", "/loans/cases")) else "/loans"


def money(cents: int, language: str) -> str:
    """An amount: ¥5.00, and in words where it is nothing."""
    return f"¥{yuan(cents)}" if cents else text("loans.free_of_charge", language)


def told(page: PageRequest, refusal: Refusal | None) -> list[tuple[str, str]]:
    """What is wrong, by field, in the reader's words."""
    if refusal is None:
        return []
    problems = refusal.problems if isinstance(refusal, FormRefused) else [refusal]
    return [(problem.field, say(problem, page.language)) for problem in problems]


def back_to(raw: str, otherwise: str) -> str:
    """Where a reader came from, if that is one of these pages."""
    return raw if raw.startswith("/loans") and "\\" not in raw and "//" not in raw else otherwise
