"""What tests of actions start from: a context on a fresh database whose time they move, two libraries, a cast."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.actions.grants import add_account
from server.actions.logins import LoggedIn, start_login
from server.actions.passwords import passwords_of
from server.context import Context, make_context
from server.domain.accounts import OPERATOR, Account, AccountState
from server.domain.desks import Desk, Library
from server.domain.permissions import Actor, Grant, Role, ScopeKind
from server.settings import Settings
from server.store.libraries import save_desk, save_library
from server.store.mails import Mail, latest_mails

PASSWORD = "山高月小 水落石出 1082"


@dataclass
class MovedClock:
    """Time that passes only when a test says so."""

    at: datetime = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Alliance:
    """Two libraries with a desk each; people are added as a test needs them."""

    ctx: Context
    clock: MovedClock
    libraries: dict[str, str] = field(default_factory=dict)
    desks: dict[str, Desk] = field(default_factory=dict)
    announced: list[Any] = field(default_factory=list)

    def grant(self, role: Role, library: str = "") -> Grant:
        if library:
            return Grant(role, ScopeKind.LIBRARY, self.libraries[library])
        return Grant(role, ScopeKind.ALLIANCE)

    async def person(self, name: str, *grants: Grant, library: str = "", **more: Any) -> LoggedIn:
        """Somebody with an account and the password PASSWORD, logged in."""
        account = Account(
            id=self.ctx.ids.new(),
            mail=f"{name}@library.test",
            name=name.title(),
            password_hash=await passwords_of(self.ctx).hash(PASSWORD),
            library_id=self.libraries.get(library, ""),
            language="zh",
            card_number="",
            state=AccountState.ACTIVE,
            verified_at=self.clock.now(),
            large_type=False,
            created_at=self.clock.now(),
        )
        account = replace(account, **more)
        async with self.ctx.transaction() as tx:
            account = await add_account(self.ctx, tx, OPERATOR, account, grants=grants)
            return await start_login(self.ctx, tx, account)

    async def actor(self, name: str, *grants: Grant, library: str = "") -> Actor:
        return (await self.person(name, *grants, library=library)).actor

    async def mails(self) -> list[Mail]:
        """What has been written, newest first."""
        return list(await latest_mails(self.ctx.db.read))

    async def mailed_secret(self, template: str) -> str:
        """The secret at the end of the newest mailed link of this kind."""
        mail = next(mail for mail in await self.mails() if mail.template == template)
        return str(mail.data["link"]).rpartition("/")[2]


def settings_for(database_url: str, folder: Path) -> Settings:
    """Settings of a test installation; passwords are cheap to check."""
    return Settings(
        environment="test",
        database_url=database_url,
        secret_key="a secret that only this test knows, 32+",
        files_dir=str(folder / "files"),
        argon2_time_cost=1,
        argon2_memory_kib=64,
    )


@pytest.fixture
async def alliance(database_url: str, tmp_path: Path) -> AsyncIterator[Alliance]:
    """A settled alliance, once on each database."""
    announced: list[Any] = []
    clock = MovedClock()
    ctx = replace(make_context(settings_for(database_url, tmp_path), announced.append), clock=clock)
    await ctx.db.open()
    alliance = Alliance(ctx, clock, announced=announced)
    async with ctx.transaction() as tx:
        for slug, name in (("home", "书桥图书馆"), ("other", "远方图书馆")):
            library = Library(ctx.ids.new(), slug, "public", name, slug.title(), *[""] * 6, None, clock.now())
            alliance.libraries[slug] = library.id
            desk = Desk(
                id=ctx.ids.new(),
                library_id=library.id,
                slug=slug,
                name_zh=f"{name}咨询台",
                name_en=f"{slug.title()} desk",
                greeting_zh="",
                greeting_en="",
                mail=f"desk@{slug}.test",
                colour="#1f5f8b",
                position="right",
                language="zh",
                origins=(f"https://www.{slug}.test",),
                open=True,
                created_at=clock.now(),
            )
            alliance.desks[slug] = desk
            await save_library(tx, library)
            await save_desk(tx, desk)
    yield alliance
    await ctx.db.close()
