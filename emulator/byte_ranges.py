"""Ranges of bytes, as the headers Range and Content-Range write them (RFC 9110, section 14)."""

from __future__ import annotations

from typing import NamedTuple

MAX_BYTES = 10**15
"""The largest file that is sent in ranges; a header that names more bytes is malformed."""


class ByteRange(NamedTuple):
    """The bytes `first` to `last` of a file, both included."""

    first: int
    last: int


class ContentRange(NamedTuple):
    """The bytes `first` to `last`, both included, of a file of `total` bytes."""

    first: int
    last: int
    total: int


def read_byte_range(header: str, size: int) -> ByteRange | None:
    """Return the range that a header `Range` asks for of a file of `size` bytes.

    None where it asks for the whole file: it is missing or malformed, or names several ranges. The
    first byte of a range that cannot be satisfied is not below `size`.
    """
    from werkzeug.http import parse_range_header  # few requests ask for a range

    if header.strip().lower() == "bytes=-0":
        # The RFC says that it is unsatisfiable; to Werkzeug it is malformed, or the whole file.
        return ByteRange(size, size)
    asked = parse_range_header(header)
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    first, end = asked.ranges[0]
    if first < 0:
        first = max(size + first, 0)
    return ByteRange(first, max(first, min(end or size, size) - 1))


def read_content_range(header: str) -> ContentRange | None:
    """Return what a header `Content-Range: bytes 0-82/164` says, or None if it is malformed."""
    from werkzeug.http import parse_content_range_header

    sent = parse_content_range_header(header)
    if sent is None or (sent.units or "").lower() != "bytes":
        return None
    if sent.start is None or sent.stop is None or sent.length is None:
        return None
    if max(sent.stop, sent.length) > MAX_BYTES:
        return None
    return ContentRange(sent.start, sent.stop - 1, sent.length)
