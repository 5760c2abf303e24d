"""The nginx of docs/operations.md, word for word but for names, ports and folders, before servers of a test."""

import getpass
import shutil
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path

from tests.servers import machine

NAME = "shuqiao.test"
_GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
_FRAME = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/start.log warn;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/other;
    uwsgi_temp_path {folder}/other;
    scgi_temp_path {folder}/other;
{documented}
}}
"""


@dataclass
class Nginx:
    """A running proxy; ``log`` and ``errors`` are the documented logs."""

    port: int
    process: machine.Running
    log: Path
    errors: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"

    @property
    def certificate(self) -> Path:
        """By which it proves its names, for whoever does not resolve them: NAME and the machine's own."""
        return self.log.parent / "site.pem"

    def kept(self) -> str:
        """All that it has logged."""
        return "".join(log.read_text(encoding="utf-8") for log in (self.log, self.errors))


def documented() -> str:
    """The configuration as the guide prints it."""
    section = _GUIDE.read_text(encoding="utf-8").split("\n### nginx\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if not line or line.startswith("    ")]
    return textwrap.dedent("\n".join(lines))


def start_nginx(folder: Path, port: int, servers: list[int]) -> Nginx:
    """Begin to answer at ``port``. Raises RuntimeError with nginx's own words where it will not."""
    folder.mkdir()
    _certificate(folder)
    given = {
        "listen 80;": f"listen 127.0.0.1:{machine.free_port()};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "ask.example.org;": f"{NAME};",
        "/etc/ssl/ask.example.org": f"{folder}/site",
        "/var/log/nginx/": f"{folder}/",
        "127.0.0.1:8081": f"127.0.0.1:{servers[0]}",
        "127.0.0.1:8082": f"127.0.0.1:{servers[1]}",
        # The guide's address has the port that needs no naming; ours has another one.
        "proxy_set_header Host $host;": "proxy_set_header Host $http_host;",
    }
    text = documented()
    for theirs, ours in given.items():
        assert theirs in text, f"the guide no longer says {theirs}"
        text = text.replace(theirs, ours)
    user = f"user {getpass.getuser()};" if getpass.getuser() == "root" else ""
    config = folder / "nginx.conf"
    config.write_text(_FRAME.format(user=user, folder=folder, documented=text), encoding="utf-8")
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        machine.machine_cannot("run nginx: it wants the package nginx-light")
    process = machine.start([found, "-c", str(config)], folder / "nginx.out", lambda: machine.listens(port))
    return Nginx(port, process, folder / "shuqiao.log", folder / "shuqiao-error.log")


def _certificate(folder: Path) -> None:
    names = f"subjectAltName=DNS:{NAME},IP:127.0.0.1"
    made = subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-days", "2", "-subj", f"/CN={NAME}", "-addext", names),
            *("-keyout", f"{folder}/site.key", "-out", f"{folder}/site.pem"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(made.stderr)
