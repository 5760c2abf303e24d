"""What our pages are made of besides HTML: scripts, style sheets, pictures.

Their address holds the version of all of them together, so a browser keeps them for a year and asks for none of them
twice, and a page never works with one script of before an upgrade and one of after it. They are read once: a running
server goes on with its own while a new version is laid beside it, as with templates.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.served import FOR_A_YEAR, KINDS, Served, answer, pack

_VERSION = re.compile(r"v[0-9a-f]{12}")
STATIC = Path(__file__).parent / "static"
# To be asked for again each time: what has no version in its address, or one that this server does not have.
_ASK_AGAIN = "no-cache"


@lru_cache(maxsize=1)
def files() -> dict[str, Served]:
    """Every file by its path below ``static``."""
    found = sorted(path for path in STATIC.rglob("*") if path.suffix in KINDS)
    return {path.relative_to(STATIC).as_posix(): pack(path.read_bytes(), path.suffix) for path in found}


@lru_cache(maxsize=1)
def version() -> str:
    """The same as long as none of them has changed."""
    tags = "".join(f"{name}{file.tag}" for name, file in files().items())
    return f"v{hashlib.sha256(tags.encode()).hexdigest()[:12]}"


def base() -> str:
    """Where pages find them."""
    return f"/static/{version()}"


async def statics(request: Request) -> Response:
    """``/static/v…/name`` to be kept; ``/static/name`` and another server's version to be asked for again.

    While servers of two versions run side by side, a page of one may ask the other: it gets what there is, and asks
    again the next time. Raises HTTPException 404.
    """
    path = request.path_params["path"]
    asked, _, name = path.partition("/")
    file = files().get(name if _VERSION.fullmatch(asked) else path)
    if file is None:
        raise HTTPException(404)
    return answer(request, file, FOR_A_YEAR if asked == version() else _ASK_AGAIN)


ROUTE = Route("/static/{path:path}", statics)
