"""How tests ask every address: with a body that would do, and as everybody of the cast."""

import asyncio
import re
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import httpx2 as httpx
from msgspec.structs import fields

from server.actions.access import actor_of_visitor
from server.actions.accounts import resolve_actor
from server.actions.logins import start_login
from server.api.routes import Endpoint
from server.assembly import ENDPOINTS
from server.domain.logins import LogInKind
from server.domain.permissions import NOBODY, TABLE, Actor, Reach
from server.store.accounts import account_by_id
from server.wire.tokens import csrf_token, hashed
from tests.town import Reader, Town
from web.pages.base import Page
from web.site import PAGES

# These end the log-in that asks: they come last.
LAST = ("/account/password", "/account/erase", "/api/widget/logout", "/account/log-out-elsewhere", "/logout")
ROUTES: list[Endpoint | Page] = sorted(
    [*ENDPOINTS, *PAGES], key=lambda route: LAST.index(route.path) if route.path in LAST else -1
)


@dataclass(frozen=True)
class Asker:
    """Somebody who asks: as whom the server should know them, and what their requests carry."""

    name: str
    actor: Actor
    headers: dict[str, str]

    def at_pages(self) -> Actor:
        """Pages know browsers by their cookie only."""
        return self.actor if "sid=" in self.headers["Cookie"] else NOBODY


def only_in_scope(actor: Actor, route: Endpoint | Page) -> bool:
    """Whether it hangs on the library asked for what the actor may do here."""
    reaches = TABLE[route.verb]
    mine = [grant for grant in actor.grants if grant.role in reaches]
    return bool(mine) and all(reaches[grant.role] is Reach.SCOPE and grant.scope_id for grant in mine)


def name_of(route: Endpoint | Page) -> str:
    return f"{route.method} {route.path}"


def body_for(kind: Any) -> Any:
    """The smallest value of a type that a decoder takes."""
    if get_origin(kind) is Annotated:
        least = max((getattr(meta, "min_length", 0) or 0 for meta in get_args(kind)[1:]), default=0)
        inner = body_for(get_args(kind)[0])
        return inner * least if isinstance(inner, list) else inner
    if get_origin(kind) is list:
        return [body_for(get_args(kind)[0])]
    if hasattr(kind, "__struct_fields__"):
        hints = get_type_hints(kind, include_extras=True)
        return {field.encode_name: body_for(hints[field.name]) for field in fields(kind) if field.required}
    return {str: "x", int: 1, bool: True}[kind]


def address(route: Endpoint | Page, **ids: str) -> str:
    """The route's address; what no id is given for does not exist."""
    return re.sub(r"\{(\w+)\}", lambda part: ids.get(part[1], "unknown"), route.path)


async def ask(town: Town, route: Endpoint | Page, asker: Asker, **ids: str) -> tuple[httpx.Response, str]:
    """The answer and its text; of an event stream the greeting, and the answer about the conversation asked for."""
    json = body_for(route.body) if isinstance(route, Endpoint) and route.body else None
    headers = {"Accept-Language": "en", **asker.headers}
    town.http.cookies.clear()  # nobody keeps another's
    async with town.http.stream(route.method, address(route, **ids), headers=headers, json=json) as answer:
        if "event-stream" in answer.headers.get("content-type", ""):
            return answer, await _first_frames(answer, 2 if ids else 1)
        await answer.aread()
        return answer, answer.text


async def _first_frames(answer: httpx.Response, count: int) -> str:
    frames: list[str] = []
    async with asyncio.timeout(60):
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                frames.append(line)
            if len(frames) == count:
                break
    return "\n".join(frames)


async def askers(town: Town, reader: Reader) -> list[Asker]:
    """Nobody, a visitor with a conversation, a widget's log-in of a manager, and the whole cast at their browsers."""
    seed = "a-browser-without-log-in"
    nobody = {"Cookie": f"pre={seed}", "X-CSRF-Token": csrf_token(town.ctx.settings.secret_key, hashed(seed))}
    visitor = actor_of_visitor(hashed(reader.visitor), session_id=reader.session)
    found = [Asker("nobody", NOBODY, nobody), Asker("visitor", visitor, {**nobody, **reader.headers})]
    account = await account_by_id(town.ctx.db.read, town.people["manager"].id)
    assert account is not None
    async with town.ctx.transaction() as tx:
        secret = (await start_login(town.ctx, tx, account, kind=LogInKind.WIDGET)).secret
    bearer = await resolve_actor(town.ctx, bearer=secret)
    found.append(Asker("widget log-in of a manager", bearer, {**nobody, "Authorization": f"Bearer {secret}"}))
    for name, person in town.people.items():
        actor = await resolve_actor(town.ctx, cookie=person.cookie)
        found.append(Asker(name, actor, {"Cookie": f"sid={person.cookie}", "X-CSRF-Token": person.csrf}))
    return found
