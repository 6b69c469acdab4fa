"""Names in a database: texts of any characters, with an order of their own."""

from __future__ import annotations

import re

import sqlalchemy as sa

ESCAPE = "\x01"
"""Stands before the four hexadecimal digits of a character that no database has."""

_LAST_CHARACTER = "\U0010ffff"
_UNSTORABLE = re.compile("[\0\x01\ud800-\udfff]")
_STORED = re.compile("\x01(....)")


def storable(text: str) -> str:
    """Return a text as it is stored.

    PostgreSQL has no NUL, and no database has halves of surrogate pairs. The beginning of a text is
    stored as the beginning of the whole.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSTORABLE.sub(lambda found: f"{ESCAPE}{ord(found[0]):04x}", text)


def original(text: str) -> str:
    """Return a text that is stored."""
    return _STORED.sub(lambda found: chr(int(found[1], 16)), text) if ESCAPE in text else text


class Name(sa.TypeDecorator[str]):
    """A text of any characters, compared by their code points."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[str]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(sa.Text(collation=collation))

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else storable(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else original(value)


def begins_with(column: sa.Column[str], prefix: str) -> sa.ColumnElement[bool]:
    """Return the condition that a name begins with some characters, for which an index helps."""
    if not prefix:
        return sa.true()
    stored = storable(prefix)
    return sa.and_(
        column >= prefix,
        column < f"{prefix}{_LAST_CHARACTER * 2}",
        sa.func.substr(column, 1, len(stored)) == stored,
    )
