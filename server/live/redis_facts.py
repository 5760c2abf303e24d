"""Looks at a Redis server from outside: for the doctor."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server.clocks import drift_of

PATIENCE = 5.0


class RedisAway(Exception):
    """Redis cannot be reached, or will not talk to us; says so in its words."""


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What Redis says of itself."""

    version: str
    drift: float  # seconds that its clock is ahead of ours


async def look_at_redis(url: str, channel: str, word: bytes) -> RedisFacts:
    """Ask Redis about itself, and whether we may say a word on this channel and listen to it. Raises RedisAway.

    Since Redis 7 an account has no right to channels unless it was given one, whatever else it may do.
    """
    try:
        pool: ConnectionPool = ConnectionPool.from_url(url, protocol=3, retry=Retry(NoBackoff(), 0))
        line: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise RedisAway(str(error)) from error
    try:
        async with asyncio.timeout(PATIENCE):
            await line.connect()  # type: ignore[no-untyped-call]
            asked = datetime.now(UTC)
            seconds, microseconds = await _ask(line, "TIME")
            answered = datetime.now(UTC)
            info = str((await _ask(line, "INFO", "server")).decode())
            await _ask(line, "PUBLISH", channel, word)
            await _ask(line, "SUBSCRIBE", channel)
    except TimeoutError as error:
        raise RedisAway(f"TimeoutError after {PATIENCE:.0f} s") from error
    except (RedisError, OSError) as error:
        raise RedisAway(str(error) or type(error).__name__) from error
    finally:
        await line.disconnect(nowait=True)
    lines = dict(part.split(":", 1) for part in info.splitlines() if ":" in part)
    theirs = datetime.fromtimestamp(int(seconds) + int(microseconds) / 1e6, UTC)
    version = lines.get("valkey_version") or lines.get("redis_version", "?")
    return RedisFacts(version, drift_of(theirs, asked, answered))


async def _ask(line: AbstractConnection, *command: str | bytes) -> Any:
    await line.send_command(*command)
    return await line.read_response(push_request=True)
