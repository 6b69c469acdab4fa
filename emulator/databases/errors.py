"""What can be wrong with a database, in one line without its password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from emulator.budgets import TABLE_STATEMENT_SECONDS

_MOST_READ = 8_000
"""So many characters of a driver's message are looked at."""

_LONGEST = 300
_OVER = "interrupted"
"""What SQLite says of a statement that took too long."""

_IN_URL = re.compile(r"(?<!\w)(\w+://[^\s:/@]*):[^\s@]*@")


class DatabaseError(Exception):
    """A database cannot be reached or read; the text says why."""


@contextmanager
def told(check: Callable[[], None], password: str = "") -> Iterator[None]:
    """Tell errors of drivers in a line.

    Args:
        check: Raises if the work has been interrupted: then an error is only what came of it.
        password: What no message may have in it.

    Raises:
        DatabaseError: Whatever is wrong with the database.
    """
    try:
        yield
    except (SQLAlchemyError, UnicodeError) as error:
        check()
        # The error of SQLAlchemy has the statement and its values in it.
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseError(one_line(cause or error, password)) from None


def one_line(error: BaseException, password: str = "") -> str:
    """Return what an error says, in one line that has no password in it."""
    text = " ".join(str(error)[:_MOST_READ].split()) or type(error).__name__
    if text == _OVER:
        text = f"a statement took over {TABLE_STATEMENT_SECONDS} s"
    text = _IN_URL.sub(r"\1:***@", text)
    if password:
        text = re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "***", text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
