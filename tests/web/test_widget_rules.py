"""The chat's rules and its line, tested where they run: in JavaScript, without a browser."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.machine import machine_cannot
from web.pages.widget import MODULES, WIDGET, joined

TESTS = Path(__file__).parent / "widget"


@pytest.fixture
def node(tmp_path: Path) -> str:
    """Node, with the chat's modules beside a note that they are modules."""
    executable = shutil.which("node")
    if executable is None:
        machine_cannot("run the chat's rules: no node on this machine; the browser's tests still cover them")
    for module in WIDGET.glob("*.js"):
        shutil.copy(module, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    return executable


def run(node: str, *args: str, folder: Path) -> None:
    done = subprocess.run(
        [node, *args],
        cwd=folder,
        env=os.environ | {"WIDGET": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["conversation", "link"])
def test_rules_hold(name: str, node: str, tmp_path: Path) -> None:
    shutil.copy(TESTS / f"{name}.test.js", tmp_path)
    run(node, "--test", f"{name}.test.js", folder=tmp_path)


def test_the_modules_joined_into_one_are_a_module(node: str, tmp_path: Path) -> None:
    (tmp_path / "whole.js").write_text(joined(), encoding="utf-8")
    run(node, "--check", "whole.js", folder=tmp_path)


def test_every_module_is_served(tmp_path: Path) -> None:
    assert {f"{module}.js" for module in MODULES} | {"loader.js"} == {
        file.name for file in WIDGET.glob("*.js")
    }
