"""Logging in from a library's page: only listed pages, a code good once, a bearer that proves a reader only."""

import asyncio
from datetime import timedelta

import pytest

from server.actions.access import actor_of_visitor
from server.actions.accounts import resolve_actor
from server.actions.logins import LoggedIn
from server.actions.sessions import Opening, list_sessions, open_session
from server.actions.widget_logins import issue_code, log_in_widget, log_out_widget, open_window
from server.domain.errors import NotAllowed, NotFound, Refusal
from server.domain.permissions import Actor, Role
from server.wire.tokens import hashed
from tests.server.actions.conftest import Alliance

LISTED = "https://www.home.test"


async def code_for(alliance: Alliance, actor: Actor, origin: str = LISTED) -> str:
    return await issue_code(alliance.ctx, actor, await open_window(alliance.ctx, slug="home", origin=origin))


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.other.test",  # listed for another desk
        "http://www.home.test",  # the same name without its lock
        "https://home.test",
        "https://www.home.test.evil.test",
        "https://www.home.test:8443",
        "https://www.home.test/page",
        "null",
        "*",
        "",
    ],
)
async def test_a_page_that_the_desk_does_not_list_is_refused_by_name(alliance: Alliance, origin: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        await open_window(alliance.ctx, slug="home", origin=origin)
    assert (refused.value.code, refused.value.data["origin"]) == ("origin_unlisted", origin)


async def test_listed_pages_and_our_own_may_open_the_window(alliance: Alliance) -> None:
    for origin in (LISTED, "HTTPS://WWW.HOME.TEST", "https://www.home.test:443"):
        assert (await open_window(alliance.ctx, slug="home", origin=origin)).origin == LISTED
    own = alliance.ctx.settings.origin
    assert (await open_window(alliance.ctx, slug="home", origin=own)).origin == own


async def test_the_code_becomes_a_bearer_once_and_within_a_minute(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    code = await code_for(alliance, reader)
    answers = await asyncio.gather(
        *(log_in_widget(alliance.ctx, slug="home", code=code, origin=LISTED) for _ in range(4)),
        return_exceptions=True,
    )
    logins = [answer for answer in answers if isinstance(answer, LoggedIn)]
    assert len(logins) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {"code_gone"}
    assert (await resolve_actor(alliance.ctx, bearer=logins[0].secret)).account_id == reader.account_id
    late = await code_for(alliance, reader)
    alliance.clock.advance(timedelta(seconds=60))
    with pytest.raises(NotFound):
        await log_in_widget(alliance.ctx, slug="home", code=late, origin=LISTED)


async def test_a_stolen_code_is_of_no_use_on_another_page_or_at_another_desk(alliance: Alliance) -> None:
    reader = await alliance.actor("reader")
    for slug, origin in (("home", "https://www.other.test"), ("other", LISTED), ("nowhere", LISTED)):
        code = await code_for(alliance, reader)
        with pytest.raises(NotFound):
            await log_in_widget(alliance.ctx, slug=slug, code=code, origin=origin)


async def test_a_librarians_bearer_is_a_readers(alliance: Alliance) -> None:
    librarian = await alliance.actor("lin", alliance.grant(Role.ADMINISTRATOR))
    login = await log_in_widget(alliance.ctx, slug="home", code=await code_for(alliance, librarian))
    assert (await resolve_actor(alliance.ctx, bearer=login.secret)).roles == {Role.READER}


async def test_a_bearer_ends_after_twelve_hours_in_use_or_not_and_when_it_is_told_to(
    alliance: Alliance,
) -> None:
    reader = await alliance.actor("reader")
    first = await log_in_widget(alliance.ctx, slug="home", code=await code_for(alliance, reader))
    second = await log_in_widget(alliance.ctx, slug="home", code=await code_for(alliance, reader))
    await log_out_widget(alliance.ctx, second.secret)
    with pytest.raises(NotAllowed):
        await resolve_actor(alliance.ctx, bearer=second.secret)
    alliance.clock.advance(timedelta(hours=11))
    await resolve_actor(alliance.ctx, bearer=first.secret)
    alliance.clock.advance(timedelta(hours=1))
    with pytest.raises(NotAllowed):
        await resolve_actor(alliance.ctx, bearer=first.secret)


async def test_the_open_conversation_becomes_the_readers(alliance: Alliance) -> None:
    visitor = actor_of_visitor(hashed("the visitor's secret"))
    opening = Opening("home", "reference", "请问怎样查民国报纸？", "zh", "client-1")
    session, _ = await open_session(alliance.ctx, visitor, opening)
    reader = await alliance.actor("reader")
    code = await code_for(alliance, reader)
    await log_in_widget(alliance.ctx, slug="home", code=code, visitor="the visitor's secret")
    assert [found.id for found in await list_sessions(alliance.ctx, reader)] == [session.id]
    assert await list_sessions(alliance.ctx, visitor) == []


async def test_somebody_who_is_not_logged_in_gets_no_code(alliance: Alliance) -> None:
    window = await open_window(alliance.ctx, slug="home", origin=LISTED)
    with pytest.raises(NotAllowed):
        await issue_code(alliance.ctx, Actor(), window)
