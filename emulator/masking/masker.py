"""Masks the messages of one exchange: first by place and form, then wherever a secret reappears.

A mask keeps the form of what it hides, so that rules judge a masked request as they judged the
original: text stays text, `Bearer` keeps its word, and empty values stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from emulator.budgets import BODY_VALUES, JOURNAL_BODY_BYTES
from emulator.json_types import (
    MAX_DEPTH,
    MISSING,
    Json,
    JsonObject,
    dumps,
    has_more_values_than,
    is_deeper_than,
    loads,
)
from emulator.masking.found import FoundSecrets
from emulator.masking.names import is_definition, is_harmless, is_like_auth, is_secret, plain
from emulator.masking.texts import (
    MASK,
    hidden,
    mask_form,
    mask_notation,
    mask_parts,
    mask_text,
    may_hold_secrets,
)

API_KEY_HEADER = "x-api-key"
CONNECTIONS = "flow_service"
"""The service whose resources have credentials in `auth`, however that is spelt."""

TOKENS = "ims"
"""The service whose parameter `code` is an authorization code in any notation."""

MAX_SCANNED = JOURNAL_BODY_BYTES
"""How much of one text is scanned and shown: no text that is kept is longer."""

_STEP = re.compile(r"[/.]")


class Masker:
    """Masks what belongs to one exchange, and remembers what it has hidden.

    Mask its parts by `headers`, `query`, `body` and `text` first; then `absent_from` finds what of
    them reappears elsewhere.
    """

    def __init__(self, service: str = "") -> None:
        """Mask an exchange of a service; where that is unknown, only what all have in common."""
        self.found = FoundSecrets()
        self._has_auth = service == CONNECTIONS
        self._has_code = service == TOKENS

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers with their secrets masked; their names are in lower case."""
        return {name: self._header(name.lower(), value) for name, value in headers.items()}

    def _header(self, name: str, value: str) -> str:
        if name == API_KEY_HEADER:
            return self.found.hide(value, mask_api_key(value))
        if name in ("cookie", "set-cookie"):
            for pair in value.split(";"):
                self.found.hide(pair.partition("=")[2].strip())
            return self.found.hide(value)
        if is_secret(name):
            scheme, _, rest = value.partition(" ")
            self.found.hide(rest.strip())
            if scheme.lower() == "basic":
                self.found.hide_credentials(rest.strip())
            return self._hide(value)
        return self.text(value)

    def query(self, query: str) -> str:
        """Return a query string, or a form, with its secrets masked."""
        return mask_form(query, self.found.hide) if query else ""

    def text(self, text: str) -> str:
        """Return a text with those secrets masked that are recognized by their form.

        In JSON within a text they are recognized by their names, too.
        """
        text = text[:MAX_SCANNED]
        if text[:1] in ("{", "["):
            return mask_notation(text, self.found.hide, has_code=self._has_code)
        return mask_text(text, self.found.hide)

    def absent_from(self, text: str) -> str:
        """Return a text without what this has hidden so far, and without secrets of known form."""
        return self.found.absent_from(self.text(text))

    def body(self, body: bytes, content_type: str) -> bytes:
        """Return a body with its secrets masked: JSON, a form, parts, or any other text.

        What it is shows in itself: the content type may be wrong.
        """
        if not body or not may_hold_secrets(text := body.decode("utf-8", "surrogateescape")):
            return body
        value = _read(body)
        if value is not MISSING:
            masked = self.json(value)
            return body if masked == value else dumps(masked)
        if content_type.lower().startswith("multipart/") or "form-data" in text[:512]:
            text = mask_parts(text, self.found.hide)
        elif content_type.lower().startswith("application/x-www-form-urlencoded"):
            text = mask_form(text, self.found.hide)
        text = mask_notation(text, self.found.hide, has_code=self._has_code)
        return text.encode("utf-8", "surrogateescape")

    def learn(self, body: bytes, value: Json, quoted: Iterable[str]) -> None:
        """Remember the secrets of a long body of which not all is kept.

        Args:
            body: The body; what is behind its first `MAX_SCANNED` bytes is not scanned as text.
            value: Its JSON, if it is JSON.
            quoted: The members of it that texts about it quote; an empty one means all.
        """
        text = body[:MAX_SCANNED].decode("utf-8", "surrogateescape")
        if may_hold_secrets(text):
            mask_notation(text, self.found.hide, has_code=self._has_code)
        if not isinstance(value, dict):
            self.json(value)
            return
        names = set(quoted)
        for name in value if "" in names else names & value.keys():
            self._member(name, value[name])

    def json(self, value: Json) -> Json:
        """Return a copy of a JSON value with its secrets masked."""
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _object(self, value: JsonObject) -> JsonObject:
        patched = value.get("path")
        if isinstance(patched, str) and "value" in value:
            masked = self._patched(patched, value["value"])
            return {**value, "path": self.text(patched), "value": masked}
        return {name: self._member(name, item) for name, item in value.items()}

    def _member(self, name: str, item: Json) -> Json:
        if self._is_auth(name, item):
            return self.auth(item)
        if is_secret(name) or (self._has_code and plain(name) == "code"):
            # An object of such a name may be a definition, for example of a schema's field.
            is_shown = isinstance(item, dict) and is_definition(item)
            return self.json(item) if is_shown else self._hide_all(item)
        return self.json(item)

    def _is_auth(self, name: str, item: Json) -> bool:
        if not isinstance(item, dict):
            return self._has_auth and plain(name) == "auth"
        if is_definition(item):
            return False
        if self._has_auth:
            return is_like_auth(name)
        return name == "auth" and ("params" in item or "specName" in item)

    def _patched(self, pointer: str, value: Json) -> Json:
        """Mask the value of a JSON Patch operation by the path that it writes to."""
        steps = [step for step in _STEP.split(pointer) if step]
        if not steps:
            return self.json(value)
        *above, last = steps
        if any(is_like_auth(step) if self._has_auth else step == "auth" for step in steps):
            is_param = isinstance(value, dict) or not (above and is_harmless(last))
            return self.auth(value) if is_param else self.json(value)
        return self._member(last, value)

    def auth(self, value: Json) -> Json:
        """Mask all in an `auth`, at any level, but the parameters that are known to be harmless."""
        if isinstance(value, list):
            return [self.auth(item) for item in value]
        if not isinstance(value, dict):
            return self._hide_all(value)
        return {
            name: self.json(item)
            if is_harmless(name) and not isinstance(item, dict | list)
            else self.auth(item)
            for name, item in value.items()
        }

    def _hide(self, value: str) -> str:
        """Return what is shown for a secret, and remember what is secret within it by itself."""
        self.text(value)
        return hidden(value, self.found.hide)

    def _hide_all(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {name: self._hide_all(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._hide_all(item) for item in value]
        if isinstance(value, str):
            return self._hide(value)
        if value is None or isinstance(value, bool):
            return value
        self.found.hide(str(value))
        return 0


def _read(body: bytes) -> Json:
    """Return a body's JSON, or MISSING if it is not JSON that can be walked through."""
    if body.lstrip()[:1] not in (b"{", b"[", b'"'):
        return MISSING
    if is_deeper_than(body, MAX_DEPTH) or has_more_values_than(body, BODY_VALUES):
        return MISSING
    try:
        return loads(body)
    except ValueError:
        return MISSING


def mask_api_key(key: str) -> str:
    """Return an API key cut to four characters: enough to recognize it, not to use it."""
    return key[:4] + MASK if len(key) > 8 else MASK if key else ""
