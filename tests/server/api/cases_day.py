"""A day with cases over the HTTP API: a reader complains, an agent helps, managers review, announce, answer."""

from typing import Any

from server.domain.loans import House
from tests.server.loans.conftest import Loans
from tests.town import Town


async def a_day_with_cases(town: Town) -> None:
    """Every address of cases, review and notices, asked with success once."""
    loans = Loans(town, None)  # type: ignore[arg-type]  # nobody moves the clock
    await loans.build()
    await loans.item(1, "store")
    await loans.item(1, "stack")
    order, waiting, unwanted = await loans.order(1), await loans.order(2), await loans.order(3)
    await loans.tell(order.id, House.APPROVED)
    line = (await loans.lines(order.id))[0].id
    agent, reader = town.people["agent"].http, town.people["reader"].http
    manager = town.people["manager"].http

    async def done(http: Any, method: str, path: str, **body: Any) -> Any:
        answer = await http.request(method, path, json=body or None)
        assert answer.status_code in (200, 201), (path, answer.text)
        return answer.json()

    opened = {"client_id": "c1", "text": "书不对", "kind": "wrong_item", "order_id": order.id}
    case = (await done(reader, "POST", "/api/cases", **opened))["id"]
    assert (await done(reader, "POST", "/api/cases", **opened))["id"] == case
    assert [each["id"] for each in await done(agent, "GET", "/api/cases?tab=waiting")] == [case]
    await done(reader, "GET", "/api/cases/mine")
    one = f"/api/cases/{case}"
    await done(agent, "POST", f"{one}/claim")
    await done(agent, "POST", f"{one}/notes", client_id="n1", text="查书库")
    await done(agent, "POST", f"{one}/messages", client_id="m1", text="您好")
    await done(agent, "POST", f"{one}/deeds/elsewhere", reason="设备检修", line_ids=[line])
    assert (await done(agent, "POST", f"{one}/coupon", reason="致歉"))["code"]
    judged = {"confirmed": True, "fault_store_id": loans.stores["store"]}
    assert (await done(agent, "POST", f"{one}/judgement", **judged))["confirmed"]
    await done(agent, "POST", f"{one}/back", reason="换班")
    await done(agent, "POST", f"{one}/claim")
    await done(agent, "POST", f"{one}/close", outcome="已重新配书")
    await done(reader, "POST", f"{one}/rating", rating="satisfied")
    lines = (await done(reader, "GET", one))["lines"]
    assert [each["number"] for each in lines] == list(range(1, len(lines) + 1)), "no gap where notes are"
    await done(agent, "POST", "/api/cases/phone", client_id="p1", text="电话询问")
    await done(manager, "POST", "/api/cases/letters", client_id="w1", text="您好", order_id=order.id)
    await done(manager, "GET", "/api/review/orders?tab=review")
    await done(manager, "GET", f"/api/review/orders/{order.id}/story")
    await done(manager, "POST", f"/api/review/orders/{waiting.id}/approve")
    await done(manager, "POST", f"/api/review/orders/{unwanted.id}/refuse", reason="请先还书")
    told = {"title_zh": "盘点", "kind": "suspension", "library_id": town.libraries["home"]}
    notice = (await done(manager, "POST", "/api/manage/notices", **told))["id"]
    assert [each["id"] for each in await done(town.http, "GET", "/api/notices?desk=home")] == [notice]
    await done(manager, "PUT", f"/api/manage/notices/{notice}", **told)
    await done(manager, "DELETE", f"/api/manage/notices/{notice}")
    assert await done(town.http, "GET", "/api/notices?desk=home") == []
