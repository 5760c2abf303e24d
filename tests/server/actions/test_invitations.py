"""Inviting staff and giving roles, each within one's own scope."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from server.actions.accounts import resolve_actor
from server.actions.duty import set_duty
from server.actions.grants import grant_role, list_staff, revoke_role, set_account_open
from server.actions.invitations import Invitation, accept_invitation, invite_staff, view_invitation
from server.actions.logins import LoggedIn, log_in
from server.domain.accounts import OPERATOR
from server.domain.duty import DutyWish
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from server.domain.permissions import NOBODY, Actor, Role
from server.domain.policies import PolicyEntry
from server.store.duty import duty_of
from server.store.policies import add_entry
from server.store.postings import desk_ids_of_staff
from tests.server.actions.conftest import PASSWORD, Alliance


def invitation(
    alliance: Alliance, role: Role = Role.LIBRARIAN, library: str = "home", **more: object
) -> Invitation:
    values = {
        "mail": "wang@library.test",
        "name": "王强",
        "library_id": alliance.libraries[library],
        "grants": (alliance.grant(role, library),),
        "desk_ids": (alliance.desks[library].id,),
        **more,
    }
    return Invitation(**values)  # type: ignore[arg-type]


async def manager(alliance: Alliance, library: str = "home") -> Actor:
    return await alliance.actor(f"manager-{library}", alliance.grant(Role.MANAGER, library), library=library)


async def invited(alliance: Alliance, actor: Actor, wanted: Invitation) -> str:
    link = await invite_staff(alliance.ctx, actor, wanted)
    secret = link.rpartition("/")[2]
    assert link.endswith(f"/invite/{secret}")
    assert secret == await alliance.mailed_secret("invite")
    return secret


async def test_an_invited_librarian_can_work_at_once(alliance: Alliance) -> None:
    secret = await invited(alliance, await manager(alliance), invitation(alliance))
    view = await view_invitation(alliance.ctx, secret)
    assert (view.library_zh, view.roles, view.known, view.staff) == (
        "书桥图书馆",
        ("librarian",),
        False,
        True,
    )
    login = await accept_invitation(alliance.ctx, secret, name="王 强", password=PASSWORD)
    assert login is not None
    actor = await resolve_actor(alliance.ctx, cookie=login.secret)
    assert Role.LIBRARIAN in actor.roles and actor.library_id == alliance.libraries["home"]
    assert await desk_ids_of_staff(alliance.ctx.db.read, actor.account_id) == (alliance.desks["home"].id,)
    assert (await duty_of(alliance.ctx.db.read, actor.account_id)).role == Role.LIBRARIAN


@pytest.mark.parametrize(("home", "alliance_wide", "taken"), [(5, None, 5), (None, 2, 2), (None, None, 3)])
async def test_who_is_new_takes_as_many_readers_as_their_library_says(
    alliance: Alliance, home: int | None, alliance_wide: int | None, taken: int
) -> None:
    """Invited or given the role; everybody began with three, whatever the managers had set."""
    now = alliance.clock.now()
    async with alliance.ctx.transaction() as tx:
        for library_id, value in ((alliance.libraries["home"], home), ("", alliance_wide)):
            if value is not None:
                number = alliance.ctx.ids.new()
                await add_entry(tx, PolicyEntry(number, library_id, "default_capacity", value, now, "test"))
    secret = await invited(alliance, await manager(alliance), invitation(alliance))
    login = await accept_invitation(alliance.ctx, secret, name="王 强", password=PASSWORD)
    assert login is not None
    reader = await alliance.actor("zhao", alliance.grant(Role.INSPECTOR), library="home")
    await grant_role(alliance.ctx, OPERATOR, reader.account_id, alliance.grant(Role.LIBRARIAN, "home"))
    for new in (login.actor, reader):
        assert (await duty_of(alliance.ctx.db.read, new.account_id)).capacity == taken


async def test_a_support_agent_who_becomes_a_librarian_is_offered_readers_questions(
    alliance: Alliance,
) -> None:
    """They kept the topics of support, and waited for questions that came to everybody else."""
    agent = await alliance.actor("agent", alliance.grant(Role.SUPPORT_AGENT), library="home")
    await grant_role(alliance.ctx, OPERATOR, agent.account_id, alliance.grant(Role.INTERN, "home"))
    assert (await duty_of(alliance.ctx.db.read, agent.account_id)).role == Role.SUPPORT_AGENT
    await grant_role(alliance.ctx, OPERATOR, agent.account_id, alliance.grant(Role.LIBRARIAN, "home"))
    duty = await duty_of(alliance.ctx.db.read, agent.account_id)
    assert (duty.role, duty.topics) == (Role.LIBRARIAN, {"reference", "platform", "account", "order"})


async def test_a_librarian_is_offered_orders_while_they_are_a_support_agent_as_well(
    alliance: Alliance,
) -> None:
    """In a small library one person is both; what they chose among the topics stays."""
    lin = await alliance.actor("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    await set_duty(alliance.ctx, lin, DutyWish(topics=frozenset({"platform"})))
    with pytest.raises(Invalid):
        await set_duty(alliance.ctx, lin, DutyWish(topics=frozenset({"order"})))
    support = alliance.grant(Role.SUPPORT_AGENT)
    await grant_role(alliance.ctx, OPERATOR, lin.account_id, support)
    assert (await duty_of(alliance.ctx.db.read, lin.account_id)).topics == {"platform", "order"}
    both = replace(lin, grants=(*lin.grants, support))
    await set_duty(alliance.ctx, both, DutyWish(topics=frozenset({"order"})))  # today, only these
    await revoke_role(alliance.ctx, OPERATOR, lin.account_id, support)
    duty = await duty_of(alliance.ctx.db.read, lin.account_id)
    assert (duty.role, duty.topics) == (Role.LIBRARIAN, {"reference", "platform", "account"})


async def test_a_further_role_leaves_what_somebody_chose(alliance: Alliance) -> None:
    intern = await alliance.actor("intern", alliance.grant(Role.INTERN, "home"), library="home")
    await set_duty(alliance.ctx, intern, DutyWish(capacity=1, topics=frozenset({"platform"})))
    await grant_role(alliance.ctx, OPERATOR, intern.account_id, alliance.grant(Role.LIBRARIAN, "home"))
    duty = await duty_of(alliance.ctx.db.read, intern.account_id)
    assert (duty.role, duty.capacity, duty.topics) == (Role.LIBRARIAN, 1, {"platform"})


@pytest.mark.parametrize(
    ("role", "library"),
    [(Role.LIBRARIAN, "other"), (Role.MANAGER, ""), (Role.INSPECTOR, ""), (Role.ADMINISTRATOR, "")],
)
async def test_a_manager_gives_nothing_outside_their_own_library(
    alliance: Alliance, role: Role, library: str
) -> None:
    grants = (alliance.grant(role, library),)
    with pytest.raises(NotAllowed):
        await invite_staff(alliance.ctx, await manager(alliance), invitation(alliance, grants=grants))
    assert await alliance.mails() == []


async def test_a_manager_seats_nobody_at_another_librarys_desk(alliance: Alliance) -> None:
    wanted = invitation(alliance, desk_ids=(alliance.desks["other"].id,))
    with pytest.raises(NotAllowed):
        await invite_staff(alliance.ctx, await manager(alliance), wanted)


async def test_readers_and_librarians_invite_nobody(alliance: Alliance) -> None:
    for name, grants in (("reader", ()), ("lin", (alliance.grant(Role.LIBRARIAN, "home"),))):
        actor = await alliance.actor(name, *grants)
        with pytest.raises(NotAllowed):
            await invite_staff(alliance.ctx, actor, invitation(alliance))


async def test_of_two_who_follow_the_link_at_once_one_gets_in(alliance: Alliance) -> None:
    secret = await invited(alliance, await manager(alliance), invitation(alliance))
    answers = await asyncio.gather(
        *(accept_invitation(alliance.ctx, secret, password=PASSWORD) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, LoggedIn) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {"link_gone"}


async def test_an_invitation_lasts_seven_days(alliance: Alliance) -> None:
    secret = await invited(alliance, await manager(alliance), invitation(alliance))
    alliance.clock.advance(timedelta(days=7))
    with pytest.raises(NotFound):
        await view_invitation(alliance.ctx, secret)


async def test_an_invitation_by_who_is_no_manager_any_more_is_worth_nothing(alliance: Alliance) -> None:
    inviter = await manager(alliance)
    secret = await invited(alliance, inviter, invitation(alliance))
    await revoke_role(alliance.ctx, OPERATOR, inviter.account_id, alliance.grant(Role.MANAGER, "home"))
    with pytest.raises(NotAllowed):
        await accept_invitation(alliance.ctx, secret, password=PASSWORD)


async def test_who_has_an_account_keeps_their_password_and_gains_the_role(alliance: Alliance) -> None:
    await alliance.person("wang")
    secret = await invited(alliance, await manager(alliance), invitation(alliance))
    assert (await view_invitation(alliance.ctx, secret)).known
    assert await accept_invitation(alliance.ctx, secret, password="ignored here") is None
    login = await log_in(alliance.ctx, mail="wang@library.test", password=PASSWORD, address="192.0.2.1")
    assert Role.LIBRARIAN in login.actor.roles


async def test_a_revoked_role_ends_with_the_next_request_and_with_it_the_duty(alliance: Alliance) -> None:
    grant = alliance.grant(Role.LIBRARIAN, "home")
    librarian = await alliance.person("lin", grant, library="home")
    await revoke_role(alliance.ctx, await manager(alliance), librarian.account.id, grant)
    assert not (await resolve_actor(alliance.ctx, cookie=librarian.secret)).is_staff
    with pytest.raises(NotFound):
        await duty_of(alliance.ctx.db.read, librarian.account.id)
    with pytest.raises(NotFound):
        await revoke_role(alliance.ctx, OPERATOR, librarian.account.id, grant)


async def test_grants_and_revocations_stand_in_the_audit_trail(alliance: Alliance) -> None:
    boss, person = await manager(alliance), await alliance.actor("lin")
    grant = alliance.grant(Role.INTERN, "home")
    await grant_role(alliance.ctx, boss, person.account_id, grant)
    with pytest.raises(Conflict):
        await grant_role(alliance.ctx, boss, person.account_id, grant)
    await revoke_role(alliance.ctx, boss, person.account_id, grant)
    rows = await alliance.ctx.db.read.rows(
        "SELECT verb, actor_id, detail FROM audit_entry WHERE subject = $1 ORDER BY id",
        f"account:{person.account_id}",
    )
    assert [(row["verb"], row["actor_id"]) for row in rows] == [
        ("role.grant", boss.account_id),
        ("role.revoke", boss.account_id),
    ]
    assert rows[0]["detail"] == f"intern@library:{alliance.libraries['home']}"


async def test_somebody_is_always_left_to_administer(alliance: Alliance) -> None:
    grant = alliance.grant(Role.ADMINISTRATOR)
    first, second = await alliance.actor("first", grant), await alliance.actor("second", grant)
    answers = await asyncio.gather(
        revoke_role(alliance.ctx, first, second.account_id, grant),
        revoke_role(alliance.ctx, second, first.account_id, grant),
        return_exceptions=True,
    )
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["last_administrator"]


async def test_only_an_administrator_makes_administrators(alliance: Alliance) -> None:
    duty_manager = await alliance.actor("duty", alliance.grant(Role.MANAGER))
    person = await alliance.actor("lin")
    with pytest.raises(NotAllowed):
        await grant_role(alliance.ctx, duty_manager, person.account_id, alliance.grant(Role.ADMINISTRATOR))
    with pytest.raises(Invalid):
        await grant_role(
            alliance.ctx, OPERATOR, person.account_id, alliance.grant(Role.ADMINISTRATOR, "home")
        )


async def test_a_closed_account_is_logged_out_and_stays_out(alliance: Alliance) -> None:
    librarian = await alliance.person("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    far = await manager(alliance, "other")
    with pytest.raises(NotAllowed):
        await set_account_open(alliance.ctx, far, librarian.account.id, is_open=False)
    await set_account_open(alliance.ctx, await manager(alliance), librarian.account.id, is_open=False)
    assert await resolve_actor(alliance.ctx, cookie=librarian.secret) == NOBODY
    with pytest.raises(Invalid):
        await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")
    await set_account_open(alliance.ctx, OPERATOR, librarian.account.id, is_open=True)
    assert await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")


async def test_a_manager_closes_no_readers_account(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    with pytest.raises(NotAllowed):
        await set_account_open(alliance.ctx, await manager(alliance), reader.account_id, is_open=False)


async def test_a_manager_sees_the_staff_of_their_library(alliance: Alliance) -> None:
    await alliance.person("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    await alliance.person("wu", alliance.grant(Role.LIBRARIAN, "other"), library="other")
    await alliance.person("reader")
    boss = await manager(alliance)
    assert [account.name for account, _ in await list_staff(alliance.ctx, boss)] == ["Lin", "Manager-Home"]
    everybody = await list_staff(alliance.ctx, OPERATOR, search="LI")
    assert [account.name for account, _ in everybody] == [
        "Lin",
        "Manager-Home",
        "Wu",
    ]  # all hold "li" in their address
