"""Sets up conversations over the product's own doors: librarians on duty, readers asking, offers accepted."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx

from loadtests import rig
from loadtests.lines import Line, open_line

LIBRARIES = (
    "slug,name_zh,name_en,kind,city,desk_slug,mail,origins,open\n"
    "bench,压测图书馆,Bench Library,public,广州,bench,desk@example.org,,yes\n"
)


@dataclass
class Side:
    """One participant's line into one conversation."""

    line: Line
    session: str
    waiting: dict[str, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)


@dataclass
class Desk:
    """A product under load, with its conversations."""

    port: int
    lines: list[Line] = field(default_factory=list)
    readers: dict[str, Line] = field(default_factory=dict)
    librarians: dict[str, Line] = field(default_factory=dict)
    hear: dict[tuple[str, str], Any] = field(default_factory=dict)


def prepare(environ: dict[str, str], folder: Path, librarians: int) -> list[dict[str, str]]:
    """Import a library with a desk, and issue log-ins."""
    (folder / "libraries.csv").write_text(LIBRARIES, encoding="utf-8")
    rig.run(environ, "import-libraries", str(folder / "libraries.csv"))
    return rig.run(
        environ, "user", "sessions", "--count", str(librarians), "--role", "librarian", "--desk", "bench"
    )


async def open_desk(
    port: int, logins: list[dict[str, str]], conversations: int, *, reader_port: int = 0
) -> Desk:
    """Everybody connected, every conversation accepted, both sides listening from the first event."""
    desk = Desk(port)
    capacity = -(-conversations // len(logins))
    base = f"http://127.0.0.1:{port}"
    gates = asyncio.Semaphore(16)
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as http:

        async def seat(login: dict[str, str]) -> None:
            async with gates:
                line = await _staff_line(desk, port, login)
                desk.lines.append(line)
                answer = await http.put(
                    "/api/console/duty",
                    json={"availability": "available", "capacity": capacity},
                    headers=_staff(login),
                )
                answer.raise_for_status()

        async def ask(number: int) -> None:
            async with gates:
                body = {
                    "topic": "reference",
                    "question": "请问？",
                    "client_id": "q",
                    "visitor": f"visitor-{port}-{number}",
                }
                answer = await http.post("/api/desks/bench/sessions", json=body)
                answer.raise_for_status()
                opened = answer.json()
                session = opened["session"]["id"]
                line = await _reader_line(desk, reader_port or port, session, opened["token"])
                desk.readers[session] = line
                desk.lines.append(line)

        await asyncio.gather(*map(seat, logins))
        await asyncio.gather(*map(ask, range(conversations)))
        async with asyncio.timeout(120):
            await asyncio.gather(*(_accept(desk, http, login, capacity) for login in logins))
            while len(desk.librarians) < conversations:
                await asyncio.gather(*(_accept(desk, http, login, capacity) for login in logins))
    return desk


def _staff(login: dict[str, str]) -> dict[str, str]:
    return {"Cookie": f"sid={login['sid']}", "X-CSRF-Token": login["csrf"]}


async def _staff_line(desk: Desk, port: int, login: dict[str, str]) -> Line:
    line = await open_line(port, "/api/socket", lambda text: _hear(desk, "staff", text), _staff(login))
    line.send(b'{"t":"hello","v":1}')
    login["line"] = line  # type: ignore[assignment]
    return line


async def _reader_line(desk: Desk, port: int, session: str, token: str) -> Line:
    line = await open_line(port, "/api/socket", lambda text: _hear(desk, "reader", text))
    hello = {"t": "hello", "v": 1, "token": token, "topics": {f"chat/{session}": 0}}
    line.send(json.dumps(hello).encode())
    return line


async def _accept(desk: Desk, http: httpx.AsyncClient, login: dict[str, str], capacity: int) -> None:
    line: Line = login["line"]  # type: ignore[assignment]
    for _ in range(capacity):
        console = (await http.get("/api/console", headers=_staff(login))).json()
        if not console["offers"]:
            await asyncio.sleep(0.05)
            continue
        for offer in console["offers"]:
            answer = await http.post(f"/api/offers/{offer['offer_id']}/accept", headers=_staff(login))
            if answer.status_code == 200:
                session = answer.json()["id"]
                desk.librarians[session] = line
                line.send(json.dumps({"t": "sub", "topic": f"chat/{session}", "after": 0}).encode())


def _hear(desk: Desk, side: str, text: bytes) -> None:
    if text.startswith(b'{"t":"ack"'):
        start = text.index(b'"id":"') + 6
        name = text[start : text.index(b'"', start)]
        heard = desk.hear.get(("ack", name.partition(b"-")[0].decode()))
        if heard is not None:
            heard(name)
    elif text.startswith(b'{"t":"err"'):
        raise RuntimeError(text.decode())
