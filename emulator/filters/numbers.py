"""Whole numbers of query strings, such as `limit` and `start`."""

from __future__ import annotations


def whole_number(text: object, default: int) -> int:
    """Return a number of at most nine digits, or the default where the text is not one."""
    digits = str(text)
    return int(digits) if digits.isdecimal() and len(digits) < 10 else default
