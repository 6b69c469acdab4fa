"""The requests of a Postman collection v2.1, with their variables filled in; there are no replies.

Variables come from the collection, and from an environment file, which wins. One without a value
stays as it is, `{{name}}`, and is named in `Recorded.unknown`: scripts set such variables at run
time, and what rules say of them cannot be decided.
Source: "Postman Collection Format v2.1.0".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from emulator.json_types import JsonObject, loads
from emulator.traffic.recording import Fields, Recorded, Source, TrafficError

_VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")
_PATH_VARIABLE = re.compile(r"(?<=/):([A-Za-z_]\w*)")
_LANGUAGES = {"json": "application/json", "xml": "application/xml", "text": "text/plain"}
MAX_DEPTH = 10
"""How often a variable's value may name further variables."""


def read_environment(path: Path) -> dict[str, str]:
    """Return the variables of an exported environment: its `values` that are enabled.

    Raises:
        TrafficError: The file is no exported environment.
    """
    try:
        rows = loads(path.read_bytes())["values"]
        return _variables(rows)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrafficError(f"{path}: no exported environment of Postman: {error}") from error


def read_collection(path: Path, environment: Mapping[str, str]) -> Iterator[Recorded]:
    """Yield the requests of a collection in its order, with folder and name as their place.

    Raises:
        TrafficError: The file is no collection, or a request has no URL.
    """
    try:
        collection = loads(path.read_bytes())
    except ValueError as error:
        raise TrafficError(f"{path}: not JSON: {error}") from error
    variables = {**_variables(collection.get("variable")), **environment}
    yield from _Reader(str(path), variables).items(collection, "", collection.get("auth"))


def _variables(rows: Any) -> dict[str, str]:
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

    def items(self, folder: JsonObject, path: str, auth: Any) -> Iterator[Recorded]:
        variables = _variables(folder.get("variable"))
        within = _Reader(self._file, {**variables, **self._variables}) if variables else self
        for item in folder.get("item") or ():
            name = f"{path}/{item.get('name', '')}" if path else str(item.get("name", ""))
            inherited = item.get("auth") or auth
            if "item" in item:
                yield from within.items(item, name, inherited)
            elif "request" in item:
                yield within.request(item["request"], name, inherited)

    def request(self, request: Any, name: str, auth: Any) -> Recorded:
        source = Source(self._file, f"request {name}")
        if isinstance(request, str):
            request = {"url": request}
        try:
            fields = self._fields(request, request.get("auth") or auth)
            data = request.get("body")
            body = self._body(data, fields) if data else b""
            url = self._url(request["url"])
        except (AttributeError, KeyError, TypeError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise TrafficError(f"{source}: not a request: {said}") from error
        method = str(request.get("method", "GET")).upper()
        texts = [url, *(value for _, value in fields), (body or b"").decode("utf-8", "replace")]
        unknown = dict.fromkeys(match[0] for text in texts for match in _VARIABLE.finditer(text))
        if unknown and body and _is_json(fields) and not _parses(body):
            # A variable that stands for a number or an object: there is no body without its value.
            return Recorded(source, method, url, fields, None, unknown=tuple(unknown))
        return Recorded(source, method, url, fields, body, unknown=tuple(unknown))

    def _fill(self, text: Any) -> str:
        filled = str(text)
        for _ in range(MAX_DEPTH):
            before = filled
            filled = _VARIABLE.sub(self._value, filled)
            if filled == before:
                break
        return filled

    def _value(self, match: re.Match[str]) -> str:
        return self._variables.get(match[1].strip(), match[0])

    def _url(self, url: Any) -> str:
        raw = url if isinstance(url, str) else url["raw"]
        named = {} if isinstance(url, str) else _variables(url.get("variable"))
        path, mark, query = self._fill(raw).partition("?")

        def value(match: re.Match[str]) -> str:
            return self._fill(named.get(match[1], f"{{{{{match[1]}}}}}"))

        path = _PATH_VARIABLE.sub(value, path)
        return path + mark + query

    def _fields(self, request: JsonObject, auth: Any) -> Fields:
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

    def _authorization(self, auth: Any) -> Fields:
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
            _say_type(fields, _LANGUAGES.get(language, ""))
            return self._fill(data.get("raw", "")).encode()
        if mode == "urlencoded":
            _say_type(fields, "application/x-www-form-urlencoded")
            rows = [row for row in data.get(mode) or () if not row.get("disabled")]
            return urlencode(
                [(row["key"], self._fill(row.get("value") or "")) for row in rows], safe="{}"
            ).encode()
        # Files lie elsewhere, and the bytes of a multipart form are made when it is sent.
        return None if mode else b""


def _say_type(fields: Fields, media_type: str) -> None:
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
