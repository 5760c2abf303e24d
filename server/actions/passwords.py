"""Hashes and checks passwords without holding up conversations: argon2id in threads, two at a time (RFC 9106)."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.context import Context
from server.domain.errors import TooMany

TURNS = 2
WAITING = 200  # beyond it somebody is asked to come again rather than to wait a minute
PATIENCE = 20.0  # seconds in the queue


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; ``renewed`` is its hash under today's parameters when they have changed."""

    right: bool
    renewed: str = ""


class Passwords:
    """One process's turns at hashing; a hash takes half a second of a core and 64 MiB by default."""

    def __init__(self, *, time_cost: int, memory_kib: int) -> None:
        # One lane: chat shares the cores, and two hashes run side by side already.
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._turns = asyncio.Semaphore(TURNS)
        self._waiting = 0
        self._decoy = _decoy(self._hasher)

    async def hash(self, password: str) -> str:
        """The hash to store. Raises TooMany ``busy``."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password: str, password_hash: str) -> Verdict:
        """Whether the password belongs to the hash; without a hash the answer is no, after as much work.

        Raises TooMany ``busy``.
        """
        async with self._turn():
            right = await asyncio.to_thread(self._verify, password_hash or self._decoy, password)
            if not right or not password_hash:
                return Verdict(False)
            if not self._hasher.check_needs_rehash(password_hash):
                return Verdict(True)
            return Verdict(True, await asyncio.to_thread(self._hasher.hash, password))

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise TooMany("busy", retry_after=10)
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            raise TooMany("busy", retry_after=10) from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


def passwords_of(ctx: Context) -> Passwords:
    """The context's turns at hashing."""
    found = ctx.shelf.get("passwords")
    if not isinstance(found, Passwords):
        settings = ctx.settings
        found = Passwords(time_cost=settings.argon2_time_cost, memory_kib=settings.argon2_memory_kib)
        ctx.shelf["passwords"] = found
    return found


def _decoy(hasher: PasswordHasher) -> str:
    """A well-formed hash of nothing, under the same parameters: comparing with it takes as long as with a real one."""
    salt, digest = (
        base64.b64encode(bytes(n)).decode().rstrip("=") for n in (hasher.salt_len, hasher.hash_len)
    )
    return (
        f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"
    )
