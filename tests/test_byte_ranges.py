"""Which bytes the headers Range and Content-Range mean; RFC 9110 has the forms."""

from __future__ import annotations

import pytest

from emulator.byte_ranges import read_byte_range, read_content_range

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("header", "size", "wanted"),
    [
        ("bytes=0-9", 100, (0, 9)),
        ("bytes=10-", 100, (10, 99)),
        ("bytes=-5", 100, (95, 99)),
        ("bytes=-500", 100, (0, 99)),
        ("bytes=0-500", 100, (0, 99)),
        ("Bytes = 3 - 4 ", 100, (3, 4)),
        ("bytes=0-0", 1, (0, 0)),
    ],
)
def test_a_range_is_within_the_file(header: str, size: int, wanted: tuple[int, int]) -> None:
    assert read_byte_range(header, size) == wanted


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=100-", 100),
        ("bytes=100-200", 100),
        ("bytes=-0", 100),
        ("bytes=0-", 0),
        ("bytes=-5", 0),
    ],
)
def test_a_range_that_cannot_be_satisfied_begins_behind_the_end(header: str, size: int) -> None:
    found = read_byte_range(header, size)
    assert found is not None
    assert found.first >= size


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=x-", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2"),
        *("bytes=٣-٤", "bytes=+1-2", f"bytes={LONG}-", f"bytes=0-{LONG}"),
    ],
)
def test_what_is_malformed_or_several_asks_for_the_whole(header: str) -> None:
    assert read_byte_range(header, 100) is None


def test_content_range_says_what_is_sent() -> None:
    assert read_content_range("bytes 0-82/164") == (0, 82, 164)
    assert read_content_range(" Bytes 5-5/6 ") == (5, 5, 6)
    assert read_content_range("bytes 0-4/3") == (0, 4, 3)  # the rule says what is wrong with it


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "0-82/164", "bytes 0-82", "bytes 0-82/*", "bytes */164", "bytes=0-82/164"),
        *("lines 0-82/164", "bytes 5-2/164", "bytes -1-2/164", "bytes ٣-٤/٩"),
        *(f"bytes 0-{LONG}/{LONG}", "bytes 0-1/1000000000000001"),
    ],
)
def test_a_malformed_content_range_says_nothing(header: str) -> None:
    assert read_content_range(header) is None
