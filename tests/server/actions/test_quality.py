"""What spot checks show of a library, and what everybody may read and say of it, on both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from server.actions.inspection_entry import look_again
from server.actions.policies import set_policy
from server.actions.quality import (
    comment_on,
    hide_comment,
    publish_results,
    published_results,
    samples_by_library,
)
from server.actions.returns import appeal
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from server.domain.forms import Form
from server.domain.inspections import State
from server.domain.permissions import NOBODY, Role
from server.domain.quality import by_library
from tests.server.actions.conftest import Alliance
from tests.server.actions.inspecting import Bureau, open_bureau


@pytest.fixture
async def bureau(alliance: Alliance) -> AsyncIterator[Bureau]:
    yield await open_bureau(alliance)


def today(bureau: Bureau) -> str:
    return bureau.ctx.clock.now().astimezone(ZoneInfo(bureau.ctx.settings.zone)).date().isoformat()


async def publish(bureau: Bureau) -> str:
    day = today(bureau)
    return (await publish_results(bureau.ctx, bureau.people["manager"], day, day)).id


async def test_only_what_chance_chose_counts_in_the_sample(bureau: Bureau) -> None:
    await bureau.graded(await bureau.queued(), "pass")
    await bureau.returned(await bureau.queued())
    await bureau.queued()  # not graded yet
    asked = await bureau.asked()
    sought_out = await bureau.answered(asked)
    async with bureau.ctx.transaction() as tx:
        # A reader's rating alone brings nobody in; a flagged answer does, and it is no random one.
        await tx.execute("UPDATE answer SET delivery = 'link' WHERE task_id = $1", asked.task_id)
        await look_again(bureau.ctx, tx, sought_out)
    assert not (await bureau.inspection(sought_out)).at_random
    await bureau.graded(sought_out, "fail", row="G-F4", reason="打不开")
    samples = await samples_by_library(bureau.ctx, bureau.people["manager"])
    assert [(line.sampled, line.failed, line.lacking) for line in samples.lines] == [(2, 1, 471)]
    assert samples.may_publish


async def test_a_year_later_the_sample_begins_anew(bureau: Bureau) -> None:
    await bureau.graded(await bureau.queued(), "pass")
    bureau.wait(days=366)
    assert not (await samples_by_library(bureau.ctx, bureau.people["wu"])).lines


async def test_a_library_sees_its_own_sample_only(bureau: Bureau) -> None:
    await bureau.graded(await bureau.queued(), "pass")
    alliance = bureau.alliance
    for library, seen in (("home", 1), ("other", 0)):
        manager = await alliance.actor(
            f"{library}-boss", alliance.grant(Role.MANAGER, library), library=library
        )
        samples = await samples_by_library(bureau.ctx, manager)
        assert (len(samples.lines), samples.may_publish) == (seen, False)
        with pytest.raises(NotAllowed):
            await publish_results(bureau.ctx, manager, today(bureau), today(bureau))


async def test_results_are_published_once_without_readers_and_topics(bureau: Bureau) -> None:
    passed, failed, appealed, waiting = [await bureau.queued() for _ in range(4)]
    await bureau.graded(passed, "pass")
    await bureau.graded(failed, "fail", row="G-F2", reason="答非所问")
    version = (await bureau.graded(appealed, "fail", row="G-F2", reason="答非所问")).version
    await appeal(bureau.ctx, bureau.people["lin"], appealed, version=version, reason="不服")
    publication = await publish(bureau)
    published = await published_results(bureau.ctx, NOBODY)
    assert published is not None and published.publication.id == publication
    assert [(r.inspected, r.passed, r.failed, r.staff_id) for r in published.results] == [(2, 1, 1, "")]
    assert not published.may_hide
    states = [(await bureau.inspection(each)).state for each in (passed, failed, appealed, waiting)]
    assert states == [State.PUBLISHED, State.PUBLISHED, State.APPEALED, State.QUEUED]
    with pytest.raises(Conflict, match="nothing_to_publish"):
        await publish(bureau)
    await bureau.graded(waiting, "pass")
    assert await publish(bureau) != publication
    newest = await published_results(bureau.ctx, NOBODY)
    assert newest is not None and [other.id for other in newest.others] == [publication]
    assert by_library(newest.results)[0].inspected == 1


async def test_librarians_are_listed_only_where_the_alliance_says_so(bureau: Bureau) -> None:
    await bureau.graded(await bureau.queued(), "pass")
    form = Form({"name": "portal_names_graded", "value": "true"})
    await set_policy(bureau.ctx, bureau.people["manager"], "", form=form)
    await publish(bureau)
    published = await published_results(bureau.ctx, NOBODY)
    assert published is not None
    assert sorted(each.staff_name for each in published.results) == ["", "Lin"]


async def test_a_period_is_of_whole_days_that_have_come(bureau: Bureau) -> None:
    manager, day = bureau.people["manager"], today(bureau)
    tomorrow = (bureau.ctx.clock.now() + timedelta(days=2)).date().isoformat()
    for first, last in ((day, tomorrow), (tomorrow, day), ("", day), ("2026-02-30", day)):
        with pytest.raises(Invalid, match="period_wrong"):
            await publish_results(bureau.ctx, manager, first, last)


async def test_readers_comment_and_a_manager_hides_what_names_people(bureau: Bureau) -> None:
    await bureau.graded(await bureau.queued(), "pass")
    publication, reader = await publish(bureau), bureau.people["reader"]
    home = bureau.alliance.libraries["home"]
    await comment_on(bureau.ctx, reader, publication, library_id=home, text=" 答复很快。 ")
    await comment_on(bureau.ctx, reader, publication, library_id="", text="林馆员电话是 123")
    for library, text in ((home, " "), (home, "长" * 501), ("unknown", "好")):
        with pytest.raises(Invalid):
            await comment_on(bureau.ctx, reader, publication, library_id=library, text=text)
    with pytest.raises(NotFound):
        await comment_on(bureau.ctx, reader, "unknown", library_id="", text="好")
    with pytest.raises(NotAllowed):
        await comment_on(bureau.ctx, NOBODY, publication, library_id="", text="好")
    published = await published_results(bureau.ctx, NOBODY)
    assert published is not None
    assert {each.text: each.about("en") for each in published.comments} == {
        "答复很快。": "Home",
        "林馆员电话是 123": "",
    }
    (naming,) = [each.id for each in published.comments if "电话" in each.text]
    with pytest.raises(NotAllowed):
        await hide_comment(bureau.ctx, reader, naming)
    await hide_comment(bureau.ctx, bureau.people["manager"], naming)
    published = await published_results(bureau.ctx, NOBODY)
    assert published is not None and [each.text for each in published.comments] == ["答复很快。"]
    kept = await published_results(bureau.ctx, bureau.people["manager"])
    assert kept is not None and len(kept.comments) == 2


async def test_nobody_floods_the_comments(bureau: Bureau) -> None:
    await bureau.graded(await bureau.queued(), "pass")
    publication, reader = await publish(bureau), bureau.people["reader"]
    for _ in range(5):
        await comment_on(bureau.ctx, reader, publication, library_id="", text="好")
    with pytest.raises(TooMany):
        await comment_on(bureau.ctx, reader, publication, library_id="", text="好")
    bureau.wait(days=1, seconds=1)
    await comment_on(bureau.ctx, reader, publication, library_id="", text="好")
