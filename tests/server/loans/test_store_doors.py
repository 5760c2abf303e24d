"""Stores over HTTP: lists, scans and papers for who works there; papers read back by a bar code reader."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx2 as httpx
import pypdfium2
import pytest
import zxingcpp

from server.domain.loans import House, Stage
from server.domain.permissions import Grant, Role, ScopeKind
from tests.server.loans.conftest import Loans
from tests.server.loans.test_store_work import ready, stages
from tests.town import Person, add_person


@pytest.fixture
async def keeper(loans: Loans) -> AsyncIterator[Person]:
    """Who works in the ordinary store, with a log-in."""
    ctx, grant = loans.town.ctx, Grant(Role.STORE_KEEPER, ScopeKind.STORE, loans.stores["store"])
    async with ctx.transaction() as tx:
        person = await add_person(ctx, tx, loans.town, "hua", library="home", grant=grant)
    loans.town.people["hua"] = person
    yield person


def codes_on(pdf: bytes) -> list[str]:
    """What a bar code reader reads on the first page, printed as labels are: eight dots a millimetre."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=203.2 / 72).to_pil()
    return sorted(found.text for found in zxingcpp.read_barcodes(picture))


def words_on(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_bounded() for page in document)


async def post(person: Person, url: str, **body: Any) -> Any:
    answer = await person.http.post(url, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_orders_way_through_the_store_with_its_papers(loans: Loans, keeper: Person) -> None:
    order_id = await ready(loans, 1, 2)
    number = (await loans.now(order_id)).number
    store = f"/api/stores/{loans.stores['store']}"
    mine = (await keeper.http.get("/api/stores")).json()["stores"]
    assert [each["code"] for each in mine] == ["store"]
    work = (await keeper.http.get(f"{store}/work")).json()
    lines = work["walks"][0]["lines"]
    assert work["counts"]["pick"] == 2 and lines[0]["location"] == "A-01-1"
    paper = await keeper.http.get(f"{store}/pick-list.pdf?walk=1")
    assert paper.headers["content-type"] == "application/pdf"
    assert all(line["barcode"] in words_on(paper.content) for line in lines)
    refused = await keeper.http.post(f"{store}/pick", json={"line": lines[0]["line"], "code": "WRONG"})
    assert refused.status_code == 409
    error = refused.json()["error"]
    assert error["code"] == "wrong_item" and error["rule"] == "R-LOAN.6"
    assert error["data"]["expected"] == lines[0]["barcode"] and error["data"]["scanned"] == "WRONG"
    for line in lines:
        await post(keeper, f"{store}/pick", line=line["line"], code=line["barcode"])
    parcel = ""
    for line in lines:
        parcel = (await post(keeper, f"{store}/pack-scans", code=line["barcode"]))["parcel"]
    labelled = await post(keeper, f"{store}/labels", parcel=parcel)
    label = (await keeper.http.get(f"{store}/parcels/{parcel}/label.pdf")).content
    assert {labelled["waybill"], number} <= set(codes_on(label))
    assert "李读者" in words_on(label) and "人民路" in words_on(label)
    listed = (await keeper.http.get(f"{store}/parcels/{parcel}/packing-list.pdf")).content
    assert number in codes_on(listed) and "书 1" in words_on(listed)
    handed = await post(keeper, f"{store}/hand-over", code=labelled["waybill"], batch="b1")
    assert handed["state"] == "handed_over"
    done = await post(keeper, f"{store}/round", code=number, outcome="delivered")
    assert done["state"] == "delivered"
    assert await stages(loans, order_id) == [Stage.ON_LOAN] * 2


async def test_a_hold_slip_names_nobody_in_full_and_is_read_at_the_counter(
    loans: Loans, keeper: Person
) -> None:
    order_id = await ready(loans, 1, way="collection")
    store = f"/api/stores/{loans.stores['store']}"
    line = (await loans.lines(order_id))[0]
    await post(keeper, f"{store}/pick", line=line.id, code=line.barcode)
    parcel = (await post(keeper, f"{store}/parcels", order=order_id))["parcel"]
    early = await keeper.http.get(f"{store}/parcels/{parcel}/label.pdf")
    assert early.status_code == 409
    assert (await post(keeper, f"{store}/labels", parcel=parcel))["state"] == "shelved"
    slip = (await keeper.http.get(f"{store}/parcels/{parcel}/label.pdf")).content
    assert "李读者" not in words_on(slip)
    number = (await loans.now(order_id)).number
    assert number in codes_on(slip)
    assert (await post(keeper, f"{store}/collections", code=number))["state"] == "collected"


async def test_returns_shelves_and_figures(loans: Loans, keeper: Person) -> None:
    order_id = await ready(loans, 1)
    await loans.tell(order_id, House.PICKED)
    await loans.tell(order_id, House.PACKED, parcel_id="p")
    await loans.tell(order_id, House.LABELLED, waybill="W", parcel_id="p")
    await loans.tell(order_id, House.HANDED_OVER)
    store = f"/api/stores/{loans.stores['store']}"
    line = (await post(keeper, f"{store}/returns", code="BC1"))["line"]
    assert (await post(keeper, f"{store}/standing", code="BC1"))["line"] == line
    odd = await keeper.http.post(f"{store}/inspections", json={"line": line, "condition": "eaten"})
    assert odd.status_code == 422
    await post(keeper, f"{store}/inspections", line=line, condition="ok")
    wrong = await keeper.http.post(f"{store}/put-back", json={"line": line, "location": "X"})
    assert wrong.json()["error"]["code"] == "wrong_location"
    await post(keeper, f"{store}/put-back", line=line, location="A-01-1")
    assert (await keeper.http.get(f"{store}/items?code=BC1")).json()["state"] == "available"
    await post(keeper, f"{store}/items/move", code="BC1", location="B-02-2")
    off = await post(keeper, f"{store}/items/off", code="BC1", reason="unshelved", note="修补")
    assert off["state"] == "unshelved" and off["location"] == "B-02-2"
    assert (await post(keeper, f"{store}/items", barcode="BC1"))["state"] == "available"
    label = (await keeper.http.get(f"{store}/item-label.pdf?code=BC1")).content
    assert codes_on(label) == ["BC1"]
    figures = (await keeper.http.get(f"{store}/holdings")).json()
    assert figures["states"] == {"available": 1}


async def test_papers_and_lists_are_nobody_elses(loans: Loans, keeper: Person) -> None:
    urls: Sequence[str] = ("work", "pick-list.pdf", "holdings", "items?code=1", "parcels/x/label.pdf")
    for url in urls:
        answer: httpx.Response = await keeper.http.get(f"/api/stores/{loans.stores['stack']}/{url}")
        assert answer.status_code == 404, url
        assert (await loans.town.people["reader"].http.get(f"/api/stores/x/{url}")).status_code == 403, url
