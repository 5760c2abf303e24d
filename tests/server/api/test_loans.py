"""The doors of a reader's loans: who may do what, what is refused how, and an order's topic over the socket."""

import pytest

from server.domain.loans import House
from tests.loan_day import ADDRESS, opened, walk
from tests.shelves import Shelves, add_notice
from tests.town import Town


@pytest.fixture
async def shelves(town: Town) -> Shelves:
    return await opened(town)


async def order(
    town: Town, shelves: Shelves, *titles: str, press: str = "p1", **more: str
) -> dict[str, object]:
    """What the door says to an order for collection."""
    http = town.people["reader"].http
    step = (await http.get("/api/me/order-step")).json()
    records = [shelves.records[title] for title in titles]
    body = {"client_id": press, "records": records, "way": "collection", "slot": step["collection"][0]["id"]}
    return dict((await http.post("/api/me/orders", json={**body, **more})).json())


async def test_everybody_searches_and_only_readers_keep_and_order(town: Town, shelves: Shelves) -> None:
    record = shelves.records["红楼梦"]
    found = (await town.http.get("/api/loans/titles", params={"q": "红楼"})).json()["titles"]
    assert [(title["record"], title["free"], title["lists"]) for title in found] == [(record, 2, [])]
    for path, body in (
        ("/api/me/lists/cart", {"record": record}),
        ("/api/me/orders", {"client_id": "p", "records": [record], "way": "collection"}),
        (f"/api/loans/titles/{record}/comments", {"text": "好"}),
        ("/api/loans/suggestions", {"client_id": "p", "text": "好"}),
    ):
        assert (await town.http.post(path, json=body)).status_code == 401, path
    for path in ("/api/me/cart", "/api/me/card", "/api/me/addresses", "/api/me/orders", "/api/me/order-step"):
        assert (await town.http.get(path)).status_code == 401, path


async def test_pages_of_hits_follow_each_other_and_words_are_needed(town: Town, shelves: Shelves) -> None:
    for query, field in (({}, "q"), ({"q": "，"}, "q"), ({"q": "图书", "cursor": "x"}, "cursor")):
        answer = await town.http.get("/api/loans/titles", params=query)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert (await town.http.get("/api/loans/titles/99999999")).status_code == 404
    assert (await town.http.get("/api/loans/titles/x")).status_code == 404
    assert (await town.http.get("/api/loans/classes/ZZ")).status_code == 404


async def test_refusals_name_rule_and_field(town: Town, shelves: Shelves) -> None:
    names = list(shelves.records)
    for titles, more, code, rule in (
        (names[:6], {}, "card_full", "R-COM.9"),
        ([], {}, "cart_empty", "R-COM.2"),
        (["无本可借"], {}, "title_gone", "R-LOAN.1"),
        (["红楼梦"], {"way": "delivery"}, "address_needed", "R-COM.3"),
        (["红楼梦"], {"slot": ""}, "slot_needed", "R-COM.3"),
    ):
        error = (await order(town, shelves, *titles, **more))["error"]
        assert isinstance(error, dict)
        assert (error["code"], error["rule"]) == (code, rule), titles
    await add_notice(town.ctx, "suspension", "台风停运", stops=True)
    refused = await order(town, shelves, "红楼梦")
    assert isinstance(refused["error"], dict)
    assert "台风停运" in refused["error"]["message"] and refused["error"]["rule"] == "R-LOAN.10"


async def test_addresses_are_ones_own(town: Town, shelves: Shelves) -> None:
    reader, other = town.people["reader"].http, town.people["wu"].http
    address = (await reader.post("/api/me/addresses", json=ADDRESS)).json()
    assert address["default"]
    second = (
        await reader.post("/api/me/addresses", json={**ADDRESS, "line": "二号", "default": True})
    ).json()
    kept = (await reader.get("/api/me/addresses")).json()
    assert [(each["id"], each["default"]) for each in kept] == [(second["id"], True), (address["id"], False)]
    assert (await other.put(f"/api/me/addresses/{address['id']}", json=ADDRESS)).status_code == 404
    assert (await other.delete(f"/api/me/addresses/{address['id']}")).status_code == 404
    bad = await reader.post("/api/me/addresses", json={**ADDRESS, "phone": "call me"})
    assert (bad.status_code, bad.json()["error"]["field"]) == (422, "phone")
    assert (await reader.delete(f"/api/me/addresses/{address['id']}")).status_code == 200


async def test_an_orders_topic_tells_its_reader_and_nobody_else(town: Town, shelves: Shelves) -> None:
    placed = await order(town, shelves, "红楼梦")
    topic = f"order/{placed['id']}"
    async with town.socket(town.people["reader"], topics={topic: placed["last"]}) as mine:
        subbed = await mine.hear("subbed", topic=topic)
        assert subbed["last"] == placed["last"]
        async with town.socket(town.people["wu"]) as strange:
            await strange.say(t="sub", topic=topic, after=0)
            await strange.hear("err")
        await walk(town.ctx, str(placed["id"]), (House.PICKED, House.PACKED))
        first = await mine.hear("ev", topic=topic)
        second = await mine.hear("ev", topic=topic)
        last = int(str(placed["last"]))
        assert [(each["seq"], each["kind"]) for each in (first, second)] == [
            (last + 1, "picked"),
            (last + 2, "packed"),
        ]
    async with town.socket(town.people["reader"], topics={topic: last + 1}) as again:  # what was missed comes
        assert (await again.hear("ev", topic=topic))["kind"] == "packed"


async def test_a_comment_is_shown_until_its_writer_or_a_manager_takes_it_away(
    town: Town, shelves: Shelves
) -> None:
    record, reader = shelves.records["红楼梦"], town.people["reader"].http
    path = f"/api/loans/titles/{record}"
    mine = (await reader.post(f"{path}/comments", json={"text": " 值得重读。 "})).json()
    assert mine["text"] == "值得重读。"
    theirs = (await town.people["wu"].http.post(f"{path}/comments", json={"text": "骂人的话"})).json()
    assert len((await town.http.get(path)).json()["comments"]) == 2
    assert (await town.people["wu"].http.delete(f"/api/me/comments/{mine['id']}")).status_code == 404
    assert (await reader.delete(f"/api/me/comments/{mine['id']}")).status_code == 200
    hidden = await town.people["manager"].http.post(f"/api/manage/title-comments/{theirs['id']}/hide")
    assert hidden.status_code == 200
    assert (await town.http.get(path)).json()["comments"] == []
    assert (await reader.post(f"{path}/comments", json={"text": " "})).status_code == 422


async def test_a_suggestion_is_kept_once_for_each_press(town: Town, shelves: Shelves) -> None:
    reader = town.people["reader"].http
    body = {"client_id": "s1", "text": "多买些大字本。"}
    assert (await reader.post("/api/loans/suggestions", json=body)).json() == {"again": False}
    assert (await reader.post("/api/loans/suggestions", json=body)).json() == {"again": True}
    row = await town.ctx.db.read.row("SELECT COUNT(*) AS n FROM suggestion")
    assert row is not None and row["n"] == 1


async def test_cards_are_kept_by_the_managers_of_the_readers_library(town: Town, shelves: Shelves) -> None:
    path = f"/api/manage/readers/{town.people['reader'].id}/card"
    body = {"kind": "city", "group": "elder"}
    assert (await town.people["lin"].http.put(path, json=body)).status_code == 403
    assert (await town.people["far_manager"].http.put(path, json=body)).status_code == 403
    card = (await town.people["manager"].http.put(path, json=body)).json()
    assert (card["limit"], card["loan_days"]) == (10, 45)
    assert (await town.people["reader"].http.get("/api/me/card")).json()["kind"] == "city"
    assert (await town.people["manager"].http.put(path, json={"kind": "gold"})).status_code == 422
