"""Logging in: who gets in, who does not, how often one may try, and how long it lasts."""

import asyncio
from datetime import timedelta

import pytest

from server.actions.accounts import resolve_actor
from server.actions.logins import log_in, log_out, sweep_logins
from server.actions.passwords import Passwords
from server.domain.accounts import AccountState
from server.domain.errors import Invalid, NotAllowed, TooMany
from server.domain.logins import LOG_IN_ADDRESS, LOG_IN_HERE, LogInKind
from server.domain.permissions import NOBODY, Role
from server.store.accounts import account_by_id
from server.store.dues import Due
from tests.server.actions.conftest import PASSWORD, Alliance


async def test_mail_address_and_password_open_a_log_in(alliance: Alliance) -> None:
    await alliance.person("lin")
    login = await log_in(alliance.ctx, mail=" Lin@Library.test ", password=PASSWORD, address="192.0.2.1")
    actor = await resolve_actor(alliance.ctx, cookie=login.secret)
    assert (actor.mail, actor.reader_key, actor.roles) == (
        "lin@library.test",
        actor.account_id,
        {Role.READER},
    )


async def test_only_the_hash_of_the_secret_is_kept(alliance: Alliance) -> None:
    login = await alliance.person("lin")
    rows = await alliance.ctx.db.read.rows("SELECT * FROM web_session")
    assert all(login.secret not in map(str, dict(row).values()) for row in rows)


@pytest.mark.parametrize("case", ["wrong password", "unknown", "closed", "no password yet", "no address"])
async def test_every_failure_reads_the_same(alliance: Alliance, case: str) -> None:
    state = AccountState.DISABLED if case == "closed" else AccountState.ACTIVE
    await alliance.person("lin", state=state, **({"password_hash": ""} if case == "no password yet" else {}))
    mail = {"unknown": "nobody@library.test", "no address": "lin"}.get(case, "lin@library.test")
    password = "not the password" if case == "wrong password" else PASSWORD
    with pytest.raises(Invalid) as refused:
        await log_in(alliance.ctx, mail=mail, password=password, address="192.0.2.1")
    assert (refused.value.code, refused.value.field, refused.value.data) == ("log_in_failed", "password", {})


async def test_an_unknown_account_costs_a_hash_like_a_known_one() -> None:
    passwords = Passwords(time_cost=1, memory_kib=64)
    checked: list[str] = []
    plain = passwords._verify
    passwords._verify = lambda known, typed: checked.append(known) or plain(known, typed)  # type: ignore[method-assign,func-returns-value]
    assert not (await passwords.check("a password", "")).right
    parameters = checked[0].split("$")[:4]
    assert parameters == (await passwords.hash("a password")).split("$")[:4]


async def test_full_width_letters_of_an_input_method_are_the_same_password(alliance: Alliance) -> None:
    await alliance.person("lin")
    typed = PASSWORD.replace("1082", "１０８２")
    assert await log_in(alliance.ctx, mail="lin@library.test", password=typed, address="192.0.2.1")


async def test_a_hash_of_older_parameters_is_renewed_at_the_next_log_in(alliance: Alliance) -> None:
    old = await Passwords(time_cost=2, memory_kib=128).hash(PASSWORD)
    person = await alliance.person("lin", password_hash=old)
    await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")
    account = await account_by_id(alliance.ctx.db.read, person.account.id)
    assert account is not None
    assert "m=64,t=1" in account.password_hash
    assert await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")


async def test_too_many_slips_pause_one_account_at_one_address_only(alliance: Alliance) -> None:
    await alliance.person("lin")
    await alliance.person("mei")

    async def slip(address: str = "192.0.2.1") -> None:
        with pytest.raises(Invalid):
            await log_in(alliance.ctx, mail="lin@library.test", password="wrong", address=address)

    for _ in range(LOG_IN_HERE.count):
        await slip()
    with pytest.raises(TooMany) as refused:  # now not even the right one
        await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")
    assert refused.value.code == "too_many_attempts"
    assert refused.value.data == {"retry_after": 900, "minutes": 15}
    # A colleague on the same campus, and the same person at home, are not touched.
    assert await log_in(alliance.ctx, mail="mei@library.test", password=PASSWORD, address="192.0.2.1")
    assert await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="198.51.100.7")
    alliance.clock.advance(LOG_IN_HERE.window)
    assert await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")


async def test_the_right_password_forgives_earlier_slips(alliance: Alliance) -> None:
    await alliance.person("lin")
    for _ in range(3):
        for _ in range(LOG_IN_HERE.count - 1):
            with pytest.raises(Invalid):
                await log_in(alliance.ctx, mail="lin@library.test", password="wrong", address="192.0.2.1")
        assert await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")


async def test_guesses_at_once_are_counted_one_by_one(alliance: Alliance) -> None:
    await alliance.person("lin")

    async def guess() -> str:
        try:
            await log_in(alliance.ctx, mail="lin@library.test", password="wrong", address="192.0.2.1")
        except (Invalid, TooMany) as refused:
            return refused.code
        return "in"

    answers = await asyncio.gather(*(guess() for _ in range(LOG_IN_HERE.count + 5)))
    assert answers.count("log_in_failed") == LOG_IN_HERE.count
    assert answers.count("too_many_attempts") == 5


async def test_a_whole_campus_behind_one_address_gets_in(alliance: Alliance) -> None:
    assert LOG_IN_ADDRESS.count >= 900, "every librarian of the alliance within a quarter of an hour"


async def test_idle_staff_are_logged_out_after_twelve_hours_and_readers_after_thirty_days(
    alliance: Alliance,
) -> None:
    librarian = await alliance.person("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    reader = await alliance.person("reader")
    alliance.clock.advance(timedelta(hours=11, minutes=59))
    assert (
        await resolve_actor(alliance.ctx, cookie=librarian.secret) != NOBODY
    )  # and this begins the time anew
    alliance.clock.advance(timedelta(hours=11, minutes=59))
    assert await resolve_actor(alliance.ctx, cookie=librarian.secret) != NOBODY
    alliance.clock.advance(timedelta(hours=12))
    assert await resolve_actor(alliance.ctx, cookie=librarian.secret) == NOBODY
    assert await resolve_actor(alliance.ctx, cookie=reader.secret) != NOBODY
    alliance.clock.advance(timedelta(days=30))
    assert await resolve_actor(alliance.ctx, cookie=reader.secret) == NOBODY


async def test_a_busy_console_writes_its_use_down_now_and_then_only(alliance: Alliance) -> None:
    librarian = await alliance.person("lin", alliance.grant(Role.LIBRARIAN, "home"), library="home")
    seen = []
    for _ in range(8):
        alliance.clock.advance(timedelta(minutes=1))
        await resolve_actor(alliance.ctx, cookie=librarian.secret)
        row = await alliance.ctx.db.read.row("SELECT seen_at FROM web_session")
        assert row is not None
        seen.append(row["seen_at"])
    assert len(set(seen)) == 2


async def test_logging_out_ends_this_log_in_and_no_other(alliance: Alliance) -> None:
    await alliance.person("lin")
    phone, desktop = [
        await log_in(alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1")
        for _ in range(2)
    ]
    await log_out(alliance.ctx, phone.secret)
    await log_out(alliance.ctx, phone.secret)
    assert await resolve_actor(alliance.ctx, cookie=phone.secret) == NOBODY
    assert await resolve_actor(alliance.ctx, cookie=desktop.secret) != NOBODY


async def test_logging_in_again_in_the_same_browser_ends_its_earlier_log_in(alliance: Alliance) -> None:
    first = await alliance.person("lin")
    second = await log_in(
        alliance.ctx, mail="lin@library.test", password=PASSWORD, address="192.0.2.1", replacing=first.secret
    )
    assert second.secret != first.secret
    assert await resolve_actor(alliance.ctx, cookie=first.secret) == NOBODY


async def test_a_cookie_is_no_bearer_and_a_bearer_no_cookie(alliance: Alliance) -> None:
    login = await alliance.person("lin")
    with pytest.raises(NotAllowed) as refused:
        await resolve_actor(alliance.ctx, bearer=login.secret)
    assert refused.value.code == "not_logged_in"
    from server.actions.logins import start_login

    async with alliance.ctx.transaction() as tx:
        widget = await start_login(alliance.ctx, tx, login.account, kind=LogInKind.WIDGET)
    assert await resolve_actor(alliance.ctx, cookie=widget.secret) == NOBODY
    assert (await resolve_actor(alliance.ctx, bearer=widget.secret)).account_id == login.account.id


async def test_what_has_run_out_is_swept_away(alliance: Alliance) -> None:
    await alliance.person("lin")
    with pytest.raises(Invalid):
        await log_in(alliance.ctx, mail="lin@library.test", password="wrong", address="192.0.2.1")

    async def sweep() -> tuple[int, int]:
        async with alliance.ctx.transaction() as tx:
            due = Due("sweep_logins", "all", alliance.clock.now(), {})
            assert await sweep_logins(alliance.ctx, tx, due) == alliance.clock.now() + timedelta(hours=1)
            counts = [
                await tx.row(f"SELECT COUNT(*) AS n FROM {table}") for table in ("web_session", "throttle")
            ]
        return tuple(row["n"] for row in counts if row)  # type: ignore[return-value]

    assert await sweep() == (1, 3)  # a log-in and the three counts of an attempt
    alliance.clock.advance(timedelta(days=31))
    assert await sweep() == (0, 0)
