"""A WebSocket client's octets, by hand (RFC 6455)."""

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def handshake(path: str) -> bytes:
    """The request with which a client begins."""
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()


def frame(opcode: int, payload: bytes, *, last: bool = True, masked: bool = True) -> bytes:
    """One frame as a client sends it."""
    size, mark = len(payload), 0x80 * masked
    if size < 126:
        head = bytes((opcode | 0x80 * last, mark | size))
    elif size < 1 << 16:
        head = bytes((opcode | 0x80 * last, mark | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((opcode | 0x80 * last, mark | 127)) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = b"\x37\xfa\x21\x3d"
    return head + mask + bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))
