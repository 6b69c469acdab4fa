"""The requests of a Postman collection v2.1, with their variables filled in; there are no replies.

Variables come from the collection, and from an environment file, which wins. One without a value
stays as it is, `{{name}}`, and is named in `RecordedCall.unknown`: scripts set it at run time, so
what rules say of it cannot be decided.
Source: "Postman Collection Format v2.1.0".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

from emulator.json_types import Json, JsonObject, loads
from emulator.traffic.recording import (
    Fields,
    RecordedCall,
    Source,
    TrafficError,
    content_of,
    reason_of,
)

_VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")
_PATH_VARIABLE = re.compile(r"(?<=/):([A-Za-z_]\w*)")
_LANGUAGES = {"json": "application/json", "xml": "application/xml", "text": "text/plain"}
MAX_DEPTH = 10
"""How often a variable's value may name further variables."""


def read_environment(path: Path) -> dict[str, str]:
    """Return the variables of an exported environment: its `values` that are enabled.

    Raises:
        TrafficError: The file is not an exported environment.
    """
    try:
        rows = loads(content_of(path))["values"]
        return _variables(rows)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrafficError(f"{path}: not an exported environment of Postman: {error}") from error


def read_collection(path: Path, environment: Mapping[str, str]) -> Iterator[RecordedCall]:
    """Yield the requests of a collection in its order, with folder and name as their place.

    Raises:
        TrafficError: The file is not a collection, or a request has no URL.
    """
    try:
        collection = loads(content_of(path))
    except ValueError as error:
        raise TrafficError(f"{path}: not JSON: {error}") from error
    variables = {**_variables(collection.get("variable")), **environment}
    yield from _Reader(str(path), variables).items(collection, "", collection.get("auth"))


def _variables(rows: Json) -> dict[str, str]:
    found = {}
    for row in rows or ():
        value = row.get("value")
        if row.get("enabled", True) and not row.get("disabled") and value not in (None, ""):
            found[str(row.get("key", row.get("id")))] = str(value)
    return found


class _Reader:
    """Walks the folders of a collection; what a request inherits goes along."""

    def __init__(self, file: str, variables: Mapping[str, str]) -> None:
        self._file = file
        self._variables = variables

    def items(self, folder: JsonObject, path: str, auth: Json) -> Iterator[RecordedCall]:
        variables = _variables(folder.get("variable"))
        within = _Reader(self._file, {**variables, **self._variables}) if variables else self
        for item in folder.get("item") or ():
            name = f"{path}/{item.get('name', '')}" if path else str(item.get("name", ""))
            inherited = item.get("auth") or auth
            if "item" in item:
                yield from within.items(item, name, inherited)
            elif "request" in item:
                yield within.request(item["request"], name, inherited)

    def request(self, request: Json, name: str, auth: Json) -> RecordedCall:
        source = Source(self._file, f"request {name}")
        if isinstance(request, str):
            request = {"url": request}
        try:
            fields = self._fields(request, request.get("auth") or auth)
            data = request.get("body")
            body = self._body(data, fields) if data else b""
            url = self._url(request["url"])
        except (AttributeError, KeyError, TypeError) as error:
            raise TrafficError(f"{source}: not a request: {reason_of(error)}") from error
        method = str(request.get("method", "GET")).upper()
        texts = [url, *(value for _, value in fields), (body or b"").decode("utf-8", "replace")]
        unknown = dict.fromkeys(match[0] for text in texts for match in _VARIABLE.finditer(text))
        if unknown and body and _is_json(fields) and not _parses(body):
            body = None  # its variable stands for a number or an object, whose value is not known
        return RecordedCall(source, method, url, fields, body, unknown=tuple(unknown))

    def _fill(self, text: Json) -> str:
        filled = str(text)
        for _ in range(MAX_DEPTH):
            before = filled
            filled = _VARIABLE.sub(self._value, filled)
            if filled == before:
                break
        return filled

    def _value(self, match: re.Match[str]) -> str:
        return self._variables.get(match[1].strip(), match[0])

    def _url(self, url: Json) -> str:
        raw = url if isinstance(url, str) else url["raw"]
        named = {} if isinstance(url, str) else _variables(url.get("variable"))
        path, mark, query = self._fill(raw).partition("?")

        def value(match: re.Match[str]) -> str:
            return self._fill(named.get(match[1], f"{{{{{match[1]}}}}}"))

        path = _PATH_VARIABLE.sub(value, path)
        return path + mark + query

    def _fields(self, request: JsonObject, auth: Json) -> Fields:
        rows = request.get("header") or []
        if isinstance(rows, str):
            lines = (line.partition(":") for line in rows.splitlines() if ":" in line)
            return [(name.strip(), self._fill(value.strip())) for name, _, value in lines]
        fields = [
            (str(row["key"]), self._fill(row.get("value") or ""))
            for row in rows
            if not row.get("disabled")
        ]
        if not any(name.lower() == "authorization" for name, _ in fields):
            fields += self._authorization(auth)
        return fields

    def _authorization(self, auth: Json) -> Fields:
        kind = (auth or {}).get("type")
        given = {row["key"]: row.get("value") for row in (auth or {}).get(kind) or ()}
        if kind == "bearer":
            return [("Authorization", f"Bearer {self._fill(given.get('token', ''))}")]
        if kind == "oauth2":
            token = self._fill(given.get("accessToken") or "{{accessToken}}")
            return [("Authorization", f"Bearer {token}")]
        if kind == "apikey" and given.get("in", "header") == "header":
            return [(self._fill(given.get("key", "")), self._fill(given.get("value", "")))]
        return []

    def _body(self, data: JsonObject, fields: Fields) -> bytes | None:
        mode = data.get("mode")
        if mode == "raw":
            language = data.get("options", {}).get("raw", {}).get("language", "")
            _add_content_type(fields, _LANGUAGES.get(language, ""))
            return self._fill(data.get("raw", "")).encode()
        if mode == "urlencoded":
            _add_content_type(fields, "application/x-www-form-urlencoded")
            rows = [row for row in data.get(mode) or () if not row.get("disabled")]
            return urlencode(
                [(row["key"], self._fill(row.get("value") or "")) for row in rows], safe="{}"
            ).encode()
        # Files lie elsewhere, and the bytes of a multipart form are made when it is sent.
        return None if mode else b""


def _add_content_type(fields: Fields, media_type: str) -> None:
    """Add the Content-Type that Postman would send by itself."""
    if media_type and not any(name.lower() == "content-type" for name, _ in fields):
        fields.append(("Content-Type", media_type))


def _is_json(fields: Fields) -> bool:
    return any(name.lower() == "content-type" and "json" in value for name, value in fields)


def _parses(body: bytes) -> bool:
    try:
        loads(body)
    except ValueError:
        return False
    return True
