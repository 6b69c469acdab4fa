"""The secrets that were found in an exchange, and texts without them wherever they reappear."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from emulator.budgets import KIB
from emulator.masking.texts import MASK

MIN_REPLACED = 8
"""From how many characters on a secret is masked wherever it reappears.

A shorter one, such as `a`, is masked at its own place, and elsewhere only in quotes: words of
other texts would be torn otherwise.
"""

MIN_WITHIN_WORDS = 16
"""From how many characters on a secret is masked within longer words and in names too."""

MAX_LENGTH = 16 * KIB
"""How many characters of a secret are looked for elsewhere; what quotes it quotes its beginning."""

MAX_FOUND = 200
"""How many secrets of one exchange are looked for elsewhere."""


_BARE_MASK = re.compile(r"(?<=[:,\[])\s*+[*]{6}(?=\s*+[,}\]])")
"""What is left of a number that was a secret."""


class FoundSecrets:
    """Values that arrived as credentials, each with what is shown in its place."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._ordered: list[tuple[str, str]] | None = None

    def hide(self, value: str, shown: str = MASK) -> str:
        """Remember a secret; return what is shown in its place. What is masked is not one."""
        if not value:
            return ""
        value = value[:MAX_LENGTH]
        if MASK not in value and len(self._shown) < MAX_FOUND:
            self._shown.setdefault(value, shown)
            self._ordered = None
            if "\n" in value:
                self._hide_lines(value, shown)
        return shown

    def _hide_lines(self, value: str, shown: str) -> None:
        """Remember the lines of a key, too, which others may write in other ways."""
        for line in value.splitlines()[: MAX_FOUND - len(self._shown)]:
            if len(line) >= MIN_WITHIN_WORDS and not line.startswith("-----"):
                self._shown.setdefault(line, shown)

    def hide_credentials(self, value: str) -> None:
        """Remember the user and password of HTTP's scheme Basic."""
        try:
            pair = b64decode(value, validate=True).decode()
        except (Error, ValueError):
            return
        _, colon, password = pair.partition(":")
        if colon and password and pair.isprintable():
            self.hide(pair)
            self.hide(password)

    def absent_from(self, text: str, *, is_json: bool = False) -> str:
        """Return a text without these secrets, as they are, escaped, or cut by an excerpt.

        Of JSON, names of members that are as short as `password` stay, because rules ask for them.
        """
        marks = ("'", '\\"') if is_json else ("'", '\\"', '"')
        for value, shown in self._forms():
            if len(value) < MIN_REPLACED:
                for mark in marks:
                    text = text.replace(mark + value + mark, mark + shown + mark)
            elif len(value) < MIN_WITHIN_WORDS:
                text = _replace_word(text, value, shown, is_json=is_json)
            elif value[:MIN_WITHIN_WORDS] in text:
                text = text.replace(value, shown)
                if "://" not in value:
                    text = _replace_beginning(text, value, shown)
            elif value[:MIN_REPLACED] in text:
                text = _replace_stump(text, value, shown, is_json=is_json)
        return text

    def absent_from_values(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return headers without these secrets."""
        return {self.absent_from_name(name): self.absent_from(text) for name, text in texts.items()}

    def absent_from_body(self, body: bytes) -> bytes:
        """Return a body without these secrets; JSON stays JSON, so a number becomes 0."""
        if not body or not self._shown:
            return body
        text = body.decode("utf-8", "surrogateescape")
        is_json = text.lstrip()[:1] in ("{", "[")
        cleaned = self.absent_from(text, is_json=is_json)
        if cleaned == text:
            return body
        cleaned = _BARE_MASK.sub("0", cleaned) if is_json else cleaned
        return cleaned.encode("utf-8", "surrogateescape")

    def absent_from_name(self, name: str) -> str:
        """Return a member's name without these secrets."""
        for value, shown in self._forms():
            if len(value) >= MIN_WITHIN_WORDS and value in name:
                name = name.replace(value, shown)
        return name

    def marks(self, but: str = "") -> list[str]:
        """Return short texts of which one stands in every text that one of these stands in.

        `but` is one that does not count.
        """
        found: list[str] = []
        for value, _ in self._forms():
            if value == but:
                continue
            if len(value) < MIN_REPLACED:
                found += (f"'{value}'", f'"{value}"', f'"{value}\\')
            else:
                found.append(value[:MIN_REPLACED])
        return found

    def _forms(self) -> list[tuple[str, str]]:
        """Return the secrets in every form that they may reappear in, the longest first."""
        if self._ordered is None:
            forms = dict(self._shown)
            for value, shown in self._shown.items():
                for form in _written(value):
                    forms.setdefault(form, shown)
            self._ordered = sorted(forms.items(), key=lambda item: -len(item[0]))
        return self._ordered


def _written(value: str) -> Iterator[str]:
    """Yield a value as JSON, URLs and forms write it."""
    if value.isascii() and value.isalnum():
        return
    sent = value.encode("utf-8", "surrogateescape")
    for is_ascii in (True, False):
        escaped = json.dumps(value, ensure_ascii=is_ascii)[1:-1]
        yield escaped
        yield json.dumps(escaped, ensure_ascii=False)[1:-1]
    yield quote(sent, safe="")
    yield quote(sent)
    yield quote_plus(sent)


def _replace_word(text: str, value: str, shown: str, *, is_json: bool) -> str:
    """Replace a value where it stands as a word of its own, and not as a member's name."""
    pieces: list[str] = []
    done = 0
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        is_name = is_json and text.startswith('":', end) and text[start - 1] == '"'
        if _is_word(text, start, end) and not is_name:
            pieces += (text[done:start], shown)
            done = end
        start = text.find(value, end)
    return "".join((*pieces, text[done:])) if pieces else text


def _is_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() and text[start].isalnum()) and not (
        after.isalnum() and text[end - 1].isalnum()
    )


def _replace_beginning(text: str, value: str, shown: str) -> str:
    """Replace the beginning of a value that an excerpt has cut."""
    beginning = value[:MIN_WITHIN_WORDS]
    pieces: list[str] = []
    done = 0
    start = text.find(beginning)
    while start >= 0:
        end = start + _common(text, start, value)
        pieces += (text[done:start], shown)
        done = end
        start = text.find(beginning, end)
    return "".join((*pieces, text[done:])) if pieces else text


def _replace_stump(text: str, value: str, shown: str, *, is_json: bool) -> str:
    """Replace the little that an excerpt has left of a value, unless it is a word of letters."""
    for length in range(MIN_WITHIN_WORDS - 1, MIN_REPLACED - 1, -1):
        stump = value[:length]
        if stump in text and not stump.isalpha():
            text = _replace_word(text, stump, shown, is_json=is_json)
    return text


def _common(text: str, start: int, value: str) -> int:
    """Return how many characters of a value stand in a text from a place on."""
    low, high = MIN_WITHIN_WORDS, len(value)
    while low < high:
        middle = (low + high + 1) // 2
        if text.startswith(value[:middle], start):
            low = middle
        else:
            high = middle - 1
    return low
