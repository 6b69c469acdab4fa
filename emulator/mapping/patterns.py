"""Date patterns in Java's letters, as the Data Prep page on dates lists them; names in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from emulator.mapping.errors import MappingError
from emulator.mapping.zones import zone

MONTHS = (
    "January February March April May June July August September October November December".split()
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^A-Za-z']+)")
_NUMBERS = "dHkKhmsD"
_OFFSET = r"Z|[+-]\d\d(?::?\d\d)?"
_LETTERS = frozenset("GYyMLwWDdFEuaHkKhmsSzZXVOQq")

MAX_DATE = 100
"""Characters of a date, and of a pattern for dates."""

Write = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    text: str
    writes: tuple[Write, ...]
    expression: re.Pattern[str] | None
    fields: tuple[str, ...]

    def write(self, moment: datetime) -> str:
        """Return a moment in this format."""
        return "".join([write(moment) for write in self.writes])

    def read(self, text: str) -> datetime:
        """Return the moment that a text stands for; missing fields are those of 1970-01-01 UTC.

        Raises:
            MappingError: The text is not of this format, or no pattern like this can be read.
        """
        if self.expression is None:
            raise MappingError(f"dates cannot be read by the pattern {self.text!r}")
        match = self.expression.fullmatch(text) if len(text) <= MAX_DATE else None
        if match is None:
            raise MappingError(f'"{text[:60]}" is not of the form {self.text}')
        found = dict(zip(self.fields, match.groups(), strict=True))
        try:
            return _moment(found)
        except ValueError as error:
            raise MappingError(f'"{text[:60]}" is not a date: {error}') from None


@lru_cache(maxsize=512)
def pattern(text: str) -> Pattern:
    """Return a pattern, compiled once.

    Raises:
        MappingError: A letter has no meaning, or a quote is not closed.
    """
    if len(text) > MAX_DATE:
        raise MappingError(f"the pattern {text[:60]!r} is too long")
    writes: list[Write] = []
    parts: list[str] = []
    fields: list[str] = []
    readable, position = True, 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise MappingError(f"the pattern {text!r} has a quote that is not closed")
        position = token.end()
        letters = token["letters"]
        if letters is None:
            fixed = token["other"] or token["quoted"].replace("''", "'") or "'"
            writes.append(_literal(fixed))
            parts.append(re.escape(fixed))
            continue
        if letters[0] not in _LETTERS:
            raise MappingError(f"{letters[0]} means nothing in the pattern {text!r}")
        writes.append(_writer(letters[0], len(letters)))
        part = _reading(letters[0], len(letters))
        readable = readable and part is not None and letters[0] not in fields
        parts.append(f"({part})")
        fields.append(letters[0])
    expression = re.compile("".join(parts), re.ASCII) if readable else None
    return Pattern(text, tuple(writes), expression, tuple(fields))


def _literal(text: str) -> Write:
    return lambda moment: text


def _reading(letter: str, count: int) -> str | None:
    """Return the regular expression of a field, None for one that cannot be read on its own."""
    if letter == "y":
        return r"\d{2}" if count == 2 else r"\d{4}" if count == 4 else r"\d{1,4}"
    if letter in "ML" and count > 2:
        return "|".join(name if count > 3 else name[:3] for name in MONTHS)
    if letter in _NUMBERS or letter in "ML":
        longest = 3 if letter == "D" else 2
        return rf"\d{{1,{longest}}}" if count == 1 else rf"\d{{{count}}}"
    if letter == "E":
        return "|".join(name if count > 3 else name[:3] for name in DAYS)
    texts = {"S": rf"\d{{{count}}}", "a": "(?i:AM|PM)", "G": "AD", "Z": _OFFSET, "X": _OFFSET}
    texts |= {"O": r"GMT(?:[+-]\d{1,2}(?::?\d\d)?)?", "z": r"[A-Za-z][\w/+:-]*"}
    return texts.get("z" if letter == "V" else letter)


def _moment(found: dict[str, str]) -> datetime:
    """Return the moment of fields by letter.

    Raises:
        ValueError: The moment does not exist.
    """
    year = int(found.get("y", "1970"))
    year += 2000 if len(found.get("y", "")) == 2 else 0
    month = found.get("M") or found.get("L") or "1"
    if not month.isdigit():
        month = str(1 + next(i for i, name in enumerate(MONTHS) if name.startswith(month)))
    offset = next((found[letter] for letter in "zZXVO" if letter in found), "UTC")
    moment = datetime(
        year,
        int(month),
        int(found.get("d", "1")),
        _hour(found),
        int(found.get("m", "0")),
        int(found.get("s", "0")),
        int(found.get("S", "0").ljust(6, "0")[:6]),
        tzinfo=UTC if offset in ("Z", "GMT", "UTC") else zone(offset),
    )
    if "D" in found:
        moment = moment.replace(month=1, day=1) + timedelta(days=int(found["D"]) - 1)
    return moment


def _hour(found: dict[str, str]) -> int:
    afternoon = 12 if found.get("a", "").upper() == "PM" else 0
    for letter, first, last in (("H", 0, 23), ("k", 1, 24), ("h", 1, 12), ("K", 0, 11)):
        if letter in found:
            hour = int(found[letter])
            if not first <= hour <= last:
                raise ValueError(f"{hour} is not between {first} and {last}")
            return hour % 24 if letter in "Hk" else hour % 12 + afternoon
    return afternoon


def _writer(letter: str, count: int) -> Write:
    """Return the function that writes one field."""
    if letter in "yY" and count == 2:
        return lambda moment: f"{_year(letter, moment) % 100:02}"
    if letter in "yY":
        return lambda moment: f"{_year(letter, moment):0{count}}"
    if letter in "ML" and count > 2:
        return lambda moment: MONTHS[moment.month - 1][: None if count > 3 else 3]
    if letter == "E":
        return lambda moment: DAYS[moment.weekday()][: None if count > 3 else 3]
    if letter == "S":
        return lambda moment: f"{moment.microsecond:06}".ljust(count, "0")[:count]
    if letter in "Qq" and count > 2:
        return lambda moment: f"Q{(moment.month + 2) // 3}"
    if letter in "ZX":
        return lambda moment: _offset(moment, letter, count)
    if letter in _WRITTEN:
        return _WRITTEN[letter]
    value = _VALUES[letter]
    return lambda moment: f"{value(moment):0{count}}"


def _year(letter: str, moment: datetime) -> int:
    """Return the year, or the year that the week belongs to."""
    if letter == "y":
        return moment.year
    return (moment + timedelta(days=6 - _since_sunday(moment))).year


def _since_sunday(moment: datetime) -> int:
    return (moment.weekday() + 1) % 7


def _week(moment: datetime) -> int:
    """Return the week of the year as in the USA: from Sunday, 1 January is in week 1."""
    saturday = moment + timedelta(days=6 - _since_sunday(moment))
    return 1 if saturday.year > moment.year else (saturday.timetuple().tm_yday - 1) // 7 + 1


def _offset(moment: datetime, letter: str, count: int) -> str:
    text = moment.strftime("%z")[:5]
    if letter == "X" and text == "+0000":
        return "Z"
    if (letter == "X" and count == 3) or (letter == "Z" and count > 4):
        return f"{text[:3]}:{text[3:]}"
    return text[:3] if letter == "X" and count == 1 and text.endswith("00") else text


def _gmt(moment: datetime) -> str:
    sign, hours, minutes = (text := moment.strftime("%z"))[0], int(text[1:3]), text[3:5]
    shift = f"{sign}{hours}" if minutes == "00" else f"{sign}{hours}:{minutes}"
    return "GMT" if text[1:5] == "0000" else f"GMT{shift}"


_VALUES: dict[str, Callable[[datetime], int]] = {
    "M": lambda moment: moment.month,
    "L": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "D": lambda moment: moment.timetuple().tm_yday,
    "w": _week,
    "W": lambda moment: (moment.day - 1 + _since_sunday(moment.replace(day=1))) // 7 + 1,
    "F": lambda moment: (moment.day - 1) // 7 + 1,
    "u": lambda moment: moment.isoweekday(),
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "K": lambda moment: moment.hour % 12,
    "h": lambda moment: moment.hour % 12 or 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
    "Q": lambda moment: (moment.month + 2) // 3,
    "q": lambda moment: (moment.month + 2) // 3,
}
_WRITTEN: dict[str, Write] = {
    "G": lambda moment: "AD",
    "a": lambda moment: "AM" if moment.hour < 12 else "PM",
    "z": lambda moment: moment.tzname() or "",
    "V": lambda moment: str(getattr(moment.tzinfo, "key", None) or moment.tzname()),
    "O": _gmt,
}
