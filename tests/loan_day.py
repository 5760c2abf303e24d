"""A reader borrows: what tests of the doors walk through, and how books come to the reader in tests."""

from collections.abc import Sequence

from server.actions.orders import Fact, tell
from server.context import Context
from server.domain.loans import House
from tests.shelves import Shelves, add_coupon, add_slots, stock
from tests.town import Town

ADDRESS = {"name": "王奶奶", "phone": "0755-8284 1131", "region": "深圳市福田区", "line": "福中路 1 号 3 栋"}
TO_READER = (House.PICKED, House.PACKED, House.SHELVED, House.COLLECTED)
BACK = (House.RECEIVED, House.INSPECTED, House.PUT_BACK)


async def walk(ctx: Context, order_id: str, kinds: Sequence[House] = TO_READER) -> None:
    """The house does these things with all books of an order; by default until the reader has collected them."""
    async with ctx.transaction() as tx:
        for kind in kinds:
            await tell(ctx, tx, order_id, [Fact(kind)])


async def opened(town: Town) -> Shelves:
    """Stores with books, time slots and a coupon."""
    library = town.libraries["home"]
    shelves = await stock(town.ctx, library)
    await add_slots(town.ctx, shelves, library, "delivery")
    await add_slots(town.ctx, shelves, library, "collection")
    await add_coupon(town.ctx, "READ2026")
    return shelves


async def a_loan(town: Town) -> None:
    """Every address of a reader's loans is called once with success."""
    shelves, reader = await opened(town), town.people["reader"].http
    first, second, third = (shelves.records[name] for name in ("红楼梦", "时间简史", "算法导论"))
    for path in ("titles?q=时间", "classes", "classes/I", "new", f"titles/{first}"):
        await reader.get(f"/api/loans/{path}")
    said = (await reader.post(f"/api/loans/titles/{first}/comments", json={"text": "值得重读。"})).json()
    await reader.delete(f"/api/me/comments/{said['id']}")
    await reader.post("/api/loans/suggestions", json={"client_id": "s1", "text": "多买些大字本。"})
    for record in (first, second, third):
        await reader.post("/api/me/lists/cart", json={"record": record})
    await reader.delete(f"/api/me/lists/cart/{third}")
    address = (await reader.post("/api/me/addresses", json=ADDRESS)).json()
    await reader.put(f"/api/me/addresses/{address['id']}", json={**ADDRESS, "default": True})
    for path in ("cart", "card", "addresses", "order-step", "pickup-times"):
        await reader.get(f"/api/me/{path}")
    await _an_order(town, address["id"], [first, second])
    manage = f"/api/manage/readers/{town.people['reader'].id}/card"
    await town.people["administrator"].http.put(manage, json={"kind": "city", "group": "elder"})
    await town.people["administrator"].http.get(manage)


async def _an_order(town: Town, address: str, records: list[int]) -> None:
    reader = town.people["reader"].http
    step = (await reader.get("/api/me/order-step")).json()
    body = {"client_id": "o1", "records": records, "way": "collection", "slot": step["collection"][0]["id"]}
    order = (await reader.post("/api/me/orders", json=body)).json()
    mine = f"/api/me/orders/{order['id']}"
    await reader.get(mine)
    await reader.post(f"{mine}/cancel", json={"lines": [order["lines"][1]["id"]]})
    await walk(town.ctx, order["id"])
    await reader.post(f"{mine}/renew", json={"line": order["lines"][0]["id"]})
    pickup = (await reader.get("/api/me/pickup-times")).json()[-1]["id"]
    await reader.post(f"{mine}/return", json={"address": address, "pickup": pickup})
    await reader.get("/api/me/orders")
    await reader.post(f"{mine}/keep", json={})
