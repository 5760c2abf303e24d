"""What the machine gives: free ports, child processes that end with us, the only excuse to skip a test."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any, NoReturn, Protocol

import httpx2 as httpx
import pytest

STARTING = 60.0  # seconds that a server may take to answer on a slow machine
STOPPING = 60.0  # and to end kindly: ours allow themselves fifteen and what they have in hand
PATIENCE = 60.0  # and for one answer; a slow machine is no failure


def machine_cannot(reason: str) -> NoReturn:
    """Skip what this machine is unable to run, or fail where that is no excuse (SHUQIAO_NO_SKIP=1)."""
    if os.environ.get("SHUQIAO_NO_SKIP") == "1":
        pytest.fail(f"the machine cannot: {reason}", pytrace=False)
    pytest.skip(f"the machine cannot: {reason}")


def _ports() -> Iterator[int]:
    """This test process's own, below those that the system gives to whoever asks for any (32768 and more)."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    ours = range(12_000 + 2_500 * worker, 14_500 + 2_500 * worker)
    begin = os.getpid() % len(ours)  # another run on this machine begins elsewhere
    return cycle([*ours[begin:], *ours[:begin]])


_OURS = _ports()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, nor is given before it is used or between two starts."""
    while True:
        port = next(_OURS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def http_client(base: str = "", *, verify: ssl.SSLContext | bool = False, **more: Any) -> httpx.AsyncClient:
    """Somebody who asks the product over HTTP, and gives a slow machine the time that it needs."""
    return httpx.AsyncClient(base_url=base, trust_env=False, verify=verify, timeout=PATIENCE, **more)


def dies_with_us() -> list[str]:
    """What to put before a command so that it ends even when the test run is killed."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


class Running(Protocol):
    """As much of `subprocess.Popen` as tests ask for."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


def launch(command: list[str], log: Path, environ: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """A process that ends with us, and whose words go to a file."""
    with log.open("ab") as sink:
        return subprocess.Popen(
            [*dies_with_us(), *command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environ,
        )


def await_answer(
    process: Running, log: Path, answers: Callable[[], bool], patience: float | None = None
) -> None:
    """Come back when a server answers. Raises RuntimeError with the end of its log when it ends or never does."""
    deadline = time.monotonic() + (patience or STARTING)
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            raise RuntimeError(f"it did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)  # nothing else tells that a foreign server has begun to listen


def start(command: list[str], log: Path, answers: Callable[[], bool]) -> "subprocess.Popen[bytes]":
    """Start a server and come back when it answers; it ends with us. Raises RuntimeError as above."""
    process = launch(command, log)
    await_answer(process, log, answers)
    return process


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: Running) -> None:
    """End a server, kindly at first; ended ones are left alone."""
    process.terminate()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOPPING)
