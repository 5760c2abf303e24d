"""An earlier conversation, and who may go on from it after logging in: whoever proves both, and says so."""

from typing import Any

from tests.town import Reader, Town


async def ended(town: Town) -> Reader:
    """A visitor's conversation at the home desk that is over."""
    visitor = await town.ask("没有登录时问的")
    answer = await visitor.http.post(f"/api/sessions/{visitor.session}/end", headers=visitor.headers, json={})
    assert answer.status_code == 200, answer.text
    return visitor


async def ask_as(town: Town, name: str, press: str, **more: Any) -> dict[str, Any]:
    """A question of somebody who is logged in; what they wrote before is out of their way."""
    http = town.people[name].http
    wish = {"topic": "reference", "question": "登录以后接着问", "client_id": press, **more}
    answer = await http.post("/api/desks/home/sessions", json=wish)
    assert answer.status_code in (200, 201), answer.text
    opened: dict[str, Any] = answer.json()
    assert opened["visitor"] == "", "who is logged in needs no visitor's secret"
    over = await http.post(f"/api/sessions/{opened['session']['id']}/end", json={})
    assert over.status_code == 200, over.text
    return opened["session"]


async def seen_by(town: Town, name: str, session: str) -> int:
    return (await town.people[name].http.get(f"/api/sessions/{session}/events")).status_code


async def test_who_proves_both_goes_on_from_what_they_asked_before_logging_in(town: Town) -> None:
    visitor = await ended(town)
    await ask_as(town, "reader", "unnamed", visitor=visitor.visitor)
    assert await seen_by(town, "reader", visitor.session) == 404, "nobody said that they go on from it"
    fresh = await ask_as(town, "reader", "named", visitor=visitor.visitor, previous_id=visitor.session)
    shown = await town.people["reader"].http.get(f"/api/sessions/{fresh['id']}/events")
    assert shown.json()["events"][0]["data"]["previous_id"] == visitor.session
    assert await seen_by(town, "reader", visitor.session) == 200
    gone = await town.http.get(
        f"/api/sessions/{visitor.session}", headers={"Authorization": f"Visitor {visitor.visitor}"}
    )
    assert gone.status_code == 404, "it is the reader's now, and nobody's who comes next to this computer"


async def test_one_proof_is_not_enough(town: Town) -> None:
    visitor, stranger = await ended(town), await ended(town)
    for press, secret in (("none", ""), ("other", stranger.visitor), ("guess", "guessed, and long enough")):
        fresh = await ask_as(town, "reader", press, visitor=secret, previous_id=visitor.session)
        shown = await town.people["reader"].http.get(f"/api/sessions/{fresh['id']}/events")
        assert shown.json()["events"][0]["data"]["previous_id"] != visitor.session
    assert await seen_by(town, "reader", visitor.session) == 404


async def test_what_is_somebodys_already_goes_to_nobody_else(town: Town) -> None:
    visitor = await ended(town)
    await ask_as(town, "reader", "mine", visitor=visitor.visitor, previous_id=visitor.session)
    await ask_as(town, "mei", "yours", visitor=visitor.visitor, previous_id=visitor.session)
    assert await seen_by(town, "reader", visitor.session) == 200
    assert await seen_by(town, "mei", visitor.session) == 404


async def test_who_answered_does_not_become_who_asked(town: Town) -> None:
    lin = town.people["lin"]
    async with town.socket(lin, topics={f"staff/{lin.id}": 0}):
        await town.available("lin")
        visitor = await town.ask("请馆员回答")
        await town.take("lin")
        over = await lin.http.post(f"/api/sessions/{visitor.session}/end", json={})
        assert over.status_code == 200, over.text
    await ask_as(town, "lin", "own", visitor=visitor.visitor, previous_id=visitor.session)
    kept = await town.http.get(
        f"/api/sessions/{visitor.session}", headers={"Authorization": f"Visitor {visitor.visitor}"}
    )
    assert kept.status_code == 200, kept.text
