"""Ranges of bytes as headers write them: what is asked for, and what is sent."""

from __future__ import annotations

import re

_ASKED = re.compile(r"\s*bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*", re.IGNORECASE)
_SENT = re.compile(r"\s*bytes\s+(\d{1,15})-(\d{1,15})/(\d{1,15})\s*", re.IGNORECASE)


def read_byte_range(text: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a header `Range` asks for of a file.

    None where it asks for the whole: it is missing, is no range, or is several. A range that
    begins behind the end of the file is returned as it is: its first byte is not below `size`.
    """
    match = _ASKED.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size - 1) if length else (size, size)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    return first, max(first, last)


def read_content_range(text: str) -> tuple[int, int, int] | None:
    """Return first byte, last byte and total of a header `Content-Range: bytes 0-82/164`."""
    match = _SENT.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
