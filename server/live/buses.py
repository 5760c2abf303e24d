"""The bus that the settings ask for."""

from server.clocks import Rng
from server.live.bus import Bus
from server.live.local_bus import LocalBus
from server.live.redis_bus import RedisBus
from server.live.redis_lines import RedisLines
from server.settings import Settings


def open_bus(settings: Settings, process_id: str, rng: Rng) -> Bus:
    """Redis where an address is set, else the bus of a single process. Not started yet: `Hub.start` does that."""
    if settings.redis_url:
        return RedisBus(RedisLines(settings.redis_url, rng), settings.redis_prefix, process_id)
    return LocalBus()
