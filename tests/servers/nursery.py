"""Processes of ours that begin where all of ours is imported already: what tests start hundreds of times.

    python -m tests.servers.nursery SOCKET

A process of the product spends more time on its imports than most tests spend with it. The nursery has made them once
and forks: what is born is a process like any other, with its own memory, settings and log, and dies like any other. Who
asks for one holds a line to its guardian, which waits for it and passes on how it ended.
"""

import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.servers import machine

# Where one listens; processes of ours are then born there, and started as users start them otherwise.
PLACE = "TEST_NURSERY"
_PR_SET_PDEATHSIG = 1


def born(module: str, words: list[str], log: Path, environ: dict[str, str] | None = None) -> machine.Running:
    """A process that runs `main(words)` of a module of ours; its words go to a file."""
    environ = dict(os.environ) if environ is None else environ
    if PLACE in os.environ:
        return Born(module, words, log, environ)
    return machine.launch([sys.executable, "-m", module.removesuffix(".__main__"), *words], log, environ)


class Born:
    """A process that the nursery made: as much of `subprocess.Popen` as tests ask for."""

    def __init__(self, module: str, words: list[str], log: Path, environ: dict[str, str]) -> None:
        self.returncode: int | None = None
        log.touch()  # there from the beginning, as where we started it ourselves
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(os.environ[PLACE])
        order = {"module": module, "words": words, "log": str(log), "environ": environ}
        self._line.sendall(json.dumps(order).encode() + b"\n")
        said = b""
        while not said.endswith(b"\n"):  # and not one octet more: how it ended may stand behind it already
            if not (octet := self._line.recv(1)):
                raise RuntimeError("the nursery has made nothing")
            said += octet
        self.pid = int(said)

    def poll(self) -> int | None:
        """How it ended, None while it lives."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.0001)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, waited for. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                word = self._line.recv(16)
            except TimeoutError:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0) from None
            self._line.close()
            self.returncode = int(word or -signal.SIGKILL)  # a guardian that says nothing was killed with it
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def open_nursery(folder: Path) -> "subprocess.Popen[bytes]":
    """Start a nursery; it answers when this returns, and processes of ours are born there from now on."""
    place = folder / "nursery"
    process = machine.start(
        [sys.executable, "-m", __name__, str(place)], folder / "nursery.log", place.exists
    )
    os.environ[PLACE] = str(place)
    return process


def close_nursery(process: "subprocess.Popen[bytes]") -> None:
    """End it, and everybody who was born there."""
    del os.environ[PLACE]
    machine.stop(process)


def main(place: str) -> int:
    """Fork for everybody who asks."""
    for module in ("server.__main__", "stack_io.simulator.__main__"):
        import_module(module)
    import_module("server.words.catalogue").words()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _bury)
    door = socket.socket(socket.AF_UNIX)
    door.bind(f"{place}.new")
    door.listen(64)
    Path(f"{place}.new").rename(place)
    while True:
        line, _ = door.accept()
        if not os.fork():
            door.close()
            return _guard(line)
        line.close()


def _bury(*_: Any) -> None:
    """Guardians that have gone; what they and theirs have cost is counted with us."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _guard(line: socket.socket) -> int:
    _die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    order = json.loads(line.makefile("rb").readline())
    pid = os.fork()
    if not pid:
        line.close()
        return _live(**order)
    line.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    line.sendall(b"%d" % os.waitstatus_to_exitcode(status))
    return 0


def _live(module: str, words: list[str], log: str, environ: dict[str, str]) -> int:
    _die_with_parent()
    for number, (path, how) in enumerate(
        [(os.devnull, os.O_RDONLY), (log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)]
    ):
        os.dup2(os.open(path, how, 0o644), number)
    os.dup2(1, 2)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = [module, *words]
    run: Any = import_module(module).main
    return int(run(words))


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
