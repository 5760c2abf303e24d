"""Standing duty through the doors: what one offers, offers taken, declined and shown with their countdown."""

import asyncio

from tests.town import Town


async def test_one_sets_what_one_offers_and_the_console_shows_it(town: Town) -> None:
    lin = town.people["lin"].http
    wish = {"availability": "busy", "capacity": 2, "topics": ["platform"], "languages": ["en", "zh"]}
    changed = await lin.put("/api/console/duty", json=wish)
    assert changed.status_code == 200, changed.text
    duty = (await lin.get("/api/console")).json()["duty"]
    assert {name: duty[name] for name in wish} == wish
    assert duty["version"] == changed.json()["version"]


async def test_a_part_left_out_stays_as_it_is(town: Town) -> None:
    lin = town.people["lin"].http
    await lin.put("/api/console/duty", json={"capacity": 5})
    duty = (await lin.put("/api/console/duty", json={"availability": "available"})).json()
    assert (duty["capacity"], duty["availability"]) == (5, "available")


async def test_what_cannot_be_names_its_field_in_both_languages(town: Town) -> None:
    lin = town.people["lin"].http
    for wish, field in (
        ({"availability": "asleep"}, "availability"),
        ({"capacity": 0}, "capacity"),
        ({"topics": ["order"]}, "topics"),
        ({"languages": []}, "languages"),
    ):
        said = set()
        for language in ("zh", "en"):
            answer = await lin.put(f"/api/console/duty?lang={language}", json=wish)
            error = answer.json()["error"]
            assert (answer.status_code, error["field"]) == (422, field)
            said.add(error["message"])
        assert len(said) == 2


async def test_an_offer_shows_its_countdown_and_is_taken_once(town: Town) -> None:
    lin = town.people["lin"].http
    own = f"staff/{town.people['lin'].id}"
    async with town.socket(town.people["lin"], topics={own: 0}) as console:
        await town.available("lin")
        reader = await town.ask()
        await console.hear("duty", why="offer")
        offer = await town.offer("lin")
        assert offer["session"]["id"] == reader.session
        assert 0 < offer["seconds"] <= 12
        path = f"/api/offers/{offer['offer_id']}/accept"
        answers = await asyncio.gather(*(lin.post(path) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.json()["id"] for answer in answers} == {reader.session}


async def test_an_offer_belongs_to_one_person(town: Town) -> None:
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        await town.ask()
        offer = await town.offer("lin")
        for deed in ("accept", "decline"):
            answer = await town.people["mei"].http.post(f"/api/offers/{offer['offer_id']}/{deed}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "offer_gone")


async def test_a_declined_reader_reaches_the_next_librarian(town: Town) -> None:
    async with town.socket(town.people["lin"]), town.socket(town.people["mei"]):
        await town.available("lin")
        reader = await town.ask()
        offer = await town.offer("lin")
        await town.available("mei")
        declined = await town.people["lin"].http.post(f"/api/offers/{offer['offer_id']}/decline")
        assert declined.status_code == 200
        assert await town.take("mei") == reader.session


async def test_a_reader_stands_no_duty(town: Town) -> None:
    answer = await town.people["reader"].http.put("/api/console/duty", json={"availability": "available"})
    assert answer.status_code == 403
