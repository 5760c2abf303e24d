"""Finds the route of a request among hundreds by the words of its path, and not by trying one after the other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send

WORDS = 2


class Crossing(BaseRoute):
    """Routes as one: in their order, but only those are tried whose path begins with the same two words.

    And has as many of them: no parameter of a path may span several words.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = list(routes)
        begun = [(_fixed(route.path), route.path.count("/"), route) for route in self.routes]
        known = {(fixed, count) for fixed, count, _ in begun}
        self._by_words = {
            (words, count): [
                r for fixed, as_many, r in begun if as_many == count and words[: len(fixed)] == fixed
            ]
            for words, count in known
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        partly: tuple[Match, Scope] = Match.NONE, {}
        for route in self._near(scope["path"]):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, "crossed_to": route}
            if match is Match.PARTIAL and partly[0] is Match.NONE:
                partly = match, {**child, "crossed_to": route}
        return partly

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: Route = scope.pop("crossed_to")
        scope["route"] = route
        await route.handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        for route in self.routes:
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                pass
        raise NoMatchFound(name, path_params)

    def _near(self, path: str) -> Sequence[Route]:
        words, as_many = tuple(path.split("/", WORDS + 1)[1 : WORDS + 1]), path.count("/")
        for count in range(len(words), -1, -1):
            if (found := self._by_words.get((words[:count], as_many))) is not None:
                return found
        return ()


class Answering:
    """What answers requests, as the framework calls whole applications.

    It wraps functions twice over for exceptions and for work in threads; ours answer every refusal themselves.
    """

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)


def _fixed(path: str) -> tuple[str, ...]:
    """The first words of a route's path up to the first that varies."""
    words = path.split("/", WORDS + 1)[1 : WORDS + 1]
    varies = next((at for at, word in enumerate(words) if "{" in word), len(words))
    return tuple(words[:varies])
