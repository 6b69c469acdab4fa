"""Special operations."""

from __future__ import annotations

import re
from hashlib import sha256

from emulator.mapping.context import Context
from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category

CATEGORY = Category("Special operations")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@CATEGORY.function("guid")
def uuid(context: Context) -> str:
    """Make up a UUID; the same seed and row make up the same one."""
    return context.uuid()


@CATEGORY.function()
def fpid_to_ecid(string: str) -> str:
    """Turn a first-party device id, a UUID, into an Experience Cloud id of 38 digits.

    The way is not documented. Here the digits come from a SHA-256 digest: the same id gives the
    same digits, but not those of the real service (assumed).
    """
    if not _UUID.fullmatch(string.strip()):
        raise MappingError(f"{string[:60]!r} is not a UUID")
    digest = sha256(string.strip().lower().encode()).digest()
    halves = (int.from_bytes(part, "big") >> 1 for part in (digest[:8], digest[8:16]))
    return "".join(f"{half:019}" for half in halves)
