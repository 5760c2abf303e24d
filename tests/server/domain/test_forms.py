"""Fields as people fill them in."""

import pytest

from server.domain.errors import Invalid
from server.domain.forms import cents_of, yuan


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("5", 500),
        ("5.0", 500),
        ("5.00", 500),
        (" ¥5.5 ", 550),
        ("５．０５", 505),
        ("5 元", 500),
        ("0", 0),
        ("100", 10_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(written: str, cents: int) -> None:
    assert cents_of(written, "amount", high=10_000) == cents
    assert cents_of(yuan(cents), "amount", high=10_000) == cents, "as it is shown again"


@pytest.mark.parametrize(
    "written", ["", "5.001", "五元", "abc", "-1", "1e2", "5,00", ".5", "100.01", "9" * 40]
)
def test_what_is_no_amount_is_refused_with_what_would_be(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        cents_of(written, "amount", high=10_000)
    assert (refused.value.code, refused.value.field, refused.value.data) == (
        "amount_wrong",
        "amount",
        {"high": "100.00"},
    )
