"""What a file is, is told by its bytes; its name decides only among office documents."""

import pytest

from server.domain.errors import Invalid
from server.domain.files import kind_of, safe_name


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"%PDF-1.7", "notes.txt", "application/pdf"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "IMG_0001.HEIC", "image/heic"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00", "page.avif", "image/avif"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00", "page.mov", "video/quicktime"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", "page.mp4", "video/mp4"),
        (b"PK\x03\x04rest", "list.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"PK\x03\x04rest", "list.exe", "application/zip"),
        ("书目".encode("gb18030"), "list", "text/plain"),
    ],
)
def test_a_kind_is_told_by_the_bytes(head: bytes, name: str, kind: str) -> None:
    assert kind_of(head, name) == kind


@pytest.mark.parametrize("head", [b"MZ\x90\x00", b"#!/bin/sh", b"<p><SCRIPT src=x>", b"\x00\x01\x02"])
def test_what_runs_and_what_nobody_knows_is_refused(head: bytes) -> None:
    with pytest.raises(Invalid, match="file_kind"):
        kind_of(head, "harmless.txt")


def test_a_name_loses_its_way_and_keeps_its_ending() -> None:
    assert safe_name("C:\\temp\\县志.pdf") == "县志.pdf"
    assert safe_name("../..") == "file"
    assert len(safe_name("长" * 300 + ".pdf")) == 120
    assert safe_name("长" * 300 + ".pdf").endswith(".pdf")
