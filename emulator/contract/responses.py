"""Response schemas: for judging ourselves. Every reply in the tests is held against them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from emulator.contract.loader import read_json
from emulator.contract.model import Operation
from emulator.json_types import Json, JsonObject


class Responses:
    """The response schemas of a contract folder, compiled when first needed.

    `contracts/<service>/responses/<name>.json` maps a status to the JSON Schema of its body;
    `contracts/platform/responses/envelopes.json` has the error bodies by the name of their shape.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._validators: dict[tuple[str, str], Any] = {}

    def complaints(self, operation: Operation, status: int, body: Json) -> Iterator[str]:
        """Yield a sentence for each thing in a reply that no document shows."""
        if status >= 400:
            yield from self._error_complaints(status, body)
            return
        if operation.response:
            validator = self._validator(operation.response, str(status))
            if validator is None:
                yield f"{operation.id}: status {status} is not in {operation.response}"
                return
            for error in validator.iter_errors(body):
                place = "/".join(str(step) for step in error.instance_path)
                yield f"{operation.id}: {status} {place}: {error.message[:300]}"
        elif status != 204:
            yield f"{operation.id}: status {status} without a response schema"

    def _error_complaints(self, status: int, body: Json) -> Iterator[str]:
        names = self._read("platform.envelopes")
        if not any(self._fits("platform.envelopes", name, body) for name in names):
            yield f"status {status}: the body is none of the error shapes: {str(body)[:300]}"

    def _fits(self, response: str, status: str, body: Json) -> bool:
        validator = self._validator(response, status)
        return bool(validator and validator.is_valid(body))

    def _validator(self, response: str, status: str) -> Any:
        if (response, status) not in self._validators:
            schema = self._read(response).get(status)
            made = None if schema is None else jsonschema_rs.validator_for(schema)
            self._validators[(response, status)] = made
        return self._validators[(response, status)]

    def _read(self, response: str) -> JsonObject:
        service, _, name = response.partition(".")
        content: JsonObject = read_json(self._folder / service / "responses" / f"{name}.json")
        return content
