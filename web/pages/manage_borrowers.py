"""The managers' screens of readers who borrow: found, upgraded, barred; their orders and cases (R-COM.1, R-COM.6)."""

from starlette.responses import Response

from server.actions.borrowers import borrower_page, find_borrowers
from server.actions.cards import set_card
from server.domain.loan_policies import CARDS, GROUPS
from server.domain.order_numbers import spoken
from server.domain.permissions import Verb
from server.words.catalogue import text
from web.pages.base import Page, PageRequest
from web.pages.managing import CORRECTABLE, Fill, filled, refill
from web.pages.managing_loans import show_loans

_HERE = "/manage/borrowers"


async def found(page: PageRequest) -> Response:
    """The search, and who was found."""
    search = page.query.get("q", "")
    readers = await find_borrowers(page.ctx, page.actor, search)
    return show_loans(page, "manage_borrowers.html", _HERE, search=search, readers=readers)


async def reader(page: PageRequest, *, fill: Fill | None = None, status: int = 200) -> Response:
    """One reader: card, orders, cases."""
    seen = await borrower_page(page.ctx, page.actor, page.path["id"])
    card, policy = seen.card, seen.policy
    kinds = [(kind, text(f"borrowers.{kind}", page.language, n=policy.items(kind))) for kind in CARDS]
    groups = [
        ("", text("borrowers.no_group", page.language)),
        *((group, text(f"loans.group.{group}", page.language)) for group in GROUPS),
    ]
    return show_loans(
        page,
        "manage_borrower.html",
        _HERE,
        status=status,
        seen=seen,
        kinds=kinds,
        groups=groups,
        spoken=spoken,
        client_id=page.ctx.ids.new(),
        fill=fill or Fill({"kind": card.kind, "group": card.group, "barred": card.barred}),
    )


async def keep(page: PageRequest) -> Response:
    """Upgrade the card, set the group, bar or free."""
    try:
        await set_card(page.ctx, page.actor, page.path["id"], await filled(page))
    except CORRECTABLE as refusal:
        return await reader(page, fill=await refill(page, refusal, fallback="kind"), status=422)
    return page.redirect(f"{_HERE}/{page.path['id']}", done="saved")


PAGES = [
    Page("GET", _HERE, Verb.KEEP_CARDS, found),
    Page("GET", f"{_HERE}/{{id}}", Verb.KEEP_CARDS, reader),
    Page("POST", f"{_HERE}/{{id}}", Verb.KEEP_CARDS, keep),
]
