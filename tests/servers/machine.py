"""What the machine gives: free ports, child processes that end with us, the only excuse to skip a test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

STARTING = 30.0  # seconds that a server may take to answer on a slow machine
STOPPING = 10.0


def machine_cannot(reason: str) -> NoReturn:
    """Skip what this machine is unable to run, or fail where that is no excuse (SHUQIAO_NO_SKIP=1)."""
    if os.environ.get("SHUQIAO_NO_SKIP") == "1":
        pytest.fail(f"the machine cannot: {reason}", pytrace=False)
    pytest.skip(f"the machine cannot: {reason}")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dies_with_us() -> list[str]:
    """What to put before a command so that it ends even when the test run is killed."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def start(
    command: list[str],
    log: Path,
    answers: Callable[[], bool],
    *,
    environ: dict[str, str] | None = None,
    patience: float = STARTING,
) -> subprocess.Popen[bytes]:
    """Start a server and come back when it answers. Raises RuntimeError with the end of its log otherwise."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, env=environ
        )
    deadline = time.monotonic() + patience
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            tail = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{command[0]} did not start: {tail}")
        time.sleep(0.01)  # nothing else tells that a foreign server has begun to listen
    return process


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, kindly at first; ended ones are left alone."""
    process.terminate()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOPPING)
