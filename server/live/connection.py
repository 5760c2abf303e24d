"""What the hub asks of a client's line, whatever it is: a socket, an event stream, a test."""

from typing import Protocol


class Connection(Protocol):
    """One client's line. Nothing but `drain` ever waits; nothing raises because the peer has gone.

    A lost peer swallows what it is sent: the side that reads from it notices, and tells the hub by
    `Client.leave`.
    """

    def send_now(self, frame: str) -> bool:
        """Hand a text frame to the transport.

        The frame is taken in any case, the answer is about the next one: True, go on; False, the transport is
        full, this frame is under way in it, and `drain` must have come back before another is handed over.
        """

    async def drain(self) -> None:
        """Wait until the frame that was under way is written. No deadline of its own: the caller sets it."""

    def close(self, code: int, reason: str) -> None:
        """Say good-bye if the transport takes it, drop the line if not. A frame under way is given up.

        ``code`` is a WebSocket close code (RFC 6455, 7.4), ``reason`` at most 123 bytes of UTF-8.
        """
