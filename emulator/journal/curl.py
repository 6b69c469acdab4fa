"""A call as a command for a shell. Its secrets are masked: variables stand for them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from emulator.json_types import JsonObject, dumps

VARIABLES = {"authorization": "Bearer $ACCESS_TOKEN", "x-api-key": "$API_KEY"}
"""What stands for the masked value of a header."""

LEFT_OUT = ("host", "content-length", "connection", "accept-encoding", "transfer-encoding")
"""Headers that curl sends by itself, or that describe how the call was sent."""


def curl(call: JsonObject) -> str:
    """Return a call, as the journal shows it in full, as a command for a POSIX shell."""
    return " \\\n  ".join(_words(call["request"]))


def _words(request: JsonObject) -> Iterator[str]:
    yield f"curl -X {shlex.quote(request['method'])} {shlex.quote(request['url'])}"
    for name, value in request["headers"].items():
        if name in VARIABLES:
            yield f'-H "{name}: {VARIABLES[name]}"'
        elif name not in LEFT_OUT:
            yield f"-H {shlex.quote(f'{name}: {value}')}"
    if request.get("truncated"):
        yield "--data-binary @the-body-which-is-too-long-to-be-kept"
    elif "body" in request:
        yield f"--data-raw {shlex.quote(dumps(request['body']).decode())}"
    elif "text" in request:
        yield f"--data-raw {shlex.quote(request['text'])}"
