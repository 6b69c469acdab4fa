"""Secrets within texts, known by their form or by a name before them.

Everything here takes time in proportion to the text: names begin where a word does, and what has
been matched is never tried again in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote_plus, unquote_plus

from emulator.masking.names import is_secret

MASK = "******"

Hide = Callable[[str], str]
"""Takes a secret that was found, and returns what is shown in its place."""

_HINTS = (
    "pass pwd secret credential token key sig auth cookie assertion connection jwt bearer sas eyj "
    "code ://"
).split()
"""At least one of these, in lower case, is in every text that holds a secret with name or form."""

_JWT = re.compile(r"(?<![\w-])eyJ(?:[\w-]{8,}+\.[\w-]++\.[\w-]*+|[\w-]{16,}+(?:\.[\w-]*+)?\Z)")
"""A JSON Web Token, or the beginning of one where the text has been cut."""

_BEARER = re.compile(r"\b(Bearer ++)([!-~]++)", re.IGNORECASE)
_USER = re.compile(r"(?<=://)([^/\s:@\"'<>]{0,256}+:)([^/\s@\"'<>]{1,256}+)(?=@)")
_QUOTED = r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?|'[^'\\]*+(?:\\.[^'\\]*+)*+'?"
_NAME = r"(?<![\w.-])([A-Za-z][\w.-]{0,63}+)"
_ASSIGNED = re.compile(rf"{_NAME}=")
"""The name in `name=value`, as in queries, connection strings, attributes of XML."""

_ASSIGNED_VALUE = re.compile(rf"{_QUOTED}|[^&;\s\"'<>,)\]}}]++", re.DOTALL)
_NAMED = re.compile(rf"{_NAME}(?:\\*+[\"']?\s{{0,8}}+(?:=>|:|=)\s{{0,8}}+|>)")
"""The name before a value in any notation: JSON, also within JSON, Python, YAML, headers, XML."""

_NAMED_VALUE = re.compile(
    rf"\\++\"[^\"\\]*+|{_QUOTED}|[^&;\s\"'<>,)\]}}][^&;\r\n\"'<>,)\]}}]*+", re.DOTALL
)
_CODE = re.compile(r"(?<=[?&])(code)=")
_SCHEMES = frozenset("basic bearer digest hmac negotiate oauth sharedkey token".split())
_QUOTES = "\"'"


def may_hold_secrets(text: str) -> bool:
    """Tell whether a text has any of the words or forms that secrets come with."""
    text = text.lower()
    return any(hint in text for hint in _HINTS)


def mask_text(text: str, hide: Hide = lambda _: MASK) -> str:
    """Return a text with those secrets masked that are recognized by their form."""
    if not may_hold_secrets(text):
        return text
    text = _JWT.sub(lambda found: hide(found[0]), text)
    text = _BEARER.sub(lambda found: found[1] + hide(found[2]), text)
    text = _USER.sub(lambda found: found[1] + hide(found[2]), text)
    text = _mask_values(text, _ASSIGNED, _ASSIGNED_VALUE, hide, is_secret)
    return _mask_values(text, _CODE, _ASSIGNED_VALUE, hide, _is_code)


def mask_notation(text: str, hide: Hide, *, has_code: bool = False) -> str:
    """Return a text that should have been JSON or a form, masked by the names in it too.

    `has_code` says that values named `code` are authorization codes.
    """
    text = _mask_values(text, _NAMED, _NAMED_VALUE, hide, is_secret)
    if has_code:
        text = _mask_values(text, _NAMED, _NAMED_VALUE, hide, _is_code)
    return mask_text(text, hide)


def _is_code(name: str) -> bool:
    return name.lower() == "code"


def _mask_values(
    text: str,
    names: re.Pattern[str],
    values: re.Pattern[str],
    hide: Hide,
    is_wanted: Callable[[str], bool],
) -> str:
    """Return a text with the values behind certain names masked."""
    pieces: list[str] = []
    done = 0
    for name in names.finditer(text):
        if name.start() < done or not is_wanted(name[1]):
            continue
        value = values.match(text, name.end())
        if value is not None:
            pieces += (text[done : name.end()], _masked_value(value[0], hide))
            done = value.end()
    return "".join((*pieces, text[done:])) if pieces else text


def _masked_value(value: str, hide: Hide) -> str:
    """Return a value masked within its quotes, which may be escaped."""
    bare = value.lstrip("\\")
    start = value[: len(value) - len(bare)]
    mark = bare[:1] if bare[:1] in _QUOTES else ""
    end = mark if mark and len(bare) > 1 and bare.endswith(mark) else ""
    inner = bare[len(mark) : len(bare) - len(end)]
    return start + (
        f"{mark}{hidden(inner, hide)}{end or mark}" if mark else _hidden_word(inner, hide)
    )


def _hidden_word(value: str, hide: Hide) -> str:
    bare = value.strip()
    return value.replace(bare, hidden(bare, hide)) if bare else value


def hidden(value: str, hide: Hide) -> str:
    """Return what is shown for a secret; the scheme before a token, such as Bearer, stays."""
    scheme, _, token = value.partition(" ")
    if token.strip() and scheme.lower() in _SCHEMES:
        hide(value)
        hide(token.split()[-1])
        return f"{scheme} {hide(token.strip())}"
    return hide(value) if value else ""


def mask_form(text: str, hide: Hide) -> str:
    """Return a query string or a form with its secrets masked, and the rest as it is."""
    if not may_hold_secrets(unquote_plus(text, errors="replace")):
        return text
    return "&".join(_mask_parameter(piece, hide) for piece in text.split("&"))


def _mask_parameter(piece: str, hide: Hide) -> str:
    name, equals, value = piece.partition("=")
    known, said = unquote_plus(name, errors="replace"), unquote_plus(value, errors="replace")
    if not equals:
        masked = mask_text(known, hide)
        return piece if masked == known else quote_plus(masked, safe="*/:,=")
    # In JSON `code` is an error code; as a parameter it is an authorization code.
    if is_secret(known) or known == "code":
        if value and said != value:
            hide(value)
        return f"{name}={hide(said) if said else ''}"
    masked = mask_text(said, hide)
    return piece if masked == said else f"{name}={quote_plus(masked, safe='*/:,=')}"


def mask_parts(text: str, hide: Hide) -> str:
    """Return a multipart body with the secrets among its fields masked."""
    mark, _, _ = text.lstrip("\r\n").partition("\n")
    parts = text.split("\n" + mark.rstrip("\r"))
    return ("\n" + mark.rstrip("\r")).join(_mask_part(part, hide) for part in parts)


_FIELD = re.compile(r"\bname=(?:\"([^\"\r\n]{0,64})\"|([^\s;\"]{1,64}))", re.IGNORECASE)


def _mask_part(part: str, hide: Hide) -> str:
    head, blank, content = part.partition("\r\n\r\n")
    if not blank:
        head, blank, content = part.partition("\n\n")
    field = _FIELD.search(head)
    name = (field[1] or field[2] or "") if field else ""
    if is_secret(name) or name == "code":
        value = content.strip()
        return head + blank + (content.replace(value, hide(value)) if value else content)
    return head + blank + mask_text(content, hide)
