"""Registering, choosing a new password, keeping one's own account."""

import asyncio
from datetime import timedelta

import pytest

from server.actions.accounts import (
    change_password,
    keep_preferences,
    log_out_elsewhere,
    register_reader,
    request_reset,
    reset_password,
    resolve_actor,
    verify_mail,
    view_account,
)
from server.actions.logins import LoggedIn, log_in, start_login
from server.domain.accounts import AccountState
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany
from server.domain.logins import MAIL_TO, LogInKind
from server.domain.permissions import NOBODY
from server.store.accounts import account_by_id, account_by_mail
from tests.server.actions.conftest import PASSWORD, Alliance

NEW = "another good sentence 7"


async def register(alliance: Alliance, mail: str = "chen@reader.test") -> str:
    """Register and read the mail: the secret of its link."""
    await register_reader(alliance.ctx, mail=mail, name="陈晨", language="zh", address="192.0.2.9")
    return await alliance.mailed_secret("verify")


async def test_a_reader_registers_with_a_mail_address_that_is_proved(alliance: Alliance) -> None:
    secret = await register(alliance, "Chen@Reader.test")
    assert await account_by_mail(alliance.ctx.db.read, "chen@reader.test") is None, "nothing is kept before"
    login = await verify_mail(alliance.ctx, secret, password=PASSWORD)
    assert (login.account.name, login.account.verified_at) == ("陈晨", alliance.clock.now())
    assert (await resolve_actor(alliance.ctx, cookie=login.secret)).mail == "chen@reader.test"
    assert await log_in(alliance.ctx, mail="chen@reader.test", password=PASSWORD, address="192.0.2.9")


async def test_registering_tells_nobody_whether_an_address_is_known(alliance: Alliance) -> None:
    await alliance.person("lin")
    for mail in ("lin@library.test", "chen@reader.test"):
        await register_reader(alliance.ctx, mail=mail, name="陈晨", language="zh", address="192.0.2.9")
    newest, earlier = await alliance.mails()
    assert {(mail.recipient, mail.template) for mail in (newest, earlier)} == {
        ("chen@reader.test", "verify"),
        ("lin@library.test", "known"),
    }


async def test_a_verification_link_works_once_even_for_two_at_the_same_moment(alliance: Alliance) -> None:
    secret = await register(alliance)
    answers = await asyncio.gather(
        *(verify_mail(alliance.ctx, secret, password=PASSWORD) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, LoggedIn) for answer in answers) == 1
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["link_gone"] * 4


async def test_a_verification_link_lasts_a_day(alliance: Alliance) -> None:
    secret = await register(alliance)
    alliance.clock.advance(timedelta(hours=24))
    with pytest.raises(NotFound):
        await verify_mail(alliance.ctx, secret, password=PASSWORD)


async def test_a_password_that_will_not_do_leaves_the_link_good(alliance: Alliance) -> None:
    secret = await register(alliance)
    for bad in ("short", "1234567890", "chen@reader.test", "aaaaaaaaaaaa"):
        with pytest.raises(Invalid) as refused:
            await verify_mail(alliance.ctx, secret, password=bad)
        assert refused.value.field == "password"
    assert await verify_mail(alliance.ctx, secret, password=PASSWORD)


async def test_two_registrations_of_one_address_make_one_account(alliance: Alliance) -> None:
    first, second = await register(alliance), await register(alliance)
    await verify_mail(alliance.ctx, first, password=PASSWORD)
    with pytest.raises(Conflict) as refused:
        await verify_mail(alliance.ctx, second, password=NEW)
    assert refused.value.code == "mail_known"
    assert await log_in(alliance.ctx, mail="chen@reader.test", password=PASSWORD, address="192.0.2.9")


async def test_nobody_can_have_a_mailbox_filled(alliance: Alliance) -> None:
    for number in range(MAIL_TO.count):
        await request_reset(alliance.ctx, mail="chen@reader.test", address=f"192.0.2.{number}")
    with pytest.raises(TooMany):  # also where no account is: the refusal tells nothing
        await request_reset(alliance.ctx, mail="chen@reader.test", address="192.0.2.99")
    alliance.clock.advance(MAIL_TO.window)
    await request_reset(alliance.ctx, mail="chen@reader.test", address="192.0.2.99")


async def test_a_forgotten_password_is_replaced_and_ends_every_other_log_in(alliance: Alliance) -> None:
    before = await alliance.person("lin")
    await request_reset(alliance.ctx, mail="lin@library.test", address="192.0.2.9")
    login = await reset_password(alliance.ctx, await alliance.mailed_secret("reset"), password=NEW)
    assert await resolve_actor(alliance.ctx, cookie=before.secret) == NOBODY
    assert await resolve_actor(alliance.ctx, cookie=login.secret) != NOBODY
    with pytest.raises(Invalid):
        await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.9")
    assert await log_in(alliance.ctx, mail="lin@library.test", password=NEW, address="192.0.2.9")
    told = (await alliance.mails())[0]
    assert (told.template, told.recipient) == ("password_changed", "lin@library.test")
    assert str(told.data["link"]).endswith("/reset") and "2026" in str(told.data["at"])


async def test_one_logs_out_everywhere_else_and_stays_here(alliance: Alliance) -> None:
    phone, here = await alliance.person("lin"), await alliance.person("mei")
    async with alliance.ctx.transaction() as tx:
        account = await account_by_id(tx, here.actor.account_id)
        assert account is not None
        library_page = await start_login(alliance.ctx, tx, account, kind=LogInKind.WIDGET)
        other = await start_login(alliance.ctx, tx, account)
    await log_out_elsewhere(alliance.ctx, here.actor, cookie=here.secret)
    assert await resolve_actor(alliance.ctx, cookie=here.secret) != NOBODY
    assert await resolve_actor(alliance.ctx, cookie=other.secret) == NOBODY
    with pytest.raises(NotAllowed):
        await resolve_actor(alliance.ctx, bearer=library_page.secret)
    assert await resolve_actor(alliance.ctx, cookie=phone.secret) != NOBODY, "nobody else is touched"


async def test_a_reset_link_lasts_thirty_minutes_and_the_newest_one_counts(alliance: Alliance) -> None:
    await alliance.person("lin")
    await request_reset(alliance.ctx, mail="lin@library.test", address="192.0.2.9")
    older = await alliance.mailed_secret("reset")
    alliance.clock.advance(timedelta(minutes=1))
    await request_reset(alliance.ctx, mail="lin@library.test", address="192.0.2.9")
    newer = await alliance.mailed_secret("reset")
    with pytest.raises(NotFound):
        await reset_password(alliance.ctx, older, password=NEW)
    alliance.clock.advance(timedelta(minutes=30))
    with pytest.raises(NotFound):
        await reset_password(alliance.ctx, newer, password=NEW)


async def test_a_reset_link_is_no_invitation(alliance: Alliance) -> None:
    await alliance.person("lin")
    await request_reset(alliance.ctx, mail="lin@library.test", address="192.0.2.9")
    with pytest.raises(NotFound):
        await verify_mail(alliance.ctx, await alliance.mailed_secret("reset"), password=NEW)


async def test_a_reset_is_asked_for_in_the_same_silence_by_known_unknown_and_closed(
    alliance: Alliance,
) -> None:
    await alliance.person("gone", state=AccountState.DISABLED)
    await request_reset(alliance.ctx, mail="gone@library.test", address="192.0.2.9")
    await request_reset(alliance.ctx, mail="nobody@library.test", address="192.0.2.9")
    assert await alliance.mails() == []


async def test_a_password_changed_during_a_log_in_lets_the_old_one_in_no_more(alliance: Alliance) -> None:
    person = await alliance.person("lin")
    ctx = alliance.ctx
    answers = await asyncio.gather(
        change_password(ctx, person.actor, current=PASSWORD, password=NEW, cookie=person.secret),
        *(log_in(ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.9") for _ in range(4)),
        return_exceptions=True,
    )
    assert answers[0] is None
    for login in answers[1:]:  # whoever came before the change was logged out by it
        if isinstance(login, LoggedIn):
            assert await resolve_actor(ctx, cookie=login.secret) == NOBODY
    assert await resolve_actor(ctx, cookie=person.secret) != NOBODY


async def test_the_present_password_is_asked_for_before_a_new_one(alliance: Alliance) -> None:
    person = await alliance.person("lin")
    with pytest.raises(Invalid) as refused:
        await change_password(alliance.ctx, person.actor, current="wrong", password=NEW, cookie=person.secret)
    assert (refused.value.code, refused.value.field) == ("password_wrong", "current")


async def test_name_language_and_large_type_are_kept(alliance: Alliance) -> None:
    person = await alliance.person("lin")
    await keep_preferences(alliance.ctx, person.actor, name=" 林  大为 ", language="en", large_type=True)
    kept = (await view_account(alliance.ctx, person.actor)).account
    assert (kept.name, kept.language, kept.large_type) == ("林 大为", "en", True)
    for field, values in (
        ("name", {"name": ""}),
        ("name", {"name": "www.win.test"}),
        ("language", {"language": "fr"}),
    ):
        with pytest.raises(Invalid) as refused:
            await keep_preferences(
                alliance.ctx, person.actor, **{"name": "林", "language": "zh", "large_type": False, **values}
            )
        assert refused.value.field == field


async def test_somebody_without_account_has_none_to_keep(alliance: Alliance) -> None:
    with pytest.raises(NotAllowed):
        await view_account(alliance.ctx, NOBODY)
