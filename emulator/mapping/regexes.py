"""Regular expressions in Java's notation, compiled once each, and never running away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import regex as engine

from emulator.mapping.errors import MappingError

_CLASSES = {
    "Alpha": "a-zA-Z",
    "Lower": "a-z",
    "Upper": "A-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s",
    "Blank": r" \t",
    "XDigit": "0-9a-fA-F",
    "ASCII": r"\x00-\x7f",
    "Lu": "A-Z\u00c0-\u00d6\u00d8-\u00de",
    "Ll": "a-z\u00df-\u00f6\u00f8-\u00ff",
}
_JAVA = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\(?P<negative>P|p)\{(?:Is)?(?P<name>\w+)\}"
    r"|\\(?P<escape>[zZhRG]|k<(?P<back>\w+)>)|(?P<group>\(\?<)(?=[A-Za-z])"
    r"|(?P<bracket>\[|\])|\\.",
    re.DOTALL,
)
_PARTS = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\\\]])*\]?|\{(?P<times>[0-9]+)(?:,[0-9]*)?\}|.", re.DOTALL
)
"""An escape, a set, a repetition (whose least number counts), or anything else."""

_ESCAPES = {"z": r"\Z", "Z": r"(?=\n?\Z)", "h": r"[ \t\u00a0]", "R": r"(?:\r\n|[\n\r])"}


LONGEST_SEARCH = 0.25
"""Seconds after which a search is given up: some expressions take longer than the universe has."""

MAX_GIVEN_UP = 10
"""How many searches of one expression a mapping set may give up; it tries no further ones."""

MAX_EXPRESSION = 4_096
"""Characters of an expression."""

MAX_PARTS = 5_000
"""Parts of an expression whose repetitions are written out, which the engine does."""

given_up: ContextVar[Counter[str] | None] = ContextVar("given_up", default=None)
"""How often a search of each expression has been given up, by the mapping set at work."""


class Expression:
    """A compiled expression whose searches end.

    Raises:
        MappingError: From each of its methods, when the search takes too long.
    """

    def __init__(self, pattern: engine.Pattern[str]) -> None:
        self._pattern = pattern

    def search(self, text: str) -> engine.Match[str] | None:
        """Return the first match anywhere."""
        with self._limited():
            return self._pattern.search(text, timeout=LONGEST_SEARCH)

    def fullmatch(self, text: str) -> engine.Match[str] | None:
        """Return the match of the whole text."""
        with self._limited():
            return self._pattern.fullmatch(text, timeout=LONGEST_SEARCH)

    def finditer(self, text: str) -> Iterator[engine.Match[str]]:
        """Yield the matches one after another."""
        with self._limited():
            yield from self._pattern.finditer(text, timeout=LONGEST_SEARCH)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        counts, text = given_up.get(), self._pattern.pattern
        try:
            if counts is not None and counts[text] >= MAX_GIVEN_UP:
                raise TimeoutError
            yield
        except TimeoutError:
            if counts is not None:
                counts[text] += 1
            raise MappingError(f"the regular expression {text[:60]!r} takes too long") from None


@lru_cache(maxsize=1024)
def regex(text: str) -> Expression:
    r"""Return a compiled expression. `\w`, `\d` and `\s` are ASCII only, as in Java.

    Java's `(?<name>…)`, `\Q…\E`, `\p{Alpha}` and their like, `\z` and `\h` are translated.

    Raises:
        MappingError: It is not well-formed.
    """
    if len(text) > MAX_EXPRESSION:
        raise MappingError(f"the regular expression {text[:60]!r} is too long")
    if _parts(text) > MAX_PARTS:
        raise MappingError(f"the regular expression {text[:60]!r} repeats too much")
    try:
        return Expression(engine.compile(_translated(text), engine.ASCII | engine.VERSION0))
    except (engine.error, OverflowError, RecursionError, MemoryError) as error:
        raise MappingError(f"{text[:60]!r} is not a regular expression: {error}") from None


def _parts(text: str) -> int:
    """Return how many parts an expression has with its repetitions written out."""
    groups, last = [0], 0
    for match in _PARTS.finditer(text):
        if match["times"]:
            times = max(int(match["times"]), 1) if len(match["times"]) < 10 else MAX_PARTS + 1
            groups[-1] += last * (times - 1)
            last *= times
        elif match[0] == "(":
            groups.append(0)
        elif match[0] == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif match[0] not in ("?", "*", "+"):
            last = 1
            groups[-1] += 1
    return sum(groups)


def _translated(text: str) -> str:
    depth = 0

    def python(match: re.Match[str]) -> str:
        nonlocal depth
        if match["bracket"]:
            depth = max(depth + (1 if match["bracket"] == "[" else -1), 0)
            return match[0] if match["bracket"] == "]" or depth == 1 else "\\["
        if match["quoted"] is not None:
            return re.escape(match["quoted"])
        if match["name"]:
            return _property(match["name"], inside=depth > 0, negative=match["negative"] == "P")
        if match["back"]:
            return f"(?P={match['back']})"
        if match["escape"]:
            return _ESCAPES.get(match["escape"], match[0])
        return "(?P<" if match["group"] else match[0]

    return _JAVA.sub(python, text)


def _property(name: str, *, inside: bool, negative: bool) -> str:
    if name in ("L", "Alphabetic") and not inside:
        return r"(?u:[\W\d_])" if negative else r"(?u:[^\W\d_])"
    members = _CLASSES.get(name)
    if members is None or (inside and negative):
        raise MappingError(f"\\p{{{name}}} is not known to the regular expressions here")
    return members if inside else f"[{'^' if negative else ''}{members}]"
