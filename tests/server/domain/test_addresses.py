"""Only the public Internet is public, in whatever clothes an address comes."""

import pytest

from server.domain.addresses import is_inner_name, is_public
from server.wire.web_addresses import joined, web_address

PUBLIC = ["1.1.1.1", "202.106.0.20", "2400:3200::1", "2606:4700::1111", "64:ff9b::101:101"]
HIDDEN = [
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:1.1.1.1", "::127.0.0.1", "2002:7f00:1::", "2002:101:101::", "2001::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "3fff::1", "4000::1", "nonsense", ""),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", HIDDEN)
def test_everything_else_is_not_however_it_is_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://www.example.org", "http://www.example.org/"),
        ("HTTPS://WWW.Example.ORG:443/a b"[:-2], "https://www.example.org/a"),
        (
            "https://例子.测试/论文?题名=书",
            "https://xn--fsqu00a.xn--0zwm56d/%E8%AE%BA%E6%96%87?%E9%A2%98%E5%90%8D=%E4%B9%A6",
        ),
        ("http://[2400:3200::1]:8080/x?y#z", "http://[2400:3200::1]:8080/x?y"),
        ("http://example.org./a%20b?q=%E4", "http://example.org/a%20b?q=%E4"),
    ],
)
def test_an_address_is_asked_for_as_servers_expect_it(url: str, text: str) -> None:
    address = web_address(url)
    assert address is not None and address.text == text


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://example.org/a",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "gopher://example.org/",
            "example.org",
        ),
        *(
            "http://user:secret@example.org/",
            "http://user@example.org/",
            "http://example.org:22/",
            "http://h:6379/",
        ),
        *(
            "http://example.org:99999/",
            "http:///path",
            "http://exa mple.org/",
            "http://example.org/\r\nHost: x",
        ),
        *(
            "http://example.org\\@127.0.0.1/",
            "http://[::1/",
            "http://[fe80::1%25eth0]/x\x00",
            "http://-bad-.org/",
        ),
        "http://example.org/" + "a" * 1000,
    ],
)
def test_what_no_reader_should_be_sent_to_is_no_web_address(url: str) -> None:
    assert web_address(url) is None


def test_redirects_are_read_as_browsers_read_them() -> None:
    here = web_address("https://example.org/a/b?c")
    assert here is not None
    assert joined(here, "../d") == "https://example.org/d"
    assert joined(here, "//other.org/x") == "https://other.org/x"
    assert joined(here, "http://[") == "http://["


def test_names_of_the_house_are_known_by_their_looks() -> None:
    for name in ("localhost", "opac", "files.intranet", "nas.local", "router.home.arpa", "x.internal"):
        assert is_inner_name(name)
    for name in ("example.org", "2130706433", "0x7f000001", "127.0.0.1", "::1"):
        assert not is_inner_name(name), "numbers are judged by what they mean, not by their looks"
