"""What the portal shows of the service: at most a few seconds old, and one reading for however many look."""

from datetime import timedelta

from server.actions.portal import portal_today
from tests.server.actions.conftest import Alliance
from tests.server.actions.test_consultation_archive import answer


async def test_many_who_look_cost_one_reading_and_all_see_the_new_within_seconds(alliance: Alliance) -> None:
    await answer(alliance, "先答复的", show_title=True)
    first = await portal_today(alliance.ctx)
    assert [service.title for service in first.services] == ["先答复的"]
    assert await portal_today(alliance.ctx) is first
    await answer(alliance, "后答复的", show_title=True)
    alliance.clock.advance(timedelta(seconds=6))
    assert [service.title for service in (await portal_today(alliance.ctx)).services] == [
        "后答复的",
        "先答复的",
    ]


async def test_what_is_not_answered_yet_is_no_service(alliance: Alliance) -> None:
    await answer(alliance, "还没有答复", show_title=True, state="open", answered_at=None)
    assert (await portal_today(alliance.ctx)).services == ()
