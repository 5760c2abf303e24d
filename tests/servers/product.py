"""The product itself as processes: started, killed like a host that loses power, and started again."""

import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.servers import machine, nursery


class Product:
    """One process of ours, `shuqiao serve` or `worker`, with settings of its own and none from outside.

    Its log is a file, so that a test can also hold it against what must never be written there.
    """

    def __init__(self, folder: Path, command: str = "serve", **settings: object) -> None:
        self.command = command
        self.port = machine.free_port()
        self.log = folder / f"{command}-{self.port}.log"
        self.settings = {
            "environment": "test",
            "host": "127.0.0.1",
            "port": self.port,
            "public_url": self.url,
            "files_dir": folder / "files",
            "argon2_time_cost": 1,
            "argon2_memory_kib": 1024,
            **settings,
        }
        self.process: machine.Running | None = None
        self.under: list[str] = []  # what to put before its command: one who watches it

    @property
    def url(self) -> str:
        """Where it answers; the same after each start."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and come back when it is ready. Raises RuntimeError with the end of its log."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("SHUQIAO_")}
        environ |= {f"SHUQIAO_{name.upper()}": str(value) for name, value in self.settings.items()}
        if self.under:
            watched = [*self.under, sys.executable, "-m", "server", self.command]
            self.process = machine.launch(watched, self.log, environ)
        else:
            self.process = nursery.born("server.__main__", [self.command], self.log, environ)
        machine.await_answer(self.process, self.log, self._ready)

    def kill(self) -> None:
        """SIGKILL: no farewell, no clean-up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(machine.STOPPING)
            self.process = None

    def stop(self) -> int | None:
        """SIGTERM, and its exit status once it has said good-bye."""
        if self.process is None:
            return None
        machine.stop(self.process)
        status, self.process = self.process.returncode, None
        return status

    def _ready(self) -> bool:
        if self.command != "serve":
            return True  # a worker opens no port; tests wait for what it does
        line = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            line.request("GET", "/readyz")
            return line.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            line.close()
