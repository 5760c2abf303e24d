"""A day in a store over the HTTP API: every address of store keepers, asked with success once."""

from typing import Any

from server.domain.loans import House
from server.store.rows import to_us
from tests.server.loans.conftest import Loans
from tests.stacks import STORE
from tests.town import Town

HERE = f"/api/stores/{STORE}"


async def a_day_in_a_store(town: Town) -> None:
    """The store is that of `a_day_at_a_stack`, whose machine nobody reaches: an operator fetched by hand."""
    loans = Loans(town, None, {"day": STORE})  # type: ignore[arg-type]  # nobody moves the clock
    keeper = town.people["keeper"].http

    async def done(method: str, path: str, **body: Any) -> Any:
        answer = await keeper.request(method, path, json=body or None)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    async def post(path: str, **body: Any) -> Any:
        return await done("POST", f"{HERE}/{path}", **body)

    line = await _fetched(loans, 901, "DAY1")
    held = await _fetched(loans, 902, "DAY2", way="collection")
    await done("GET", "/api/stores")
    work = await done("GET", f"{HERE}/work")
    assert work["counts"]["pick"] == 2
    await done("GET", f"{HERE}/pick-list.pdf?walk=1")
    for each, code in ((line, "DAY1"), (held, "DAY2")):
        await post("pick", line=each, code=code)
    parcel = (await post("pack-scans", code="DAY1"))["parcel"]
    waybill = (await post("labels", parcel=parcel))["waybill"]
    for paper in ("labels.pdf", f"parcels/{parcel}/label.pdf", f"parcels/{parcel}/packing-list.pdf"):
        await done("GET", f"{HERE}/{paper}")
    await post("hand-over", code=waybill, batch="b1")
    await post("round", code=waybill, outcome="delivered")
    order = next(each["order"] for each in work["walks"][0]["lines"] if each["line"] == held)
    await post("labels", parcel=(await post("parcels", order=order))["parcel"])
    await post(
        "collections", code=next(each["number"] for each in (await done("GET", f"{HERE}/work"))["hold"])
    )
    await post("returns", code="DAY1")
    await post("standing", code="DAY1")
    await post("inspections", line=line, condition="ok")
    await post("put-back", line=line)
    await _strayed(loans, post)
    await _shelves(loans, done)


async def _fetched(loans: Loans, record: int, barcode: str, *, way: str = "delivery") -> str:
    """An order's book, fetched by hand where the machine did not; its line."""
    await loans.item(record, "day", barcode)
    order = await loans.order(record, way=way)
    await loans.tell(order.id, House.APPROVED)
    await loans.tell(order.id, House.TAKEN_OVER, outcome="retrieved")
    return (await loans.lines(order.id))[0].id


async def _strayed(loans: Loans, post: Any) -> None:
    """A book that is not there; the machine brings it when another is promised already."""
    await loans.item(903, "day", "DAY3")
    line = await _fetched(loans, 903, "DAY4")
    first = await loans.one("SELECT command_id FROM loan_line WHERE id = $1", line)
    await post("missing", line=line)
    async with loans.town.ctx.transaction() as tx:
        now = to_us(loans.town.ctx.clock.now())
        await tx.execute("UPDATE stack_command SET state = 'done', settled_at = $2 WHERE id = $1", first, now)
    await post(f"strays/{first}/put-back")


async def _shelves(loans: Loans, done: Any) -> None:
    await loans.item(904, "day", "DAY5")
    await done("GET", f"{HERE}/items?code=DAY5")
    await done("GET", f"{HERE}/item-label.pdf?code=DAY5")
    await done("POST", f"{HERE}/items/move", code="DAY5", location="B-2")
    await done("POST", f"{HERE}/items/off", code="DAY5", reason="unshelved")
    await done("POST", f"{HERE}/items", barcode="DAY5")
    await done("POST", f"{HERE}/items/import", text="barcode,isbn\nDAY6,9787536692930\n")
    await done("GET", f"{HERE}/holdings?since=2020-01-01T00:00:00Z")
