"""A folder of JSON files: one exchange in a file, or its request and response in two.

`NAME.json` holds `{"request": …, "response": …}`; `NAME.request.json` holds the request alone and
`NAME.response.json` beside it its response. A request has `method`, `url`, `headers` and a body; a
response has `status`, `headers` and a body. A body is a JSON value in `body`, a text in `bodyText`,
or bytes in `bodyBase64`. `startedAt` is an ISO 8601 time. Files come in the order of names.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from emulator.json_types import JsonObject, dumps, loads
from emulator.traffic.har import moment
from emulator.traffic.recording import (
    RecordedCall,
    RecordedReply,
    Source,
    TrafficError,
    content_of,
    fields_of,
    reason_of,
    status_of,
)

_REQUEST, _RESPONSE = ".request.json", ".response.json"


def read_folder(folder: Path) -> Iterator[RecordedCall]:
    """Yield the exchanges of a folder and of the folders in it.

    Raises:
        TrafficError: A file is not JSON, or not of the form above.
    """
    for path in sorted(folder.rglob("*.json")):
        if not path.name.endswith(_RESPONSE):
            yield read_exchange(path)


def read_exchange(path: Path) -> RecordedCall:
    """Return the exchange of one file, or of a pair of files.

    Raises:
        TrafficError: A file is not JSON, or not of the form of this module's description.
    """
    found = _object(path)
    if path.name.endswith(_REQUEST):
        other = path.with_name(path.name.removesuffix(_REQUEST) + _RESPONSE)
        found = {"request": found, **({"response": _object(other)} if other.is_file() else {})}
    try:
        request, response = found["request"], found.get("response")
        return RecordedCall(
            source=Source(str(path)),
            method=str(request["method"]).upper(),
            url=str(request["url"]),
            headers=fields_of(request.get("headers")),
            body=_body(request),
            reply=None if response is None else _reply(response),
            started=moment(found.get("startedAt", request.get("startedAt"))),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TrafficError(f"{path}: not an exchange: {reason_of(error)}") from error


def _reply(response: JsonObject) -> RecordedReply:
    fields = fields_of(response.get("headers"))
    return RecordedReply(status_of(response["status"]), fields, _body(response))


def _body(half: JsonObject) -> bytes:
    if "bodyText" in half:
        return str(half["bodyText"]).encode()
    if "bodyBase64" in half:
        return base64.b64decode(half["bodyBase64"], validate=True)
    return dumps(half["body"]) if "body" in half else b""


def _object(path: Path) -> JsonObject:
    try:
        found = loads(content_of(path))
    except ValueError as error:
        raise TrafficError(f"{path}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise TrafficError(f"{path}: not an exchange: expected an object")
    return found
