"""Texts that match a regular expression, as far as patterns of XDM fields go.

Supported are literals, `.`, escapes, sets with ranges, groups with alternatives, and quantifiers.
For anything else (look-around, back-references) callers need a fallback.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.filters.comparisons import regular_expression

if TYPE_CHECKING:
    from faker import Faker

_ESCAPES = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz", "s": " "}
_ANY = "abcdefghijklmnopqrstuvwxyz0123456789"
_QUANTIFIER = re.compile(r"(?:\{(\d+)(,(\d*))?\}|([?*+]))[?+]?")
_MAX_REPEATS = 3
_MAX_ATOMS = 5000
"""How many atoms a text may be made of: repetitions within repetitions multiply."""


def text_matching(pattern: str, faker: Faker) -> str | None:
    """Return a text that a pattern matches, or None if the pattern is not supported."""
    try:
        text = _Writer(pattern, faker).write()
        found = regular_expression(pattern)
        return text if found and found(text) else None
    except (IndexError, ValueError, RecursionError):
        return None


class _Writer:
    """Reads a pattern once, from left to right, and writes a text on the way."""

    def __init__(self, pattern: str, faker: Faker) -> None:
        self._pattern = pattern
        self._faker = faker
        self._at = 0
        self._left = _MAX_ATOMS

    def write(self) -> str:
        """Return the text of one of the alternatives from here to the end or a closing bracket."""
        alternatives = [""]
        while self._at < len(self._pattern) and self._pattern[self._at] != ")":
            char = self._next()
            if char == "|":
                alternatives.append("")
            elif char not in "^$":
                alternatives[-1] += self._piece(char)
        return str(self._faker.random_element(alternatives))

    def _next(self) -> str:
        char = self._pattern[self._at]
        self._at += 1
        return char

    def _piece(self, char: str) -> str:
        """Return the text of one atom with its quantifier."""
        start = self._at
        text = self._atom(char)
        end = self._at
        match = _QUANTIFIER.match(self._pattern, end)
        if match is None:
            return text
        pieces = []
        for _ in range(self._times(match)):
            self._at = start
            pieces.append(self._atom(char))
        self._at = match.end()
        return "".join(pieces)

    def _times(self, match: re.Match[str]) -> int:
        if match[4]:
            low, high = {"?": (0, 1), "*": (0, _MAX_REPEATS), "+": (1, _MAX_REPEATS)}[match[4]]
        else:
            low = int(match[1])
            unbounded = low + _MAX_REPEATS
            high = low if match[2] is None else int(match[3] or unbounded)
        return int(self._faker.random_int(low, min(high, low + 100)))

    def _atom(self, char: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise ValueError("the pattern repeats too much")
        if char == "(":
            if self._pattern.startswith("?:", self._at):
                self._at += 2
            text = self.write()
            self._at += 1
            return text
        if char == "[":
            return self._one_of(self._set())
        if char == "\\":
            escaped = self._next()
            return self._one_of(_ESCAPES.get(escaped, escaped))
        return self._one_of(_ANY) if char == "." else char

    def _set(self) -> str:
        """Return the characters that a set matches, from behind its opening bracket on."""
        excludes = self._pattern[self._at] == "^"
        self._at += excludes
        chars = ""
        while (char := self._next()) != "]":
            if char == "\\":
                escaped = self._next()
                chars += _ESCAPES.get(escaped, escaped)
            elif self._pattern[self._at] == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                chars += "".join(map(chr, range(ord(char), ord(self._next()) + 1)))
            else:
                chars += char
        return "".join(c for c in _ANY if c not in chars) if excludes else chars

    def _one_of(self, chars: str) -> str:
        return str(self._faker.random_element(chars))
