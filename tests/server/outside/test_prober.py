"""The prober among bad web servers: it goes nowhere private, reads little, waits little, and says what it saw."""

import asyncio
import errno
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from server.domain.probes import Look
from server.domain.verdicts import Verdict
from server.outside import asking, prober
from server.outside.asking import HEAD_BYTES
from server.outside.prober import Prober
from server.outside.roads import Map, resolve
from tests.server.outside.zoo import Zoo, open_zoo
from tests.servers.machine import machine_cannot

TRUSTED = ssl.create_default_context()  # once: it reads all that the machine trusts, while everybody waits


@pytest.fixture
async def zoo() -> AsyncIterator[Zoo]:
    async with open_zoo() as zoo:
        yield zoo


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines are met the same way when they are short."""
    monkeypatch.setattr(asking, "BODY_SECONDS", 1.0)
    monkeypatch.setattr(prober, "DEADLINE", 4.0)


class Names:
    """A resolver that answers what the test says, one answer after the other, and counts the questions."""

    def __init__(self, **answers: Sequence[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.answers:
            return await resolve(host, port)
        given = self.answers[host]
        return given.pop(0) if len(given) > 1 else given[0]


async def look(zoo: Zoo, url: str, names: Names | None = None, tls: ssl.SSLContext | None = None) -> Look:
    """A look from an installation to which only this zoo is open of all that is private."""
    way = Map(frozenset({("127.0.0.1", zoo.port)}), names or resolve, tls or TRUSTED)
    return await Prober(way, agent="probe").look_at(url)


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("good", Verdict.OPENS),
        ("pdf", Verdict.OPENS),
        ("endless", Verdict.OPENS),
        ("drip", Verdict.TIMEOUT),
        ("header_drip", Verdict.TIMEOUT),
        ("silent", Verdict.TIMEOUT),
        ("huge_headers", Verdict.TOO_LARGE),
        ("interim", Verdict.SERVER_ERROR),
        ("slams", Verdict.SERVER_ERROR),
        ("garbage", Verdict.SERVER_ERROR),
        ("bomb", Verdict.OPENS),
        ("packed", Verdict.SOFT_404),
        ("log_in", Verdict.LOG_IN_WALL),
        ("nul", Verdict.LOG_IN_WALL),
        ("soft_404", Verdict.SOFT_404),
        ("pay_wall", Verdict.PAYMENT_WALL),
        ("missing", Verdict.NOT_FOUND),
        ("round", Verdict.REDIRECT_LOOP),
        ("onward?1", Verdict.REDIRECT_LOOP),
    ],
)
async def test_every_animal_is_known_for_what_it_is(zoo: Zoo, path: str, verdict: Verdict) -> None:
    found = await look(zoo, zoo.url(path))
    assert found.verdict is verdict, found


async def test_the_evidence_tells_the_way_and_what_came(zoo: Zoo) -> None:
    found = await look(zoo, zoo.url("to?good"))
    assert [(hop.url, hop.address, hop.status) for hop in found.hops] == [
        (zoo.url("to?good"), "127.0.0.1", 302),
        (zoo.url("good"), "127.0.0.1", 200),
    ]
    assert (found.title, found.kind, len(found.head_hash)) == ("论文", "text/html; charset=utf-8", 64)


async def test_no_more_than_the_beginning_is_read_and_unfolded(zoo: Zoo) -> None:
    for path in ("endless", "bomb"):
        address = prober.web_address(zoo.url(path), ports=frozenset({zoo.port}))
        assert address is not None
        reply = await asking.ask(address, Map(frozenset({("127.0.0.1", zoo.port)})), agent="probe")
        assert 0 < len(reply.head) <= HEAD_BYTES


async def test_a_redirect_into_our_own_network_is_not_followed(zoo: Zoo) -> None:
    async with open_zoo() as secret:
        for path in ("to", "moves_on"):
            for target in (
                secret.url("good"),
                secret.url("good", host="localhost"),
                secret.url("good", host="2130706433"),
                secret.url("good", host="0x7f.1"),
                secret.url("good", host="[::ffff:127.0.0.1]"),
                "http://169.254.169.254/latest/meta-data",
                "http://[::1]/",
            ):
                found = await look(zoo, zoo.url(f"{path}?{target}"))
                assert found.verdict in (Verdict.PRIVATE_ADDRESS, Verdict.NO_WEB_ADDRESS), (target, found)
                assert found.hops[-1].status == 0
        assert secret.visits == [], "nobody knocked at the secret door"


async def test_other_schemes_and_doors_are_not_tried(zoo: Zoo) -> None:
    for target in (
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://example.org:25/",
        "http://u:p@example.org/",
    ):
        assert (await look(zoo, zoo.url(f"to?{target}"))).verdict is Verdict.NO_WEB_ADDRESS


async def test_a_name_with_any_private_address_is_refused_before_anybody_is_asked(zoo: Zoo) -> None:
    for addresses in (
        ["10.0.0.5"],
        ["1.1.1.1", "192.168.0.1"],
        ["fd00::1"],
        ["::ffff:10.0.0.1"],
        ["100.64.0.9"],
    ):
        names = Names(journal_test=[addresses])
        found = await look(zoo, f"http://journal.test:{zoo.port}/good", names)
        assert found.verdict is Verdict.PRIVATE_ADDRESS and found.hops[-1].address == addresses[-1]
    assert zoo.visits == []


async def test_a_name_that_changes_its_mind_after_the_check_gains_nothing(zoo: Zoo) -> None:
    names = Names(rebind_test=[["127.0.0.1"], ["10.6.6.6"]])
    found = await look(zoo, f"http://rebind.test:{zoo.port}/good", names)
    assert found.verdict is Verdict.OPENS
    assert names.asked == ["rebind.test"], "asked once, connected to that very answer"
    assert found.hops[0].address == "127.0.0.1" and zoo.visits[0].headers["host"] == f"rebind.test:{zoo.port}"


async def test_every_hop_is_checked_anew(zoo: Zoo) -> None:
    names = Names(rebind_test=[["127.0.0.1"], ["10.6.6.6"]])
    found = await look(zoo, f"http://rebind.test:{zoo.port}/to?good", names)
    assert (found.verdict, found.hops[-1].address) == (Verdict.PRIVATE_ADDRESS, "10.6.6.6")
    assert [visit.target for visit in zoo.visits] == ["/to?good"]


async def test_no_cookie_and_no_proxy_is_used(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_zoo() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        await look(zoo, zoo.url("round"))
        await look(zoo, zoo.url("good"))
        assert proxy.visits == []
    assert all("cookie" not in visit.headers for visit in zoo.visits)


async def test_a_name_that_nobody_has_and_a_door_that_is_shut_are_unreachable(zoo: Zoo) -> None:
    async with open_zoo() as gone:
        pass
    way = Map(frozenset({("127.0.0.1", gone.port)}), Names(lost_test=[[]]))
    for url in (gone.url("good"), "http://lost.test/"):
        assert (await Prober(way, agent="probe").look_at(url)).verdict is Verdict.UNREACHABLE


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        (socket.EAI_NONAME, Verdict.UNREACHABLE),
        (socket.EAI_AGAIN, Verdict.TIMEOUT),
        (errno.ENETUNREACH, Verdict.TIMEOUT),
    ],
)
async def test_trouble_on_our_side_is_not_laid_on_the_site(number: int, verdict: Verdict) -> None:
    async def fails(host: str, port: int) -> list[str]:
        raise socket.gaierror(number, "trouble")

    way = Map(resolve=fails)
    assert (await Prober(way, agent="probe").look_at("http://journal.example/")).verdict is verdict


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for journal.test that signs itself."""
    if shutil.which("openssl") is None:
        machine_cannot("make a certificate: no openssl")
    path = tmp_path_factory.mktemp("tls") / "journal.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        f"{path}.key",
        "-out",
        f"{path}",
    ]
    named = ["-days", "2", "-subj", "/CN=journal.test", "-addext", "subjectAltName=DNS:journal.test"]
    subprocess.run(made + named, check=True, capture_output=True)
    return path


async def test_certificates_are_checked_against_the_name_and_not_the_number(certificate: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, f"{certificate}.key")
    trusting = ssl.create_default_context(cafile=str(certificate))
    names = Names(journal_test=[["127.0.0.1"]], other_test=[["127.0.0.1"]])
    async with open_zoo(server) as zoo:
        assert (
            await look(zoo, zoo.url("good", "journal.test", "https"), names, trusting)
        ).verdict is Verdict.OPENS
        for host, tls in (("journal.test", None), ("other.test", trusting)):
            found = await look(zoo, zoo.url("good", host, "https"), names, tls)
            assert found.verdict is Verdict.TLS_ERROR, found


async def test_many_slow_servers_hold_nobody_up(zoo: Zoo) -> None:
    slow = [asyncio.create_task(look(zoo, zoo.url("silent"))) for _ in range(20)]
    assert (await look(zoo, zoo.url("good"))).verdict is Verdict.OPENS
    assert {found.verdict for found in await asyncio.gather(*slow)} == {Verdict.TIMEOUT}
