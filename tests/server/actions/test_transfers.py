"""Conversations passed on and colleagues brought in: somebody is there for the reader, or it is refused."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest

from server.actions.desk_work import Transfer, invite_colleague, transfer_session
from server.actions.places import place_of
from server.domain.chat import State, Topic
from server.domain.errors import Conflict
from server.domain.permissions import Role
from tests.hall import Hall, open_hall


@pytest.fixture
async def hall(database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(database_url, tmp_path) as hall:
        yield hall


def pass_on(hall: Hall, name: str, session: str, to: str, id: str = "") -> Awaitable[Any]:
    return transfer_session(hall.ctx, hall.people[name], session, Transfer(to, id, "那边更熟悉"))


async def test_who_chose_order_by_mistake_comes_to_a_librarian_of_their_desk(hall: Hall) -> None:
    """They went round and round: offered to support agents alone, back to the one who had passed them on."""
    await hall.staff("agent", "far", role=Role.SUPPORT_AGENT)
    asked = await hall.talk("agent", "reader", topic="order")
    await hall.staff("mei")
    await pass_on(hall, "agent", asked, "desk", hall.desks["home"])
    shown = await hall.session(asked)
    assert (shown.topic, shown.target_desk_id) == (Topic.REFERENCE, hall.desks["home"])
    place = await place_of(hall.ctx, shown)
    assert (place.position, place.wait_seconds, place.on_duty) == (1, 0, 1)
    await hall.work()
    assert await hall.who(asked) == "mei"
    assert (await hall.take("mei")).id == asked


@pytest.mark.parametrize(
    ("role", "also", "topic"),
    [
        (Role.LIBRARIAN, [], "reference"),
        (Role.SUPPORT_AGENT, [], "order"),
        (Role.LIBRARIAN, [Role.SUPPORT_AGENT], "order"),
    ],
)
async def test_what_is_passed_on_to_a_person_is_their_kind_of_question(
    hall: Hall, role: Role, also: list[Role], topic: str
) -> None:
    await hall.staff("agent", role=Role.SUPPORT_AGENT)
    asked = await hall.talk("agent", "reader", topic="order")
    wu = await hall.staff("wu", "far", role=role, also=also)
    await pass_on(hall, "agent", asked, "person", wu.account_id)
    await hall.work()
    assert await hall.who(asked) == "wu"
    assert (await hall.take("wu")).topic == topic


async def test_a_conversation_passed_on_to_support_comes_to_an_agent(hall: Hall) -> None:
    await hall.staff("lin")
    asked = await hall.talk("lin", "reader")
    await hall.staff("mei")
    await hall.staff("agent", "far", role=Role.SUPPORT_AGENT)
    await pass_on(hall, "lin", asked, "support")
    assert (await place_of(hall.ctx, await hall.session(asked))).on_duty == 1
    await hall.work()
    assert (await hall.take("agent")).id == asked
    assert await hall.kinds(asked) == ["queued", "message", "joined", "transferred", "requeued", "joined"]


async def test_a_reader_is_not_passed_on_to_where_nobody_is(hall: Hall) -> None:
    lin = await hall.staff("lin")
    asked = await hall.talk("lin", "reader")
    await hall.hire("agent", role=Role.SUPPORT_AGENT)
    await hall.hire("mei", "near")
    await hall.come("mei")  # at her screen, and away

    async def refused(code: str, *to: str) -> str:
        with pytest.raises(Conflict, match=code) as refusal:
            await pass_on(hall, "lin", asked, *to)
        held = await hall.session(asked)
        assert (held.state, held.staff_id) == (State.ACTIVE, lin.account_id)
        assert "transferred" not in await hall.kinds(asked)
        return refusal.value.rule_id

    assert await refused("support_unattended", "support") == "R-LIVE.4"
    assert await refused("desk_unattended", "desk", hall.desks["near"]) == "R-LIVE.4"
    await hall.staff("agent2", role=Role.SUPPORT_AGENT)
    await refused("desk_unattended", "desk", hall.desks["near"])  # an agent is nobody for this
    await hall.wish("mei", availability="available", topics=frozenset({"platform"}))
    await refused("desk_unattended", "desk", hall.desks["near"])


@pytest.mark.parametrize("where", ["home", "near", "far"])
async def test_somebody_in_any_circle_that_it_comes_to_is_somebody(hall: Hall, where: str) -> None:
    await hall.staff("lin")
    asked = await hall.talk("lin", "reader")
    await hall.staff("mei", where)
    await pass_on(hall, "lin", asked, "desk", hall.desks["home"])
    await hall.work()
    assert await hall.who(asked) == "mei"


async def test_a_desk_that_is_not_open_is_given_nothing_new(hall: Hall) -> None:
    await hall.staff("lin")
    asked = await hall.talk("lin", "reader")
    await hall.staff("mei", "near")
    async with hall.ctx.transaction() as tx:
        for desk in hall.desks.values():
            await tx.execute("UPDATE desk SET open = FALSE WHERE id = $1", desk)
    with pytest.raises(Conflict, match="desk_takes_nothing"):
        await pass_on(hall, "lin", asked, "desk", hall.desks["near"])
    await pass_on(hall, "lin", asked, "desk", hall.desks["home"])  # where they talk already they finish
    await hall.work()
    assert await hall.who(asked) == "mei"


async def test_nobody_joins_who_is_not_there(hall: Hall) -> None:
    """The reader was told that a colleague had joined who had gone home."""
    lin = await hall.staff("lin")
    asked = await hall.talk("lin", "reader")
    mei = await hall.hire("mei")
    for come in (False, True):
        if come:
            await hall.come("mei")  # and is away
        with pytest.raises(Conflict, match="colleague_absent") as refusal:
            await invite_colleague(hall.ctx, lin, asked, mei.account_id)
        assert refusal.value.data == {"name": "Mei"}
    assert (await hall.kinds(asked)).count("joined") == 1
    await hall.wish("mei", availability="busy")  # who takes nobody new may help a colleague
    await invite_colleague(hall.ctx, lin, asked, mei.account_id)
    assert (await hall.kinds(asked)).count("joined") == 2
