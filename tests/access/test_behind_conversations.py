"""The page behind a conversation: it tells of other conversations and of staff, so it is for staff alone."""

import pytest

from tests.access.asking import askers
from tests.town import Town


async def test_who_answers_for_it_or_looks_after_it_sees_what_is_behind(town: Town) -> None:
    # Comes first here: what the other tests ask is nobody's to take.
    reader = await town.ask("台后面的一页")
    async with town.socket(town.people["lin"]):
        await town.available("lin")
        assert await town.take("lin") == reader.session
        named = {"lin", "manager", "duty_manager", "administrator", "inspector"}
        for asker in await askers(town, reader):
            answer = await town.http.get(f"/api/sessions/{reader.session}/desk-view", headers=asker.headers)
            assert (answer.status_code == 200) is (asker.name in named), (asker.name, answer.text)


@pytest.mark.parametrize("logged_in", [False, True], ids=["a visitor", "a reader who is logged in"])
async def test_a_reader_does_not_look_behind_their_own_conversation(town: Town, logged_in: bool) -> None:
    before = await town.ask("很私人的问题")
    await before.http.post(f"/api/sessions/{before.session}/end", headers=before.headers, json={})
    reader = await town.ask("第二个问题", visitor=before.visitor)
    ways = [reader.headers, {"Authorization": f"Visitor {reader.visitor}"}]
    http, path = reader.http, f"/api/sessions/{reader.session}"
    if logged_in:
        http, ways = town.people["reader"].http, [{}]
        wish = {"topic": "reference", "question": "登录后的问题", "client_id": "mine"}
        path = f"/api/sessions/{(await http.post('/api/desks/home/sessions', json=wish)).json()['session']['id']}"
    for headers in ways:
        assert (await http.get(path, headers=headers)).status_code == 200, "the conversation is theirs"
        refused = await http.get(f"{path}/desk-view", headers=headers)
        assert refused.status_code in (401, 403), refused.text
        assert "很私人的问题" not in refused.text and "staff" not in refused.text


async def test_who_asked_does_not_look_behind_it_whatever_else_they_are(town: Town) -> None:
    http = town.people["wu"].http
    wish = {"topic": "reference", "question": "馆员自己的问题", "client_id": "wu"}
    opened = await http.post("/api/desks/home/sessions", json=wish)
    refused = await http.get(f"/api/sessions/{opened.json()['session']['id']}/desk-view")
    assert refused.status_code == 403, refused.text
