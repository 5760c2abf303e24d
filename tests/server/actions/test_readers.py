"""Readers imported by their library."""

import pytest

from server.actions.accounts import request_reset, reset_password
from server.actions.invitations import accept_invitation, view_invitation
from server.actions.logins import log_in
from server.actions.readers import import_readers
from server.domain.accounts import AccountState
from server.domain.errors import Invalid, NotAllowed
from server.domain.permissions import Actor, Role
from server.store.accounts import account_by_mail
from tests.server.actions.conftest import PASSWORD, Alliance

GOOD = "邮箱,姓名,读者证号,语言\nA@reader.test,安安,00012,\nb@reader.test,Ben,00013,en\n"


async def manager(alliance: Alliance) -> Actor:
    return await alliance.actor("manager", alliance.grant(Role.MANAGER, "home"), library="home")


async def test_a_list_becomes_readers_who_choose_their_passwords(alliance: Alliance) -> None:
    done = await import_readers(alliance.ctx, await manager(alliance), alliance.libraries["home"], GOOD)
    assert (done.lines, done.created, done.known, done.problems, done.imported) == (2, 2, 0, (), True)
    account = await account_by_mail(alliance.ctx.db.read, "a@reader.test")
    assert account is not None
    assert (account.state, account.card_number, account.library_id) == (
        AccountState.PENDING,
        "00012",
        alliance.libraries["home"],
    )
    with pytest.raises(Invalid):
        await log_in(alliance.ctx, mail="a@reader.test", password="", address="192.0.2.1")
    mail = next(mail for mail in await alliance.mails() if mail.recipient == "a@reader.test")
    secret = mail.data["link"].rpartition("/")[2]
    assert not (await view_invitation(alliance.ctx, secret)).staff
    assert await accept_invitation(alliance.ctx, secret, password=PASSWORD) is not None
    login = await log_in(alliance.ctx, mail="a@reader.test", password=PASSWORD, address="192.0.2.1")
    assert login.actor.roles == {Role.READER}


async def test_bad_lines_are_reported_and_nothing_is_imported(alliance: Alliance) -> None:
    text = GOOD + "not an address,,x\n" + "a@reader.test,安安第二,9,\n"
    done = await import_readers(alliance.ctx, await manager(alliance), alliance.libraries["home"], text)
    assert not done.imported
    assert [(found.line, found.problem.field, found.problem.code) for found in done.problems] == [
        (4, "mail", "mail_wrong"),
        (4, "name", "field_required"),
        (5, "mail", "list_twice"),
    ]
    assert await account_by_mail(alliance.ctx.db.read, "a@reader.test") is None
    assert await alliance.mails() == []


async def test_the_good_lines_alone_are_imported_when_asked_for(alliance: Alliance) -> None:
    done = await import_readers(
        alliance.ctx, await manager(alliance), alliance.libraries["home"], GOOD + "x,y,z\n", good_only=True
    )
    assert (done.created, len(done.problems), done.imported, done.lines) == (2, 1, True, 3)


async def test_importing_again_changes_nothing_and_mails_nobody(alliance: Alliance) -> None:
    boss = await manager(alliance)
    await import_readers(alliance.ctx, boss, alliance.libraries["home"], GOOD)
    before = len(await alliance.mails())
    done = await import_readers(alliance.ctx, boss, alliance.libraries["home"], GOOD)
    assert (done.created, done.known) == (0, 2)
    assert len(await alliance.mails()) == before


async def test_a_reader_of_another_library_stays_there(alliance: Alliance) -> None:
    await alliance.person("a", library="other", mail="a@reader.test")
    await alliance.person("b", mail="b@reader.test")
    await import_readers(alliance.ctx, await manager(alliance), alliance.libraries["home"], GOOD)
    first, second = [await account_by_mail(alliance.ctx.db.read, f"{name}@reader.test") for name in "ab"]
    assert first is not None and second is not None
    assert (first.library_id, second.library_id) == (alliance.libraries["other"], alliance.libraries["home"])
    assert second.card_number == "00013"
    assert await log_in(alliance.ctx, mail="a@reader.test", password=PASSWORD, address="192.0.2.1")


async def test_who_lost_the_welcome_chooses_a_password_by_reset(alliance: Alliance) -> None:
    await import_readers(alliance.ctx, await manager(alliance), alliance.libraries["home"], GOOD)
    await request_reset(alliance.ctx, mail="a@reader.test", address="192.0.2.1")
    await reset_password(alliance.ctx, await alliance.mailed_secret("reset"), password=PASSWORD)
    assert await log_in(alliance.ctx, mail="a@reader.test", password=PASSWORD, address="192.0.2.1")


async def test_a_manager_imports_into_their_own_library_only(alliance: Alliance) -> None:
    with pytest.raises(NotAllowed):
        await import_readers(alliance.ctx, await manager(alliance), alliance.libraries["other"], GOOD)


async def test_many_readers_show_their_progress(alliance: Alliance) -> None:
    text = "mail,name\n" + "".join(f"r{number}@reader.test,读者{number}\n" for number in range(250))
    seen: list[tuple[int, int]] = []
    done = await import_readers(
        alliance.ctx,
        await manager(alliance),
        alliance.libraries["home"],
        text,
        progress=lambda *step: seen.append(step),
    )
    assert done.created == 250
    assert seen == [(100, 250), (200, 250), (250, 250)]
