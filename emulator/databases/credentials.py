"""Who connects to a database, by the auth params of a base connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.json_types import Json, JsonObject

_PART = re.compile(r"""(?:^|;)([^=;]+)=\s*("[^"]*"|'[^']*'|[^;]*)""")
_USER = ("username", "userid", "user", "uid")
_PASSWORD = ("password", "pwd")
_DATABASE = ("database", "initialcatalog")


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password, and the database that is meant; empty where a connection says nothing."""

    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""


def credentials_of(params: JsonObject) -> Credentials:
    """Return the credentials in the auth params of a connection.

    They are params of their own, or parts of a connection string such as
    `Server=db.internal;Database=sales;UID=reader;Password=…`.
    """
    found = {_plain(name): value for name, value in _parts(params) if value}
    names = (_USER, _PASSWORD, _DATABASE)
    return Credentials(*(next((found[n] for n in some if n in found), "") for some in names))


def _parts(params: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield names and values: those of connection strings first, so that params count more."""
    texts: list[tuple[str, Json]] = [(n, v) for n, v in params.items() if isinstance(v, str)]
    for name, value in texts:
        if _plain(name) == "connectionstring":
            for match in _PART.finditer(value):
                yield match[1], _unquoted(match[2].strip())
    yield from texts


def _plain(name: str) -> str:
    return name.replace(" ", "").replace("_", "").lower()


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
