"""Hash functions: digests of a text in a character set, in lower-case hexadecimal digits."""

from __future__ import annotations

import hashlib
import zlib

from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category

CATEGORY = Category("Hashing")

_CHARSETS = {
    "UTF-8": ("utf-8", b""),
    "UTF-16": ("utf-16-be", b"\xfe\xff"),  # Java begins with the mark of the byte order
    "ISO-8859-1": ("latin-1", b""),
    "US-ASCII": ("ascii", b""),
}


def _bytes(text: str, charset: str | None) -> bytes:
    """Return the bytes of a text; what a character set lacks becomes a question mark, as in Java.

    Raises:
        MappingError: The character set is not one of the four.
    """
    name = (charset or "UTF-8").upper()
    if name not in _CHARSETS:
        raise MappingError(
            f"{charset!r} is not a known character set; expected one of {', '.join(_CHARSETS)}"
        )
    encoding, mark = _CHARSETS[name]
    return mark + text.encode(encoding, "replace")


@CATEGORY.function()
def sha1(input: str, charset: str | None = None) -> str:
    """Hash a text by SHA-1.

    Without a character set it is UTF-8 (assumed).
    """
    return hashlib.sha1(_bytes(input, charset), usedforsecurity=False).hexdigest()


@CATEGORY.function()
def sha256(input: str, charset: str | None = None) -> str:
    """Hash a text by SHA-256.

    Without a character set it is UTF-8 (assumed).
    """
    return hashlib.sha256(_bytes(input, charset)).hexdigest()


@CATEGORY.function()
def sha512(input: str, charset: str | None = None) -> str:
    """Hash a text by SHA-512.

    Without a character set it is UTF-8 (assumed).
    """
    return hashlib.sha512(_bytes(input, charset)).hexdigest()


@CATEGORY.function()
def md5(input: str, charset: str | None = None) -> str:
    """Hash a text by MD5.

    Without a character set it is UTF-8 (assumed).
    """
    return hashlib.md5(_bytes(input, charset), usedforsecurity=False).hexdigest()


@CATEGORY.function()
def crc32(input: str, charset: str | None = None) -> str:
    """Compute the CRC-32 checksum of a text; the documented output has its bytes reversed.

    Without a character set it is UTF-8 (assumed).
    """
    return zlib.crc32(_bytes(input, charset)).to_bytes(4, "little").hex()
