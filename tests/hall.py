"""A hall with desks, librarians and waiting readers: what tests of routing, duty and presence start from."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.actions.dues import run_due
from server.actions.duty import set_duty
from server.actions.offers import accept_offer, decline_offer
from server.actions.presence import Lease
from server.actions.routing import dispatch
from server.actions.sessions import Opening, open_session
from server.context import Context, make_context
from server.domain.accounts import Account, AccountState
from server.domain.chat import ChatSession
from server.domain.desks import Desk, DeskGroup, Library
from server.domain.duty import Duty, DutyWish
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.domain.policies import PolicyEntry
from server.settings import Settings
from server.store.accounts import add_grant, insert_account
from server.store.chat import session_by_id
from server.store.duty import drifting, duty_of
from server.store.groups import save_group
from server.store.libraries import save_desk, save_library
from server.store.policies import add_entry
from server.store.postings import post_to_desk
from server.store.presence import Link
from server.store.queues import offers_to
from workers.promises import PROMISES


@dataclass
class MovedClock:
    """Time that passes only when a test says so."""

    at: datetime = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def settings_for(database_url: str, folder: Path) -> Settings:
    """Settings of a test installation."""
    return Settings(
        environment="test",
        database_url=database_url,
        secret_key="a secret that only this test knows, 32+",
        files_dir=str(folder / "files"),
    )


@dataclass
class Hall:
    """One process of an installation, and everybody in it. Each desk belongs to a library of the same name."""

    ctx: Context
    clock: Any
    announced: list[Any] = field(default_factory=list)
    desks: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lease = Lease(self.ctx)

    async def open_desk(self, *names: str) -> None:
        """New desks that help each other."""
        now = self.clock.now()
        async with self.ctx.transaction() as tx:
            for name in names:
                library = Library(self.ctx.ids.new(), name, "public", name, name, *[""] * 6, None, now)
                desk = Desk(
                    id=self.ctx.ids.new(),
                    library_id=library.id,
                    slug=name,
                    name_zh=name,
                    name_en=name,
                    greeting_zh="",
                    greeting_en="",
                    mail=f"desk@{name}.test",
                    colour="#1f5f8b",
                    position="right",
                    language="zh",
                    origins=(),
                    open=True,
                    created_at=now,
                )
                await save_library(tx, library)
                await save_desk(tx, desk)
                self.desks[name], self.libraries[name] = desk.id, library.id
            if len(names) > 1:
                members = tuple(self.desks[name] for name in names)
                await save_group(tx, DeskGroup(self.ctx.ids.new(), names[0], names[0], members))

    async def set_policy(self, name: str, value: Any) -> None:
        async with self.ctx.transaction() as tx:
            now = self.clock.now()
            await add_entry(tx, PolicyEntry(self.ctx.ids.new(), "", name, value, now, "test"))

    async def hire(
        self, name: str, desk: str = "home", *, role: Role = Role.LIBRARIAN, also: Sequence[Role] = ()
    ) -> Actor:
        """Somebody with an account who may answer at the desk; they are not there yet."""
        now = self.clock.now()
        account = Account(
            id=self.ctx.ids.new(),
            mail=f"{name}@library.test",
            name=name.title(),
            password_hash="",
            library_id=self.libraries[desk],
            language="zh",
            card_number="",
            state=AccountState.ACTIVE,
            verified_at=now,
            large_type=False,
            created_at=now,
        )
        grants = [Grant(each, ScopeKind.ALLIANCE) for each in (role, *also)]
        self.people[name] = Actor(
            account.id, account.name, "zh", account.library_id, account.mail, grants=frozenset(grants)
        )
        async with self.ctx.transaction() as tx:
            await insert_account(tx, account)
            for grant in grants:
                await add_grant(tx, account.id, grant, grant_id=self.ctx.ids.new(), by="", at=now)
            await post_to_desk(tx, self.desks[desk], account.id)
        return self.people[name]

    async def staff(
        self,
        name: str,
        desk: str = "home",
        *,
        role: Role = Role.LIBRARIAN,
        also: Sequence[Role] = (),
        **wish: Any,
    ) -> Actor:
        """Somebody who sits at the desk and is available."""
        actor = await self.hire(name, desk, role=role, also=also)
        await self.come(name)
        await self.wish(name, availability="available", **wish)
        return actor

    async def wish(self, name: str, **wish: Any) -> Duty:
        return await set_duty(self.ctx, self.people[name], DutyWish(**wish))

    async def come(self, name: str) -> None:
        """The person's console connects."""
        self.links[name] = Link(self.ctx.ids.new(), "staff", self.people[name].account_id)
        await self.lease.opened(self.links[name])

    async def go(self, name: str) -> None:
        """The person's connection breaks."""
        await self.lease.closed(self.links.pop(name))

    async def ask(
        self, reader: str, desk: str = "home", *, topic: str = "reference", language: str = "zh"
    ) -> str:
        """A reader asks and waits; returns the session. Who has been hired asks logged in."""
        opening = Opening(desk, topic, "请问怎样查民国报纸？", language, self.ctx.ids.new())
        staff = self.people.get(reader)
        asks = replace(staff, reader_key=staff.account_id) if staff else Actor(reader_key=reader)
        session, _ = await open_session(self.ctx, asks, opening)
        return session.id

    async def session(self, session_id: str) -> ChatSession:
        found = await session_by_id(self.ctx.db.read, session_id)
        assert found is not None
        return found

    async def duty(self, name: str) -> Duty:
        return await duty_of(self.ctx.db.read, self.people[name].account_id)

    async def offered(self, name: str) -> ChatSession | None:
        """The session that the person is being offered."""
        found = await offers_to(self.ctx.db.read, self.people[name].account_id)
        return found[0] if found else None

    async def who(self, session_id: str) -> str:
        """To whom the session is offered, or who holds it, by name."""
        session = await self.session(session_id)
        ids = {actor.account_id: name for name, actor in self.people.items()}
        return ids.get(session.offered_to or session.staff_id, "")

    async def take(self, name: str) -> ChatSession:
        """The person accepts what they are offered."""
        offer = await self.offered(name)
        assert offer is not None, f"{name} is offered nothing"
        return await accept_offer(self.ctx, self.people[name], offer.offer_id)

    async def decline(self, name: str) -> str:
        """The person declines what they are offered; returns which offer it was."""
        offer = await self.offered(name)
        assert offer is not None, f"{name} is offered nothing"
        await decline_offer(self.ctx, self.people[name], offer.offer_id)
        return offer.offer_id

    async def talk(self, name: str, reader: str, desk: str = "home", **more: Any) -> str:
        """A new reader whom the person serves."""
        session_id = await self.ask(reader, desk, **more)
        await self.work()
        await self.take(name)
        return session_id

    async def work(self) -> None:
        """What a worker would do now."""
        while await run_due(self.ctx, PROMISES):
            pass
        await dispatch(self.ctx)

    async def wait(self, seconds: float, *, renew: bool = True) -> None:
        """Time passes, workers work; this process proves that it lives unless told not to."""
        self.clock.at += timedelta(seconds=seconds)
        if renew:
            await self.lease.renew()
        await self.work()

    async def kinds(self, session_id: str) -> list[str]:
        """The kinds of the session's numbered events, which have no gap."""
        rows = await self.ctx.db.read.rows(
            "SELECT seq, kind FROM chat_event WHERE session_id = $1 AND audience = 'all' ORDER BY seq",
            session_id,
        )
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        return [row["kind"] for row in rows]


@asynccontextmanager
async def open_hall(database_url: str, folder: Path, *, check: bool = True) -> AsyncIterator[Hall]:
    """A hall with the desks ``home`` and ``near``, which help each other, and ``far``.

    At the end nobody's counter may disagree with the sessions it counts.
    """
    announced: list[Any] = []
    clock = MovedClock()
    ctx = replace(make_context(settings_for(database_url, folder), announced.append), clock=clock)
    await ctx.db.open()
    try:
        hall = Hall(ctx, clock, announced)
        await hall.open_desk("home", "near")
        await hall.open_desk("far")
        yield hall
        if check:
            assert await drifting(ctx.db.read) == []
    finally:
        await ctx.db.close()
