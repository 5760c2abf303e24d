"""What every storage of files promises; a new one joins ``STORES`` and is asked the same."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.store.files import CHUNK, Files, FolderFiles, OtherOffset, TooLarge
from tests.servers.machine import machine_cannot

STORES: dict[str, Callable[[Path], Files]] = {"folder": FolderFiles}
TEXT = "县志".encode()
LARGE = bytes(range(256)) * (CHUNK // 256) + b"the rest"


@pytest.fixture(params=STORES)
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return STORES[request.param](tmp_path / "files")


async def chunks(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    """An upload; an exception is where its line breaks."""
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


async def content(files: Files, content_hash: str, **some: int) -> bytes:
    return b"".join([chunk async for chunk in files.open(content_hash, **some)])


@pytest.mark.parametrize("given", [b"", TEXT, LARGE], ids=["empty", "short", "more than a chunk"])
async def test_what_is_kept_is_found_under_its_hash_whole_or_in_part(files: Files, given: bytes) -> None:
    kept = await files.keep("u1", chunks(given[:7], given[7:]), limit=len(LARGE))
    assert (kept.content_hash, kept.size) == (hashlib.sha256(given).hexdigest(), len(given))
    assert given.startswith(kept.head) and (kept.head or not given)
    assert await content(files, kept.content_hash) == given
    assert await content(files, kept.content_hash, start=3, length=2) == given[3:5]
    await files.demand(kept.content_hash)


async def test_an_upload_that_fails_half_way_or_is_too_large_leaves_nothing(files: Files) -> None:
    with pytest.raises(ConnectionError):
        await files.keep("u1", chunks(LARGE, ConnectionError("the line broke")), limit=10 * len(LARGE))
    with pytest.raises(TooLarge):
        await files.keep("u2", chunks(TEXT, TEXT), limit=len(TEXT))
    for upload in ("u1", "u2"):
        assert await files.received(upload) == 0
    with pytest.raises(OSError):
        await files.demand(hashlib.sha256(LARGE).hexdigest())


async def test_an_upload_goes_on_where_its_line_broke(files: Files) -> None:
    with pytest.raises(ConnectionError):
        await files.extend("u1", chunks(LARGE[:1000], ConnectionError()), offset=0, limit=len(LARGE))
    assert await files.received("u1") == 1000
    with pytest.raises(OtherOffset):
        await files.extend("u1", chunks(b"from elsewhere"), offset=10, limit=len(LARGE))
    with pytest.raises(TooLarge):
        await files.extend("u1", chunks(LARGE), offset=1000, limit=len(LARGE))
    assert await files.extend("u1", chunks(LARGE[1000:]), offset=1000, limit=len(LARGE)) == len(LARGE)
    assert b"".join([chunk async for chunk in files.read_partial("u1")]) == LARGE
    assert LARGE.startswith(await files.head_of("u1"))
    with pytest.raises(OSError):
        await files.demand(hashlib.sha256(LARGE).hexdigest())  # nobody sees it before it is whole
    kept = await files.complete("u1")
    assert await content(files, kept.content_hash) == LARGE
    assert await files.received("u1") == 0


async def test_two_of_one_content_are_one_and_go_together(files: Files) -> None:
    first = await files.keep("u1", chunks(TEXT), limit=100)
    assert await files.keep("u2", chunks(TEXT), limit=100) == first
    await files.remove(first.content_hash)
    await files.remove(first.content_hash)  # twice is harmless
    with pytest.raises(OSError):
        await files.demand(first.content_hash)


async def test_what_is_dropped_is_forgotten(files: Files) -> None:
    await files.extend("u1", chunks(TEXT), offset=0, limit=100)
    await files.drop("u1")
    await files.drop("u1")
    assert await files.received("u1") == 0
    with pytest.raises(FileNotFoundError):
        await files.complete("u1")


_STEP = re.compile(
    r'(?P<what>write|fsync|rename)\w*\((?:\d+<(?P<where>[^>]*)>)?[^"]*(?:"(?P<text>power|kept)?)?'
)
_KEEP = """
import asyncio, sys
from pathlib import Path
from server.store.files import FolderFiles

async def text():
    yield b"power"

async def main():
    await FolderFiles(Path(sys.argv[1])).keep("u1", text(), limit=100)
    print("kept", flush=True)

asyncio.run(main())
"""


def test_a_file_and_its_name_lie_on_disk_before_anybody_is_told(tmp_path: Path) -> None:
    """Loss of power, proved by order (see tests/journeys/test_power.py)."""
    if shutil.which("strace") is None:
        machine_cannot("trace system calls: strace is not installed")
    trace = tmp_path / "trace"
    what = ["-f", "-y", "-e", "trace=write,fsync,/^rename", "-o", str(trace)]
    command = ["strace", *what, sys.executable, "-c", _KEEP, str(tmp_path / "files")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    done = [line for line in trace.read_text().splitlines() if "= -1 E" not in line]
    steps = [
        f"{found['what']} {found['where']}"
        for found in map(_STEP.search, done)
        if found and (found["what"] != "write" or found["text"])
    ]
    place = hashlib.sha256(b"power").hexdigest()
    assert [step.partition(" ")[0] for step in steps] == [
        "write",
        "fsync",
        "rename",
        "fsync",
        "fsync",
        "write",
    ]
    assert steps[0].endswith("/u1") and steps[1].endswith("/u1")
    assert steps[3].endswith(f"/{place[:2]}") and steps[4].endswith("/files")
