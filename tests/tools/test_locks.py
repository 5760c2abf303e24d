"""The locks: complete, held by hashes, and free of addresses."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host(lock: Path) -> None:
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_is_held_by_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    pinned = [entry for entry in entries if not entry.startswith("#")]
    assert pinned
    for entry in pinned:
        assert re.match(r"[a-z0-9.\-]+(\[.*\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("wanted", sorted(REQUIREMENTS.glob("*.in")), ids=lambda wanted: wanted.name)
def test_every_wanted_package_is_locked_and_says_why(wanted: Path) -> None:
    locked = wanted.with_suffix(".txt").read_text()
    for line in wanted.read_text().splitlines():
        if not line.startswith(("#", "-r")):
            name, _, why = line.partition("#")
            name = re.split(r"[\[;\s]", name)[0]
            assert re.search(rf"^{re.escape(name)}(\[.*\])?==", locked, re.M), f"make lock: {name}"
            assert why.strip(), f"{name}: say why"


def test_tests_run_on_the_versions_that_the_product_runs_on() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9.\-]+==[^\s;\\]+)", (REQUIREMENTS / name).read_text(), re.M))

    assert pins("run.txt") <= pins("test.txt")
