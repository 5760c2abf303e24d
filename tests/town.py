"""A small alliance with a fixed cast, and a real server before it: what tests of the doors start from."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from server.actions.logins import start_login
from server.api.gateway import Gateway
from server.assembly import build_app
from server.clocks import TimedIds
from server.commands.serve import FRAME_BYTES, KEEP_ALIVE_SECONDS
from server.context import Context
from server.domain.accounts import Account, AccountState
from server.domain.duty import topics_for
from server.domain.permissions import ANSWERING, Grant, Role, ScopeKind
from server.domain.policies import PolicyEntry
from server.live.web_socket import WebSocket
from server.settings import Settings
from server.store.accounts import account_by_id, add_grant, insert_account
from server.store.policies import add_entry
from server.store.postings import open_duty, post_to_desk
from server.store.rows import Transaction, to_us
from server.wire.tokens import csrf_token, hashed
from tests.described import demand_described
from tests.servers.machine import PATIENCE, http_client

ORIGIN = "http://library.test"


def settings_for(database_url: str, folder: Path, **more: Any) -> Settings:
    """Settings of a test installation; passwords are cheap to check."""
    return Settings(
        environment="test",
        database_url=database_url,
        secret_key="a secret that only this test knows, 32+",
        files_dir=str(folder / "files"),
        argon2_time_cost=1,
        argon2_memory_kib=64,
        **more,
    )


@dataclass
class Person:
    """Somebody with a log-in: HTTP with cookie and CSRF token."""

    id: str
    name: str
    cookie: str
    csrf: str
    http: httpx.AsyncClient


@dataclass
class Reader:
    """A reader in a conversation, without account."""

    session: str
    token: str
    visitor: str
    http: httpx.AsyncClient

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}


@dataclass
class Socket:
    """A client of the protocol that keeps what it hears."""

    line: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, **frame: Any) -> None:
        await self.line.send(json.dumps(frame, ensure_ascii=False))

    async def hear(self, tag: str, /, seconds: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """The next frame of this kind with these fields; what comes before it is kept in ``heard``."""
        async with asyncio.timeout(seconds):
            while True:
                frame: dict[str, Any] = json.loads(await self.line.recv())
                self.heard.append(frame)
                demand_described(frame)
                if frame["t"] == tag and all(frame.get(key) == value for key, value in fields.items()):
                    return frame


@dataclass
class Town:
    """The installation under test and who lives in it."""

    ctx: Context
    base: str
    http: httpx.AsyncClient  # somebody without log-in
    gateway: Gateway | None = None  # of this process; none where processes of their own serve
    people: dict[str, Person] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    desks: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)  # what a test has made, by its noun

    @asynccontextmanager
    async def socket(
        self, person: Person | None = None, base: str = "", **hello: Any
    ) -> AsyncIterator[Socket]:
        """A greeted line: a reader's with ``token=…``, a staff member's with their cookie."""
        headers = {"Cookie": f"sid={person.cookie}"} if person else {}
        address = (base or self.base).replace("http", "ws", 1) + "/api/socket"
        async with connect(
            address,
            additional_headers=headers,
            compression=None,
            open_timeout=PATIENCE,
            ping_timeout=PATIENCE,
        ) as line:
            socket = Socket(line)
            await socket.say(t="hello", v=1, **hello)
            await socket.hear("welcome")
            yield socket

    async def ask(self, question: str = "请问怎样查民国报纸？", desk: str = "home", **more: Any) -> Reader:
        """A new anonymous reader opens a conversation."""
        body = {"topic": "reference", "question": question, "client_id": TimedIds().new(), **more}
        answer = await self.http.post(f"/api/desks/{desk}/sessions", json=body)
        assert answer.status_code in (200, 201), answer.text
        opened = answer.json()
        return Reader(opened["session"]["id"], opened["token"], opened["visitor"], self.http)

    async def available(self, name: str, **duty: Any) -> None:
        """The person stands at the desk; needs a socket of theirs to be present."""
        answer = await self.people[name].http.put(
            "/api/console/duty", json={"availability": "available", **duty}
        )
        assert answer.status_code == 200, answer.text

    def hold_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing that a limit has taken is given back, however long a slow machine needs."""
        assert self.gateway is not None
        now = asyncio.get_running_loop().time()
        monkeypatch.setattr(self.gateway.limiter, "_seconds", lambda: now)

    async def set_policy(self, name: str, value: Any) -> None:
        """A value of the alliance's, from now on."""
        entry = PolicyEntry(self.ctx.ids.new(), "", name, value, self.ctx.clock.now(), "test")
        async with self.ctx.transaction() as tx:
            await add_entry(tx, entry)

    async def offer(self, name: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The offer that the person's console shows, waited for."""
        async with asyncio.timeout(seconds):
            while True:
                console = (await self.people[name].http.get("/api/console")).json()
                if console["offers"]:
                    return dict(console["offers"][0])
                await asyncio.sleep(0.05)  # the product's own hint is not what is tested here

    async def take(self, name: str) -> str:
        """The person accepts what they are offered; returns the session."""
        offer = await self.offer(name)
        answer = await self.people[name].http.post(f"/api/offers/{offer['offer_id']}/accept")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])


CAST: dict[str, tuple[str, Role, ScopeKind]] = {
    # name: library, role, scope
    "lin": ("home", Role.LIBRARIAN, ScopeKind.LIBRARY),
    "mei": ("home", Role.LIBRARIAN, ScopeKind.LIBRARY),
    "intern": ("home", Role.INTERN, ScopeKind.LIBRARY),
    "wu": ("other", Role.LIBRARIAN, ScopeKind.LIBRARY),
    "agent": ("home", Role.SUPPORT_AGENT, ScopeKind.LIBRARY),
    "inspector": ("other", Role.INSPECTOR, ScopeKind.ALLIANCE),
    "keeper": ("home", Role.STORE_KEEPER, ScopeKind.STORE),
    "operator": ("home", Role.STACK_OPERATOR, ScopeKind.STORE),
    "manager": ("home", Role.MANAGER, ScopeKind.LIBRARY),
    "far_manager": ("other", Role.MANAGER, ScopeKind.LIBRARY),
    "duty_manager": ("home", Role.MANAGER, ScopeKind.ALLIANCE),
    "administrator": ("home", Role.ADMINISTRATOR, ScopeKind.ALLIANCE),
    "reader": ("home", Role.READER, ScopeKind.ALLIANCE),
}


async def settle(ctx: Context, town: Town) -> None:
    """Two libraries with a desk each, and the whole cast with log-ins."""
    now = ctx.clock.now()
    async with ctx.transaction() as tx:
        for name, zh in (("home", "书桥图书馆"), ("other", "远方图书馆")):
            town.libraries[name], town.desks[name] = ctx.ids.new(), ctx.ids.new()
            await _library(tx, town.libraries[name], name, zh, to_us(now))
            await _desk(tx, town, name, zh, to_us(now))
        for name, (library, role, scope) in CAST.items():
            town.people[name] = await _person(
                ctx, tx, town, name, Grant(role, scope, _scope(town, library, scope))
            )


@asynccontextmanager
async def serving(app: Starlette, port: int = 0) -> AsyncIterator[str]:
    """The application behind a real server, on a free port unless one is given; the address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=port,
            ws=WebSocket,
            ws_max_size=FRAME_BYTES,
            ws_per_message_deflate=False,
            log_level="warning",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=5,
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
            raise RuntimeError("the server ended before it began")
        await asyncio.sleep(0.01)  # uvicorn has no event for it
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def open_town(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Town]:
    """A settled installation behind a real server; one with a ``port`` knows the address that browsers come to."""
    if "port" in settings:
        settings.setdefault("public_url", f"http://127.0.0.1:{settings['port']}")
    app = build_app(settings_for(database_url, folder, **settings))
    async with (
        serving(app, settings.get("port", 0)) as base,
        http_client(base) as http,
    ):
        town = Town(app.state.ctx, base, http, app.state.gateway)
        await settle(app.state.ctx, town)
        try:
            yield town
        finally:
            for person in town.people.values():
                await person.http.aclose()


async def _library(tx: Transaction, library_id: str, slug: str, zh: str, at: int) -> None:
    await tx.execute(
        "INSERT INTO library (id, slug, kind, name_zh, name_en, city, address, phone, website, card_zh, card_en,"
        " created_at) VALUES ($1, $2, 'public', $3, $4, '', '', '', '', '', '', $5)",
        library_id,
        slug,
        zh,
        f"{slug.title()} Library",
        at,
    )


async def _desk(tx: Transaction, town: Town, slug: str, zh: str, at: int) -> None:
    await tx.execute(
        "INSERT INTO desk (id, library_id, slug, name_zh, name_en, greeting_zh, greeting_en, mail, colour, position,"
        " language, origins, open, created_at)"
        " VALUES ($1, $2, $3, $4, $5, '', '', $6, '#1f5f8b', 'right', 'zh', $7, TRUE, $8)",
        town.desks[slug],
        town.libraries[slug],
        slug,
        f"{zh}咨询台",
        f"{slug.title()} desk",
        f"desk@{slug}.test",
        json.dumps([ORIGIN]),
        at,
    )


async def _person(ctx: Context, tx: Transaction, town: Town, name: str, grant: Grant) -> Person:
    return await add_person(ctx, tx, town, name, library=CAST[name][0], grant=grant)


async def add_person(
    ctx: Context, tx: Transaction, town: Town, name: str, *, library: str, grant: Grant
) -> Person:
    """Somebody with an account, a role and a log-in."""
    account = Account(
        id=ctx.ids.new(),
        mail=f"{name}@library.test",
        name=name.title(),
        password_hash="",
        library_id=town.libraries[library],
        language="zh",
        card_number="",
        state=AccountState.ACTIVE,
        verified_at=ctx.clock.now(),
        large_type=False,
        created_at=ctx.clock.now(),
    )
    await insert_account(tx, account)
    if grant.role is not Role.READER:
        await add_grant(tx, account.id, grant, grant_id=ctx.ids.new(), by="", at=ctx.clock.now())
    if grant.role in ANSWERING:
        await post_to_desk(tx, town.desks[library], account.id)
        await open_duty(
            tx,
            account.id,
            role=str(grant.role),
            library_id=account.library_id,
            capacity=3,
            topics=topics_for(grant.role),
            languages="zh,en",
            at=ctx.clock.now(),
        )
    stored = await account_by_id(tx, account.id)
    assert stored is not None
    logged_in = await start_login(ctx, tx, stored)
    csrf = csrf_token(ctx.settings.secret_key, hashed(logged_in.secret))
    http = http_client(town.base, cookies={"sid": logged_in.secret}, headers={"X-CSRF-Token": csrf})
    return Person(account.id, account.name, logged_in.secret, csrf, http)


def _scope(town: Town, library: str, scope: ScopeKind) -> str:
    return {ScopeKind.LIBRARY: town.libraries[library], ScopeKind.STORE: "store-1"}.get(scope, "")
