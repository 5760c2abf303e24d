"""Where files lie: under their content hash, in a folder that every process sees. Reached only by random tokens."""

import asyncio
import errno
import fcntl
import hashlib
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from server.domain.files import HEAD
from server.settings import Settings

CHUNK = 256 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole file on the shelf; ``head`` is its beginning, by which its type is sniffed."""

    content_hash: str
    size: int
    head: bytes


class TooLarge(Exception):
    """The upload went over its limit; nothing of what went over remains."""


class OtherOffset(Exception):
    """What has arrived ends elsewhere, or somebody else is writing it just now."""


class Files(Protocol):
    """The storage contract: partial uploads are invisible, whole files never change."""

    async def keep(self, upload_id: str, chunks: AsyncIterator[bytes], *, limit: int) -> Kept: ...

    async def received(self, upload_id: str) -> int: ...

    async def extend(
        self, upload_id: str, chunks: AsyncIterator[bytes], *, offset: int, limit: int
    ) -> int: ...

    async def complete(self, upload_id: str) -> Kept: ...

    async def drop(self, upload_id: str) -> None: ...

    async def head_of(self, upload_id: str) -> bytes: ...

    def read_partial(self, upload_id: str) -> AsyncGenerator[bytes, None]: ...

    def open(
        self, content_hash: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The content, or ``length`` bytes of it from ``start`` on."""
        ...

    async def demand(self, content_hash: str) -> None:
        """Raise OSError unless the content can be read."""
        ...

    async def remove(self, content_hash: str) -> None: ...

    async def check(self) -> None:
        """Raise OSError when the place cannot be written."""
        ...


class FolderFiles:
    """A local folder, or one that several hosts mount."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, upload_id: str, chunks: AsyncIterator[bytes], *, limit: int) -> Kept:
        """Write the chunks to a partial file and move it under its hash once it is whole and on disk.

        Raises TooLarge; any failure removes the partial file.
        """
        partial = self._partial(upload_id)
        digest, size, waiting, head = hashlib.sha256(), 0, bytearray(), b""
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge()
                if len(head) < HEAD:
                    head += chunk[: HEAD - len(head)]
                waiting += chunk
                if len(waiting) >= CHUNK:
                    await asyncio.to_thread(_append, partial, waiting, digest)
                    waiting = bytearray()
            await asyncio.to_thread(self._settle, partial, waiting, digest)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return Kept(digest.hexdigest(), size, head)

    async def received(self, upload_id: str) -> int:
        """How much of a resumable upload has arrived."""
        try:
            return self._partial(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    async def extend(self, upload_id: str, chunks: AsyncIterator[bytes], *, offset: int, limit: int) -> int:
        """Write on from the offset; returns how much there is now. What arrived stays when the rest does not come.

        Raises OtherOffset, TooLarge.
        """
        partial = self._partial(upload_id)
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("ab", buffering=0) as out:
            try:
                fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise OtherOffset() from None
            if out.seek(0, os.SEEK_END) != offset:
                raise OtherOffset()
            size = offset
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge()
                await asyncio.to_thread(out.write, chunk)
        return size

    async def complete(self, upload_id: str) -> Kept:
        """Move a whole upload to its place, once it is on disk. Raises FileNotFoundError for one that is not there."""
        return await asyncio.to_thread(self._complete, self._partial(upload_id))

    async def drop(self, upload_id: str) -> None:
        """Forget what has arrived of an upload."""
        self._partial(upload_id).unlink(missing_ok=True)

    async def head_of(self, upload_id: str) -> bytes:
        """The beginning of what has arrived, by which its type is sniffed."""
        with self._partial(upload_id).open("rb") as source:
            return await asyncio.to_thread(source.read, HEAD)

    async def read_partial(self, upload_id: str) -> AsyncGenerator[bytes, None]:
        """What has arrived of an upload, for looking at it before anybody else does."""
        with self._partial(upload_id).open("rb") as source:
            while chunk := await asyncio.to_thread(source.read, CHUNK):
                yield chunk

    async def open(
        self, content_hash: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        with self._place(content_hash).open("rb") as source:
            source.seek(start)
            left = sys.maxsize if length is None else length
            while left > 0 and (chunk := await asyncio.to_thread(source.read, min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    async def demand(self, content_hash: str) -> None:
        with self._place(content_hash).open("rb"):
            pass

    async def remove(self, content_hash: str) -> None:
        self._place(content_hash).unlink(missing_ok=True)

    async def check(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        probe = self._folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"shuqiao")
        probe.unlink()

    def _complete(self, partial: Path) -> Kept:
        with partial.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            size = source.seek(0, os.SEEK_END)
            source.seek(0)
            head = source.read(HEAD)
            os.fsync(source.fileno())
        _move(partial, self._place(digest))
        return Kept(digest, size, head)

    def _settle(self, partial: Path, rest: bytearray, digest: Any) -> None:
        """Write the rest and move the whole to its place, once it is on disk."""
        _append(partial, rest, digest, whole=True)
        _move(partial, self._place(digest.hexdigest()))

    def _partial(self, upload_id: str) -> Path:
        return self._folder / "partial" / upload_id

    def _place(self, content_hash: str) -> Path:
        return self._folder / content_hash[:2] / content_hash


def _append(partial: Path, data: bytearray, digest: Any, *, whole: bool = False) -> None:
    digest.update(data)
    with _in_folder(partial, lambda: partial.open("ab")) as out:
        out.write(data)
        if whole:
            out.flush()
            os.fsync(out.fileno())


def _move(partial: Path, place: Path) -> None:
    """Give the file its place; with the power a new name is lost, too, that does not lie on disk."""
    _in_folder(place, lambda: partial.replace(place))
    for folder in (place.parent, place.parent.parent):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (
                errno.EINVAL,
                errno.ENOTSUP,
            ):  # what some network shares say: they keep names themselves
                raise
        finally:
            os.close(handle)


def _in_folder(place: Path, act: Callable[[], T]) -> T:
    """Do it; the folder is made where it is lacking, which is rare."""
    try:
        return act()
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
        return act()


def open_files(settings: Settings) -> Files:
    """The storage that the settings name."""
    return FolderFiles(Path(settings.files_dir))
