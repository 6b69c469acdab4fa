"""Response schemas: for judging ourselves. Every reply in the tests is held against them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from emulator.contract.loader import ContractError, read_json
from emulator.contract.model import Operation
from emulator.json_types import Json, JsonObject, loads


class Responses:
    """The response schemas of contract folders, compiled when first needed.

    `contracts/<service>/responses/<name>.json` maps a status to the JSON Schema of its body;
    `contracts/platform/responses/envelopes.json` has the error bodies by the name of their shape.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._validators: dict[tuple[str, str], Any] = {}

    def complaints_of_content(
        self, operation: Operation, status: int, content: bytes, media_type: str
    ) -> Iterator[str]:
        """Yield a sentence for each thing in a reply as it goes out that no document shows.

        Files have no schema: what is not JSON is passed over, unless it says that it is.
        """
        body: Json = None
        if content:
            if not _is_json(media_type):
                if status >= 400 or operation.response:
                    yield f"{operation.id}: status {status}: {media_type or 'nothing'} is not JSON"
                return
            try:
                body = loads(content)
            except ValueError as error:
                yield f"{operation.id}: status {status}: not JSON: {error}"
                return
        yield from self.complaints(operation, status, body)

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
        names = self.by_status("platform.envelopes")
        if not any(self._fits("platform.envelopes", name, body) for name in names):
            yield f"status {status}: the body is none of the error shapes: {str(body)[:300]}"

    def _fits(self, response: str, status: str, body: Json) -> bool:
        validator = self._validator(response, status)
        return bool(validator and validator.is_valid(body))

    def _validator(self, response: str, status: str) -> Any:
        if (response, status) not in self._validators:
            schema = self.by_status(response).get(status)
            made = None if schema is None else jsonschema_rs.validator_for(schema)
            self._validators[(response, status)] = made
        return self._validators[(response, status)]

    def by_status(self, response: str) -> JsonObject:
        """Return the schemas of a response by status; `platform.envelopes` has them by shape.

        Raises:
            ContractError: No folder has such a file.
        """
        service, _, name = response.partition(".")
        places = [folder / service / "responses" / f"{name}.json" for folder in self._folders]
        path = next((path for path in reversed(places) if path.is_file()), None)
        if path is None:
            raise ContractError(f"{places[-1]}: there is no such file")
        content: JsonObject = read_json(path)
        return content


def _is_json(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")
