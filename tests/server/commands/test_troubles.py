"""Servers that are away, closed, full or something else: the doctor says which, in the operator's language."""

import shutil
import smtplib
import socket
import sqlite3
import ssl
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from server.commands.causes import cause_of, trouble_with
from server.words.catalogue import text, words
from tests.server.commands.conftest import Said, Shuqiao
from tests.servers.machine import STARTING, free_port, machine_cannot
from tests.servers.mails import MailServer
from tests.servers.postgres import Postgres, start_postgres
from tests.servers.valkey import Valkey, start_valkey

HBA = """
host all locked 127.0.0.1/32 scram-sha-256
host all shuqiao 127.0.0.1/32 trust
host all "full" 127.0.0.1/32 trust
host all poor 127.0.0.1/32 trust
"""


@pytest.fixture(scope="module")
def guarded() -> Iterator[Postgres]:
    """A PostgreSQL that does not let everybody in."""
    folder = Path(tempfile.mkdtemp(prefix="shuqiao-guarded-"))
    folder.chmod(0o711)
    try:
        server = start_postgres(folder)
    except RuntimeError as error:
        machine_cannot(f"run PostgreSQL: {error}")
    if not server.ours:
        machine_cannot("lock the PostgreSQL server that it was given")
    server.say("CREATE ROLE locked LOGIN PASSWORD 'right'")
    server.say('CREATE ROLE "full" LOGIN CONNECTION LIMIT 0')
    server.say("CREATE ROLE poor LOGIN")
    server.say("CREATE TABLE tortoise_migrations (name text)")
    server.say("CREATE DATABASE follower")
    server.say("ALTER DATABASE follower SET default_transaction_read_only = on")
    data = Path(server.command[server.command.index("-D") + 1])
    (data / "pg_hba.conf").write_text(HBA)
    loaded = server.say("SELECT pg_conf_load_time(), pg_reload_conf()")
    deadline = time.monotonic() + STARTING
    while server.say("SELECT pg_conf_load_time(), true") == loaded:
        assert time.monotonic() < deadline, "the server reads its rules some time after it was told to"
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Valkey]:
    """A Redis of one's own, to be locked and filled."""
    server = start_valkey(tmp_path)
    yield server
    server.stop()


def tell(server: Valkey, *words: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall((" ".join(words) + "\r\n").encode())
        assert line.recv(64) == b"+OK\r\n"


def told(said: Said, area: str) -> list[str]:
    """What the doctor says of a thing: what is the matter, what to do, its driver's words."""
    lines = said.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.split()[:2] == ["FAIL", area])
    return [line.strip() for line in lines[at : at + 3]]


def demand_told(shuqiao: Shuqiao, area: str, cause: str, **settings: object) -> None:
    """The doctor says it in both languages; English drivers are heard in the last line alone."""
    for lang, language in (("C", "en"), ("zh_CN.UTF-8", "zh")):
        matter, todo, detail = told(shuqiao("doctor", lang=lang, environment="test", **settings), area)
        assert text(f"cause.{cause}", language) in matter, matter
        own = f"cause_next.{area}.{cause}"
        own = own if own in words().texts["zh"] else f"cause_next.{area}.other"
        assert todo == "→ " + text(own, language)
        opening = text("cause.detail", language, words="|").partition("|")[0]
        assert detail.startswith(opening) and len(detail) > len(opening)


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("account", "database", "cause"),
    [
        ("locked:wrong", "postgres", "log_in"),
        ("stranger:any", "postgres", "not_let_in"),
        ("shuqiao", "nothing_like_it", "no_database"),
        ("shuqiao", "postgres?sslmode=require", "no_tls"),
        ("full", "postgres", "full"),
        ("poor", "postgres", "right"),
        ("shuqiao", "follower", "read_only"),
    ],
)
def test_a_postgresql_that_is_of_no_use(
    shuqiao: Shuqiao, guarded: Postgres, account: str, database: str, cause: str
) -> None:
    port = urlsplit(guarded.url).port
    demand_told(
        shuqiao, "database", cause, database_url=f"postgresql://{account}@127.0.0.1:{port}/{database}"
    )


@pytest.mark.cluster
def test_a_server_that_cannot_use_its_database_says_so_as_the_doctor_does(
    shuqiao: Shuqiao, guarded: Postgres
) -> None:
    port = urlsplit(guarded.url).port
    url = f"postgresql://locked:wrong@127.0.0.1:{port}/postgres"
    for command in ("serve", "worker", "migrate"):
        said = shuqiao(command, lang="zh_CN.UTF-8", environment="test", database_url=url)
        assert said.status == 1
        matter, todo, detail = said.err.splitlines()
        assert "用户名或密码被拒绝" in matter and "database_url 中的用户名和密码" in todo
        assert "password authentication failed" in detail


TWICE = "twice.invalid"  # a name with two addresses, as localhost on most machines


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a host of that name, on machines without IPv6, too."""
    real = socket.getaddrinfo

    def known(host: Any, *more: Any, **options: Any) -> list[Any]:
        names = ["127.0.0.1", "127.0.0.2"] if host in (TWICE, TWICE.encode()) else [host]
        return [address for name in names for address in real(name, *more, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", known)


@pytest.mark.parametrize("area", ["database", "redis", "mail"])
@pytest.mark.parametrize(
    ("host", "cause"),
    [("127.0.0.1", "nobody"), (TWICE, "nobody"), ("nobody.invalid", "no_host")],
)
def test_nobody_listens_or_nobody_knows_the_host(
    shuqiao: Shuqiao, twice: None, area: str, host: str, cause: str
) -> None:
    port = free_port()
    settings: dict[str, dict[str, object]] = {
        "database": {"database_url": f"postgresql://shuqiao@{host}:{port}/shuqiao"},
        "redis": {"redis_url": f"redis://{host}:{port}"},
        "mail": {"smtp_host": host, "smtp_port": port, "mail_from": "desk@example.org"},
    }
    demand_told(shuqiao, area, cause, **settings[area])


@pytest.mark.cluster
def test_a_redis_that_is_of_no_use(shuqiao: Shuqiao, redis: Valkey, mails: MailServer) -> None:
    address = f"127.0.0.1:{redis.port}"
    demand_told(shuqiao, "redis", "no_database", redis_url=f"redis://{address}/99")
    demand_told(shuqiao, "redis", "stranger", redis_url=f"redis://127.0.0.1:{mails.port}")
    tell(redis, "ACL", "SETUSER", "small", "on", ">pw", "-@all", "+hello", "+client", "+select")
    demand_told(shuqiao, "redis", "right", redis_url=f"redis://small:pw@{address}")
    everything = ("on", ">pw", "~*", "+@all")  # as of Redis 6; channels are extra
    for name, rights in (("outside", ()), ("deaf", ("&*", "-subscribe")), ("mute", ("&*", "-publish"))):
        tell(redis, "ACL", "SETUSER", name, *everything, *rights)
        demand_told(shuqiao, "redis", "right", redis_url=f"redis://{name}:pw@{address}")
    tell(redis, "CONFIG", "SET", "requirepass", "right")
    demand_told(shuqiao, "redis", "no_password", redis_url=f"redis://{address}")
    demand_told(shuqiao, "redis", "log_in", redis_url=f"redis://:wrong@{address}")
    healthy = shuqiao("doctor", environment="test", redis_url=f"redis://:right@{address}")
    assert any(line.split()[:2] == ["OK", "redis"] for line in healthy.out.splitlines())


class Unkind:
    """A mail server that takes no log-in, nor anything from or to whom it does not like."""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address.startswith("nobody"):
            return "550 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return "451 4.7.1 Try again later" if address.startswith("late") else "550 5.1.1 No such mailbox"


@pytest.fixture
def unkind() -> Iterator[int]:
    """The port of such a server."""
    port = free_port()
    controller = Controller(
        Unkind(),
        hostname="127.0.0.1",
        port=port,
        ready_timeout=STARTING,
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=False, handled=False),
    )
    controller.start()
    yield port
    controller.stop()


def test_a_mail_server_that_is_of_no_use(shuqiao: Shuqiao, unkind: int, mails: MailServer) -> None:
    at = {"smtp_host": "127.0.0.1", "smtp_port": unkind, "mail_from": "desk@example.org"}
    demand_told(shuqiao, "mail", "no_tls", **at)  # STARTTLS unless told otherwise
    demand_told(shuqiao, "mail", "no_tls", **at, smtp_tls="tls")
    demand_told(shuqiao, "mail", "log_in", **at, smtp_tls="none", smtp_user="desk", smtp_password="wrong")
    kind = {**at, "smtp_port": mails.port}
    demand_told(shuqiao, "mail", "no_log_in", **kind, smtp_tls="none", smtp_user="desk", smtp_password="x")


def test_a_mail_server_that_does_not_take_our_test_mail(shuqiao: Shuqiao, unkind: int) -> None:
    at = {"environment": "test", "smtp_host": "127.0.0.1", "smtp_port": unkind, "smtp_tls": "none"}
    for sender, recipient, cause in (
        ("nobody@example.org", "me@example.org", "sender"),
        ("desk@example.org", "me@example.org", "recipient"),
    ):
        said = shuqiao("doctor", "--mail-to", recipient, mail_from=sender, **at)
        assert text(f"cause.{cause}", "en") in told(said, "mail")[0]


def test_a_file_that_is_no_database(shuqiao: Shuqiao, tmp_path: Path) -> None:
    (tmp_path / "torn.db").write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    demand_told(shuqiao, "database", "broken", database_url=f"sqlite://{tmp_path}/torn.db")


@pytest.mark.parametrize("said", ["disk I/O error", "locking protocol", "large file support is disabled"])
def test_an_sqlite_file_in_trouble_is_no_matter_of_postgresql(said: str) -> None:
    """The operator was sent to look at a server that there is none of."""
    for language, todo in (("zh", "磁盘"), ("en", "backup")):
        trouble = trouble_with("database", sqlite3.OperationalError(said), language)
        assert "SQLite" in trouble.reason and said in trouble.detail
        assert todo in trouble.todo and "PostgreSQL" not in trouble.todo


def test_a_virus_scanner_without_its_socket(shuqiao: Shuqiao, tmp_path: Path) -> None:
    demand_told(shuqiao, "scanner", "no_socket", clamd_socket=tmp_path / "nobody.sock")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
            "certificate",
        ),
        (ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION]"), "tls"),
        (OSError(113, "No route to host"), "no_way"),
        (OSError(28, "No space left on device"), "disk_full"),
        (sqlite3.OperationalError("database is locked"), "busy"),
        (sqlite3.OperationalError("database or disk is full"), "disk_full"),
        (sqlite3.OperationalError("disk I/O error"), "file"),
        (aiosmtplib.SMTPResponseException(530, "Must issue a STARTTLS command first"), "tls_first"),
        (aiosmtplib.SMTPResponseException(421, "Service not available"), "later"),
        (aiosmtplib.SMTPResponseException(554, "No"), "refuses"),
        (ConnectionError("gone"), "hung_up"),
        (RuntimeError("what nobody has thought of"), "other"),
        (smtplib.SMTPException("of another library"), "other"),
    ],
)
def test_what_no_server_of_ours_can_be_made_to_say(error: Exception, cause: str) -> None:
    assert cause_of(error) == cause
    wrapped = RuntimeError("somewhere further out")
    wrapped.__cause__ = error
    assert cause_of(wrapped) == cause
    for language in ("zh", "en"):
        assert trouble_with("database", error, language).reason == text(f"cause.{cause}", language)
