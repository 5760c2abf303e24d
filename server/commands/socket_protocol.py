"""uvicorn's WebSocket protocol, with a short way for what conversations do all day: whole text frames, both ways."""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State


class SocketProtocol(WebSocketsSansIOProtocol):
    """Everything but the frames of an open, uncompressed line that takes them is uvicorn's own affair."""

    async def send(self, message: ASGISendEvent) -> None:
        text = message.get("text") if message["type"] == "websocket.send" else None
        if isinstance(text, str) and self._takes_frames():
            self.transport.write(text_frame(text))
        else:
            await super().send(message)

    def send_receive_event_to_app(self) -> None:
        # uvicorn stops reading at every message until it is taken, which costs calls of the system for each. Somebody
        # waits for it nearly always: it is enough to stop when a message finds another one waiting.
        paused = self.read_paused
        self.read_paused = paused or self.queue.empty()
        super().send_receive_event_to_app()
        if not paused and self.queue.qsize() <= 1:
            self.read_paused = False

    def _takes_frames(self) -> bool:
        return (
            self.conn.state is State.OPEN
            and self.writable.is_set()
            and not (self.disconnected or self.close_sent or self.conn.extensions)
        )


def text_frame(text: str) -> bytes:
    """A whole text frame from a server (RFC 6455, 5.2)."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return b"\x81%c%b" % (size, data)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), data)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), data)
