"""Which files may be sent, by what their bytes say they are, and under what name."""

import re

from server.domain.errors import Invalid

HEAD = 8192  # bytes by which a kind is told
# What the bytes begin with, and the media type that stands for; the name's ending decides only within zip and text.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"AT&TFORM", "image/vnd.djvu"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"CAJ", "application/x-caj"),
    (b"KDH", "application/x-caj"),
    (b"{\\rtf", "application/rtf"),
)
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "epub": "application/epub+zip",
    "odt": "application/vnd.oasis.opendocument.text",
}
# What a container of ISO 14496-12 says that it holds: a telephone's photograph is no film.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    b"qt  ": "video/quicktime",
}
_ACTIVE = re.compile(rb"<\s*(?:script|html|svg|!doctype)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


def kind_of(head: bytes, name: str) -> str:
    """The media type by content. Raises Invalid ``file_kind`` for programs, pages that run scripts and the unknown."""
    ending = name.rpartition(".")[2].lower()
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return _OFFICE.get(ending, kind) if kind == "application/zip" else kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if b"\x00" not in head and not _ACTIVE.search(head) and not head.startswith((b"#!", b"MZ")):
        return "text/plain"
    raise Invalid("file_kind", "file", name=name)


def safe_name(name: str) -> str:
    """The file's name without paths and characters that a file system refuses; at most 120 characters, ending kept."""
    cleaned = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .") or "file"
    stem, dot, ending = cleaned.rpartition(".")
    return f"{stem[: 119 - len(ending)]}.{ending}" if dot and len(ending) <= 8 else cleaned[:120]
