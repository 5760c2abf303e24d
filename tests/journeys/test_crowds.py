"""Many readers and librarians at once over several processes, one of which is killed while they talk."""

import asyncio
import random
from pathlib import Path

import httpx2 as httpx
import pytest

from server.actions.logins import start_login
from server.domain.accounts import Account, AccountState
from server.domain.permissions import Grant, Role, ScopeKind
from server.store.accounts import account_by_id, add_grant, insert_account
from server.store.duty import drifting
from server.store.postings import open_duty, post_to_desk
from server.wire.tokens import csrf_token, hashed
from tests.journeys.crowds import Crowd, LibrarianRobot, ReaderRobot, all_of
from tests.journeys.installations import Installation, MakeProduct, open_installation
from tests.servers.machine import http_client
from tests.town import Person, Town

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

CAPACITY = 2
TOO_MANY_AT_ONCE = (
    "SELECT a.staff_id, a.id, COUNT(*) AS held FROM chat_session a JOIN chat_session b ON b.staff_id = a.staff_id"
    " AND b.accepted_at <= a.accepted_at AND b.ended_at > a.accepted_at GROUP BY a.staff_id, a.id"
    f" HAVING COUNT(*) > {CAPACITY}"
)
GAPS = (
    "SELECT session_id FROM chat_event WHERE audience = 'all' GROUP BY session_id"
    " HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*)"
)
TWO_HOLDERS = (
    "SELECT session_id FROM chat_event WHERE kind = 'joined' GROUP BY session_id HAVING COUNT(*) > 1 + (SELECT COUNT(*)"
    " FROM chat_event r WHERE r.session_id = chat_event.session_id AND r.kind = 'requeued')"
)


async def hire(town: Town, count: int) -> list[Person]:
    """Librarians of home, logged in."""
    ctx, now, people = town.ctx, town.ctx.clock.now(), []
    for number in range(count):
        async with ctx.transaction() as tx:
            account = Account(
                id=ctx.ids.new(),
                mail=f"robot{number}@library.test",
                name=f"Robot {number}",
                password_hash="",
                library_id=town.libraries["home"],
                language="zh",
                card_number="",
                state=AccountState.ACTIVE,
                verified_at=now,
                large_type=False,
                created_at=now,
            )
            await insert_account(tx, account)
            grant = Grant(Role.LIBRARIAN, ScopeKind.LIBRARY, account.library_id)
            await add_grant(tx, account.id, grant, grant_id=ctx.ids.new(), by="", at=now)
            await post_to_desk(tx, town.desks["home"], account.id)
            await open_duty(
                tx,
                account.id,
                role="librarian",
                library_id=account.library_id,
                capacity=3,
                topics=["reference"],
                languages="zh,en",
                at=now,
            )
            stored = await account_by_id(tx, account.id)
            assert stored is not None
            secret = (await start_login(ctx, tx, stored)).secret
        csrf = csrf_token(ctx.settings.secret_key, hashed(secret))
        people.append(Person(account.id, account.name, secret, csrf, town.http))
    return people


async def a_busy_hour(place: Installation, *, readers: int, librarians: int) -> None:
    """Everybody comes; half-way a server is killed, and started again while they go on."""
    chance = random.Random(7)
    people = await hire(place.town, librarians)
    limits = httpx.Limits(max_connections=200)
    async with http_client(limits=limits) as http:
        crowd = Crowd([server.url for server in place.servers], http)
        staff = [LibrarianRobot(crowd, n, person) for n, person in enumerate(people)]
        visitors = [ReaderRobot(crowd, chance.randrange(9), "home") for _ in range(readers)]

        async def half_way() -> None:
            async with asyncio.timeout(240):
                while crowd.finished < readers // 3:
                    await asyncio.sleep(0.02)  # the crowd tells no event
            victim = place.servers[1]
            victim.kill()
            await asyncio.to_thread(victim.start)

        await all_of([*(visitor.live() for visitor in visitors), half_way()], crowd, staff)
    await _held(place, crowd, visitors)


async def _held(place: Installation, crowd: Crowd, visitors: list[ReaderRobot]) -> None:
    """What must be true afterwards, whatever the order of things."""
    db = place.town.ctx.db.read
    assert crowd.refusals == []
    sessions = await db.rows("SELECT id, state, staff_id, reader_key FROM chat_session")
    assert len(sessions) == len({row["reader_key"] for row in sessions}) == len(visitors)
    assert all(row["staff_id"] for row in sessions)
    for broken in (GAPS, TWO_HOLDERS, TOO_MANY_AT_ONCE):
        assert [dict(row) for row in await db.rows(broken)] == []
    assert await drifting(db) == []
    rows = await db.rows("SELECT session_id, client_id, seq FROM chat_event WHERE client_id IS NOT NULL")
    stored = {(row["session_id"], row["client_id"]): row["seq"] for row in rows}
    assert crowd.acknowledged
    for session, name, seq in crowd.acknowledged:
        assert stored[session, name] == seq
    for visitor in visitors:
        assert [event["seq"] for event in visitor.log] == list(range(1, len(visitor.log) + 1))
        names = [event["id"] for event in visitor.log if event["kind"] == "message"]
        assert len(names) == len(set(names)) == 7


async def test_three_servers_and_two_workers_keep_every_promise_while_one_is_killed(
    postgres_url: str, redis_url: str, tmp_path: Path, product: MakeProduct
) -> None:
    async with open_installation(
        product, tmp_path, postgres_url, servers=3, workers=2, redis_url=redis_url
    ) as place:
        await a_busy_hour(place, readers=90, librarians=20)


async def test_two_servers_on_one_file_keep_every_promise_while_one_is_killed(
    sqlite_url: str, tmp_path: Path, product: MakeProduct
) -> None:
    async with open_installation(product, tmp_path, sqlite_url, servers=2) as place:
        await a_busy_hour(place, readers=20, librarians=8)
