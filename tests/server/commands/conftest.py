"""The program called as the shell calls it, in this process: fast, and with nothing from outside."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.__main__ import main


@dataclass
class Said:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


Shuqiao = Callable[..., Said]
NOBODY = "nobody.invalid"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no such name (RFC 2606), and no resolver is asked: one that is slow today would be another trouble."""
    real = socket.getaddrinfo

    def known(host: Any, *more: Any, **options: Any) -> list[Any]:
        if host in (NOBODY, NOBODY.encode()):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", known)


@pytest.fixture
def shuqiao(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shuqiao:
    """Run `shuqiao ARGUMENTS` in an empty folder, with these settings and no others."""
    for name in list(os.environ):
        if name.startswith(("SHUQIAO_", "LC_", "LANG")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, lang: str = "C", **settings: object) -> Said:
        with monkeypatch.context() as patch:
            patch.setenv("LC_ALL", lang)
            for name, value in settings.items():
                patch.setenv(f"SHUQIAO_{name.upper()}", str(value))
            try:
                status = main(arguments)
            except SystemExit as leaving:  # argparse leaves this way
                status = int(leaving.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(status, out, err)

    return run
