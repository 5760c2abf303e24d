"""Books on and off the shelf, lists of them, and the figures that a store is measured by."""

from datetime import timedelta

import pytest

from server.actions.holdings import store_holdings
from server.actions.item_imports import import_items
from server.actions.shelving import NewItem, TakenOff, look_up, put_on_shelf, relocate, take_off_shelf
from server.domain.catalogue import BibliographicRecord
from server.domain.citations import Material
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.holdings import CENTRE, DISTRICT, ORDINARY, SMART, Counted, targets
from server.domain.loan_policies import LoanPolicy
from server.domain.loan_rows import ItemPlace
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.store.catalogue import save_records
from server.store.items import free_copies
from tests.server.loans.conftest import Loans
from tests.server.loans.test_store_work import keeper, ready, sent

ISBN = "9787536692930"


async def catalogue(loans: Loans) -> None:
    """A record of the library, and one of another."""
    ctx = loans.town.ctx
    for slug, number in (("home", "c1"), ("other", "c2")):
        record = BibliographicRecord(
            control_number=number, kind=Material.BOOK, title=f"三体 {slug}", isbns=(ISBN,)
        )
        async with ctx.transaction() as tx:
            await save_records(tx, loans.town.libraries[slug], "", {number: record}, at=ctx.clock.now())


async def asked(loans: Loans, record_id: int) -> None:
    """A reader asks for a title of which every copy is out."""
    reader = loans.town.people["reader"].id
    async with loans.town.ctx.transaction() as tx:
        await tx.execute(
            "INSERT INTO cart_line (id, list, reader_id, record_id, at) VALUES ($1, 'asked', $2, $3, 1)",
            f"asked/{reader}/{record_id}",
            reader,
            record_id,
        )


async def test_a_new_book_is_put_on_the_shelf_by_isbn_and_who_asked_is_told_once(loans: Loans) -> None:
    await catalogue(loans)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    await asked(loans, await loans.one("SELECT id FROM bibliographic_record WHERE control_number = 'c1'"))
    with pytest.raises(Invalid, match="item_record_unknown"):
        await put_on_shelf(ctx, actor, store, NewItem("N1"))
    put = await put_on_shelf(ctx, actor, store, NewItem("N1", ItemPlace("A-1"), ISBN, new=True))
    assert put.fresh and put.title == "三体 home" and put.item.state == "available"
    assert put.item.new_until_at is not None
    days = (put.item.new_until_at - put.item.added_at + timedelta(hours=1)).days
    assert days == LoanPolicy().new_book_days
    assert (await loans.mails()).count("loan_back") == 1
    await take_off_shelf(ctx, actor, store, TakenOff("N1", "unshelved", "修补"))
    assert (await look_up(ctx, actor, store, "n1")).item.state == "unshelved"
    again = await put_on_shelf(ctx, actor, store, NewItem("N1"))
    assert again.item.location == "A-1" and not again.fresh
    assert (await loans.mails()).count("loan_back") == 1
    assert (await relocate(ctx, actor, store, "N1", ItemPlace("B-2", "T9"))).item.location == "B-2"


async def test_a_book_goes_from_one_store_to_another(loans: Loans) -> None:
    """Nobody is promised it on the way; it stands where it is put on a shelf (R-LOAN.7)."""
    item = await loans.item(1, "store", "B1")
    ctx, stores = loans.town.ctx, loans.stores
    await take_off_shelf(
        ctx, keeper(loans, "store"), stores["store"], TakenOff("B1", "moving", "调往智能书库")
    )
    assert await loans.item_state(item) == "moving"
    assert not await free_copies(ctx.db.read, 1)
    there = await put_on_shelf(
        ctx, keeper(loans, "stack"), stores["stack"], NewItem("B1", ItemPlace("S-1", "T7"))
    )
    assert (there.item.store_id, there.item.location, there.item.state) == (
        stores["stack"],
        "S-1",
        "available",
    )


async def test_a_book_that_an_order_has_stays_where_it_is(loans: Loans) -> None:
    await ready(loans, 1)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    for refused in (
        take_off_shelf(ctx, actor, store, TakenOff("BC1", "missing")),
        relocate(ctx, actor, store, "BC1", ItemPlace("B-2")),
        put_on_shelf(ctx, actor, store, NewItem("BC1", ItemPlace("B-2"))),
    ):
        with pytest.raises(Conflict, match="item_busy"):
            await refused
    with pytest.raises(NotFound, match="store_not_found"):
        await look_up(ctx, actor, loans.stores["stack"], "BC1")
    with pytest.raises(Invalid, match="choice_wrong"):
        await take_off_shelf(ctx, actor, store, TakenOff("BC1", "eaten"))


async def test_a_list_is_taken_whole_or_by_its_good_lines(loans: Loans) -> None:
    await catalogue(loans)
    ctx, actor, store = loans.town.ctx, keeper(loans, "store"), loans.stores["store"]
    lines = [
        "barcode,control_number,isbn,store,library",
        "L1,c1,,,",
        f"L2,,{ISBN},store,",
        "L3,c2,,,other",
        "L4,c1,,stack,",
    ]
    done = await import_items(ctx, actor, lambda: lines, store_id=store)
    assert not done.imported and [(each.line, each.problem.code) for each in done.problems] == [
        (5, "item_store_unknown")  # there is such a store, but it is not theirs
    ]
    assert await loans.one("SELECT COUNT(*) FROM item") == 0
    done = await import_items(ctx, actor, lambda: lines, store_id=store, good_only=True)
    assert done.imported and (done.added, done.bad) == (3, 1)
    assert (
        await loans.one("SELECT library_id FROM item WHERE barcode = 'L3'") == loans.town.libraries["other"]
    )
    again = await import_items(ctx, actor, lambda: lines, store_id=store, good_only=True)
    assert (again.added, again.moved, again.kept) == (0, 3, 0)
    with pytest.raises(Invalid, match="list_empty"):
        await import_items(ctx, actor, lambda: [], store_id=store)


async def test_accuracy_is_computed_from_scans_and_confirmed_complaints(loans: Loans) -> None:
    orders = [await sent(loans, record) for record in (1, 2, 3)]
    ctx, store = loans.town.ctx, loans.stores["store"]
    actor = keeper(loans, "store")
    loans.clock.advance(timedelta(hours=1))
    held = await store_holdings(ctx, actor, store)
    accuracy = next(target for target in held.targets if target.name == "accuracy")
    assert (accuracy.value, accuracy.target, accuracy.met, accuracy.basis) == (100.0, 95.0, True, 3)
    async with ctx.transaction() as tx:
        for number, (confirmed, fault) in enumerate(((True, store), (False, store), (True, "elsewhere"))):
            await tx.execute(
                "INSERT INTO support_case (id, number, client_id, order_id, line_id, reader_id, library_id, store_id,"
                " session_id, channel, kind, state, title, holder_id, confirmed, fault_store_id, messages, missed,"
                " opened_at, outcome, rating) VALUES ($1, $1, $1, $2, '', '', '', '', '', 'order', 'wrong_item',"
                " 'closed', '', '', $3, $4, 0, 0, 1, '', '')",
                f"case{number}",
                orders[number],
                confirmed,
                fault,
            )
    held = await store_holdings(ctx, actor, store)
    accuracy = next(target for target in held.targets if target.name == "accuracy")
    assert (held.counted.sent, held.counted.faulty) == (3, 1)
    assert (accuracy.value, accuracy.met) == (66.66, False)
    later = ctx.clock.now() + timedelta(days=40)
    empty = await store_holdings(ctx, actor, store, later, later + timedelta(days=1))
    assert empty.targets[-1].met is None
    with pytest.raises(Invalid, match="period_backwards"):
        await store_holdings(ctx, actor, store, later, later)


async def test_a_store_sees_for_what_readers_wait_and_what_stands_idle(loans: Loans) -> None:
    """So that copies come where they are wanted (R-LOAN.6); who has been told waits no more."""
    await catalogue(loans)
    ctx, store = loans.town.ctx, loans.stores["store"]
    rows = await ctx.db.read.rows("SELECT id FROM bibliographic_record ORDER BY control_number")
    first, second = (row["id"] for row in rows)
    for record in (first, second):
        await asked(loans, record)
    async with ctx.transaction() as tx:
        for reader, told in (("other", None), ("third", 1)):
            await tx.execute(
                "INSERT INTO cart_line (id, list, reader_id, record_id, at, told_at)"
                " VALUES ($1, 'asked', $1, $2, 2, $3)",
                reader,
                second,
                told,
            )
    await loans.item(second, "store")
    await loans.item(second, "stack")
    held = await store_holdings(ctx, keeper(loans, "store"), store)
    assert held.counted.idle == 0
    loans.clock.advance(timedelta(days=366))
    assert (await store_holdings(ctx, keeper(loans, "store"), store)).counted.idle == 1
    assert [(each.title, each.readers, each.copies, each.here) for each in held.wanted] == [
        ("三体 other", 2, 2, 1),
        ("三体 home", 1, 0, 0),
    ]


async def test_managers_see_the_figures_of_their_librarys_stores_only(loans: Loans) -> None:
    ctx = loans.town.ctx
    for library, sees in (("home", True), ("other", False)):
        grant = Grant(Role.MANAGER, ScopeKind.LIBRARY, loans.town.libraries[library])
        actor = Actor(account_id="m", grants=frozenset({grant}))
        if sees:
            assert (await store_holdings(ctx, actor, loans.stores["stack"])).store.code == "stack"
        else:
            with pytest.raises(NotFound, match="store_not_found"):
                await store_holdings(ctx, actor, loans.stores["stack"])


@pytest.mark.parametrize(
    ("kind", "tier", "volumes", "binding", "share"),
    [
        (SMART, CENTRE, 600_000, "M", (15.0, "M")),
        (SMART, DISTRICT, 200_000, "S", (10.0, "S")),
        (ORDINARY, CENTRE, 300_000, "M", None),
        (ORDINARY, DISTRICT, 50_000, "S", None),
    ],
)
def test_targets_are_those_of_the_standard(
    kind: str, tier: str, volumes: int, binding: str, share: tuple[float, str] | None
) -> None:
    counted = Counted({"available": volumes, "withdrawn": 9}, 0, volumes // 10, 15, 100, 200, 4, 300, 7)
    found = {target.name: target for target in targets(kind, tier, counted, LoanPolicy())}
    assert (found["volumes"].value, found["volumes"].target) == (volumes, volumes)
    assert found["volumes"].met and found["volumes"].binding == binding
    assert (found["accuracy"].value, found["accuracy"].met) == (98.0, True)
    if share is None:
        assert "new_share" not in found and "renewal" not in found
    else:
        assert (found["new_share"].target, found["new_share"].binding) == share and found["new_share"].met
        assert found["renewal"].met and found["renewal"].binding == "S"
