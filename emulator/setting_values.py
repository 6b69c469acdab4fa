"""How the texts of settings, from flags and variables, become values."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.clock import ClockError, make_clock


def number(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError("is negative; expected 0 or more")
    return value


def positive_number(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("is not 1 or more")
    return value


def port_number(text: str) -> int:
    value = number(text)
    if value > 65535:
        raise ValueError("is not a port from 0 to 65535")
    return value


_UNITS = {"": 1, "k": 1024, "ki": 1024, "kib": 1024, "m": 1024**2, "mi": 1024**2, "mib": 1024**2}


def byte_count(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError("is not a number of bytes such as 16MiB")
    return int(match[1]) * _UNITS[match[2]]


def name_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


class OneOf:
    """Reads a text that is one of a few."""

    def __init__(self, *choices: str) -> None:
        """Accept these texts."""
        self.choices = choices

    def __call__(self, text: str) -> str:
        if text not in self.choices:
            raise ValueError(f"is not one of {', '.join(self.choices)}")
        return text


def switch(text: str) -> bool:
    """Read a setting that is true or false."""
    words = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    if text.lower() not in words:
        raise ValueError("is not one of true, false")
    return words[text.lower()]


def optional_path(text: str) -> Path | None:
    return Path(text) if text else None


def clock_text(text: str) -> str:
    try:
        make_clock(text)
    except ClockError as error:
        raise ValueError(
            "is not a clock: expected system, manual, 2026-01-01T00:00:00Z or +P30D"
        ) from error
    return text


_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@,]+")


def origin_list(text: str) -> tuple[str, ...]:
    origins = tuple(name.lower() for name in name_list(text))
    if origins != ("*",) and not all(map(_ORIGIN.fullmatch, origins)):
        raise ValueError("is not a list of origins such as http://localhost:3000, or * alone")
    return origins


def self_signed(text: str) -> str:
    if text not in ("", "self-signed"):
        raise ValueError("is not self-signed; own certificates are named by --tls-cert")
    return text


def token_text(text: str) -> str:
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("is not a token of printable ASCII without spaces")
    return text
