"""The doctor at the installation's own door: is what stands before the servers of use to readers' browsers?"""

import socketserver
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from server.words.catalogue import text
from tests.server.commands.conftest import Said, Shuqiao
from tests.servers.machine import STARTING, free_port
from tests.servers.product import Product

MakeProduct = Callable[..., Product]
Check = Callable[[str], Said]


@pytest.fixture
def check(shuqiao: Shuqiao, product: MakeProduct, sqlite_url: str, tmp_path: Path) -> Check:
    """The doctor beside a running server, told that readers come to this address; the server's own for none."""
    settings = {
        "environment": "test",
        "database_url": sqlite_url,
        "secret_key": "0123456789abcdefghijklmnopqrstuvwxyz",
    }
    server = product("serve", **settings)
    server.start()
    _await_lease(sqlite_url)

    def run(address: str, lang: str = "C") -> Said:
        files = tmp_path / "files"
        return shuqiao("doctor", lang=lang, public_url=address or server.url, files_dir=files, **settings)

    return run


def _await_lease(url: str) -> None:
    """A server is entered among those that run a moment after it serves; before, the doctor would not knock."""
    deadline = time.monotonic() + STARTING
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as file:
        while not file.execute("SELECT 1 FROM process_lease WHERE process_id NOT LIKE 'turn:%'").fetchone():
            assert time.monotonic() < deadline, "it serves and is not entered"
            time.sleep(0.01)


@contextmanager
def door(answer: bytes) -> Iterator[str]:
    """Whoever comes is given this answer; its address."""

    class Doorman(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Doorman) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def told(said: Said) -> str:
    """The doctor's line about the address, and what it says to do."""
    lines = said.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.split()[1:2] == ["address"])
    return "\n".join(line for line in lines[at : at + 2] if line.split()[1:2] == ["address"] or "→" in line)


def test_a_socket_is_opened_at_the_public_address(check: Check) -> None:
    assert told(check("")).startswith("OK "), "it is ours, and answers"


def test_nothing_is_said_of_it_while_no_server_runs(shuqiao: Shuqiao, sqlite_url: str) -> None:
    said = shuqiao("doctor", environment="test", database_url=sqlite_url, public_url="http://127.0.0.1:9")
    assert "address" not in {line.split()[1] for line in said.out.splitlines() if line}


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
def test_a_proxy_without_a_server_is_a_fail(check: Check, status: str) -> None:
    with door(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as address:
        said = check(address)
    assert said.status == 1
    assert told(said).startswith("FAIL") and status[:3] in told(said) and "ss -ltnp" in told(said)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",  # what we say to who asks for no socket
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 301 Moved\r\nLocation: //two..dots/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"220 mail.example.org ESMTP\r\n",
    ],
    ids=["no upgrade", "another site", "elsewhere", "half an upgrade", "another protocol"],
)
def test_a_proxy_that_lets_no_socket_through_is_named(check: Check, answer: bytes) -> None:
    with door(answer) as address:
        said = check(address)
    assert said.status == 0
    assert told(said).startswith("WARN") and "docs/operations.md" in told(said)


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("http://127.0.0.1:{free}", "nobody"),
        ("http://nobody.invalid", "no_host"),
        ("http://two..dots", "setting"),
        ("http://127.0.0.1:99999", "setting"),
    ],
)
@pytest.mark.parametrize(("lang", "language"), [("C", "en"), ("zh_CN.UTF-8", "zh")])
def test_an_address_that_leads_nowhere_is_told_with_its_cause(
    check: Callable[..., Said], address: str, cause: str, lang: str, language: str
) -> None:
    said = told(check(address.format(free=free_port()), lang))
    assert said.startswith("WARN")
    assert text(f"cause.{cause}", language) in said and text(f"cause_next.address.{cause}", language) in said


def test_a_door_that_shuts_without_a_word(check: Check) -> None:
    with door(b"") as address:
        assert text("cause.hung_up", "en") in told(check(address))
