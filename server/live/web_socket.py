"""A WebSocket at uvicorn as the hub's `Connection`, with a short way for what talk is made of.

The library behind uvicorn keeps the protocol (RFC 6455): handshake, pings, parts, closes, and whatever is wrong. Two
things go past it, because they are nearly all there is and cost it most: a text frame that has arrived whole is handed
to who listens on the spot, without a queue, a task and a pause in reading; and a text frame is written as it is.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without its C part
    from websockets.utils import apply_mask

EXTENSION = "shuqiao.web_socket"  # where an ASGI scope has the `WebSocket` itself
Hear = Callable[[str | None], None]

_TEXT = 0x81  # RFC 6455, 5.2: the last and only frame of a text message
_MASKED = 0x80
_SHORT, _MIDDLE = 126, 127  # sizes that say: the size follows, in two octets or in eight
_SHORT_HEADS = [bytes((_TEXT, size)) for size in range(_SHORT)]


class WebSocket(WebSocketsSansIOProtocol):
    """Made by uvicorn for each connection; the application finds it in its scope and may `listen` once accepted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hear: Hear | None = None
        self._rest = b""  # the beginning of a frame that has not arrived whole

    async def run_asgi(self) -> None:
        extensions = self.scope["extensions"]
        extensions[EXTENSION] = {"socket": self}
        try:
            await super().run_asgi()
        finally:
            del extensions[EXTENSION]  # it has us, and we have it

    # What comes in ------------------------------------------------------------------------------------------

    def listen(self, hear: Hear) -> None:
        """Call ``hear`` with every message from now on, in order, those first that wait already.

        It gets the text, None for a binary message. It must neither wait nor raise; who needs time calls `hold`.
        ASGI's ``receive`` brings nothing more but the disconnect.
        """
        if not self.close_sent:
            self._hear = hear
            self._hand_over()

    def hold(self) -> None:
        """Read no more, until `go_on`; what has arrived already is still heard."""
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if not self.handshake_complete or self.conn.reader.buffer:  # it has the beginning of a frame
            super().data_received(data)
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, arrived = 0, len(data)
        while at < arrived:
            start, end = _span(data, at)
            if end - start > self.config.ws_max_size:
                super().data_received(data[at:])  # the library sees by the head alone that it is too large
                return
            if end > arrived:
                self._rest = data[at:]
                return
            self._receive(data, at, start, end)
            if self.conn.parser_exc is not None:
                return  # nothing counts after what breaks the protocol
            at = end

    def _receive(self, data: bytes, at: int, start: int, end: int) -> None:
        """A whole frame, its payload from ``start`` to ``end``."""
        whole = data[at] == _TEXT and self.conn.current_size is None
        if whole and self._hear is not None and data[at + 1] & _MASKED:
            try:
                text = apply_mask(data[start:end], data[start - 4 : start]).decode()
            except UnicodeDecodeError:
                pass  # the library says so
            else:
                self._hear(text)
                return
        super().data_received(data[at:end])

    def send_receive_event_to_app(self) -> None:
        super().send_receive_event_to_app()
        self._hand_over()

    def _hand_over(self) -> None:
        """What the library has put into its queue goes to who listens."""
        if self._hear is None:
            return
        waiting = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        self.go_on()
        for event in waiting:
            if event["type"] == "websocket.receive" and self._hear is not None:
                self._hear(event.get("text"))
            else:
                self.queue.put_nowait(event)

    def handle_cont(self, event: Any) -> None:
        if event.data or event.fin:  # empty parts have no end: none is kept
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # who does not read is owed no pong

    def handle_close(self, event: Any) -> None:
        self._hear = None
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        self._hear = None
        super().handle_parser_exception()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hear = None  # it knows us, and we knew it: nothing is left to be collected
        super().connection_lost(exc)
        self.conn.parser.close()  # the library's own circle

    # What goes out: `Connection` ----------------------------------------------------------------------------

    def send_now(self, frame: str) -> bool:
        if self.close_sent or self.transport.is_closing():
            return True
        payload = frame.encode()
        size = len(payload)
        if size < _SHORT:
            head = _SHORT_HEADS[size]
        elif size < 1 << 16:
            head = bytes((_TEXT, _SHORT)) + size.to_bytes(2, "big")
        else:
            head = bytes((_TEXT, _MIDDLE)) + size.to_bytes(8, "big")
        self.transport.write(head + payload)
        return self.writable.is_set()

    async def drain(self) -> None:
        await self.writable.wait()

    def close(self, code: int, reason: str) -> None:
        self._hear = None
        if not self.writable.is_set():
            self.transport.abort()  # it takes nothing, not even a good-bye
        elif not self.close_sent and not self.transport.is_closing():
            with suppress(StopIteration, ClientDisconnected):  # it does not wait: the transport takes it
                self.send({"type": "websocket.close", "code": code, "reason": reason}).send(None)


class Http(HttpToolsProtocol):
    """uvicorn's HTTP; where it becomes a WebSocket it lets go of its parser, which knows it, too."""

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]


def _span(data: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the frame at ``at`` begins and ends; beyond the data if its head is not here whole."""
    if len(data) < at + 2:
        return at + 2, at + 2
    mark = data[at + 1]
    start, size = at + (6 if mark & _MASKED else 2), mark & 0x7F
    if size < _SHORT:
        return start, start + size
    width = 2 if size == _SHORT else 8
    start += width
    if len(data) < at + 2 + width:
        return start, start
    return start, start + int.from_bytes(data[at + 2 : at + 2 + width], "big")
