"""Response schemas: for judging ourselves. Every reply in the tests is held against them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from emulator.contract.model import Operation
from emulator.contract.reading import ContractError, read_json
from emulator.json_types import Json, JsonObject, loads

_ID = re.compile(r"[0-9a-fA-F-]{16,}|.*[/:.][0-9a-f]{32,}")
"""A member's name that is the id of what it holds, as in Catalog's lists."""

HIDDEN = "******"
"""What stands for a secret in foreign replies; nothing is said of it."""


class Responses:
    """The response schemas of contract folders, compiled when first needed.

    `contracts/<service>/responses/<name>.json` maps a status to the JSON Schema of its body;
    `contracts/platform/responses/envelopes.json` has the error bodies by the name of their shape.
    """

    def __init__(self, *folders: Path, mask: str = "") -> None:
        """Read schemas of these folders; `mask` stands for all values of a reply in complaints.

        With a mask complaints also name places without numbers and ids, so that what is wrong in
        many replies is one complaint.
        """
        self._folders = folders
        self._mask = mask
        self._validators: dict[tuple[str, str], Any] = {}
        self._read: dict[str, JsonObject] = {}

    def complaints_of_content(
        self, operation: Operation, status: int, content: bytes, media_type: str
    ) -> Iterator[str]:
        """Yield a sentence for each thing in a reply as it goes out that no document shows.

        Files have no schema: what is not JSON is passed over where the operation has no schema, or
        one that allows null for this status, because it answers files beside JSON. Of the answer to
        a HEAD the content stays behind.
        """
        if operation.method == "HEAD":
            return
        body: Json = None
        if content:
            if not _is_json(media_type):
                if status >= 400 or not self._answers_files(operation, status):
                    yield f"{operation.id}: status {status}: {media_type or 'nothing'} is not JSON"
                return
            try:
                body = loads(content)
            except ValueError as error:
                yield f"{operation.id}: status {status}: not JSON: {error}"
                return
        yield from self.complaints(operation, status, body)

    def _answers_files(self, operation: Operation, status: int) -> bool:
        validator = self._validator(operation.response, str(status)) if operation.response else None
        return not operation.response or bool(validator and validator.is_valid(None))

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
            if validator.is_valid(body):
                return
            for error in self._explained(validator.iter_errors(body)):
                place = "/".join(self._step(step) for step in error.instance_path)
                yield f"{operation.id}: {status} {place}: {error.message[:300]}"
        elif status != 204:
            yield f"{operation.id}: status {status} without a response schema"

    def _error_complaints(self, status: int, body: Json) -> Iterator[str]:
        names = self.by_status("platform.envelopes")
        if not any(self._fits("platform.envelopes", name, body) for name in names):
            visible = self._mask or str(body)[:300]
            yield f"status {status}: the body is none of the error shapes: {visible}"

    def _explained(self, errors: Iterable[Any]) -> Iterator[Any]:
        """Yield errors; with a mask, in place of an alternative that nothing fits, the nearest one.

        Nearest is the branch that fails deepest in the reply, of several the one that fails least.
        """
        for error in errors:
            if self._mask and isinstance(error.instance, str) and HIDDEN in error.instance:
                continue  # a recorder has written over it
            branches: list[list[Any]] = [b for b in getattr(error.kind, "context", ()) if b]
            if not self._mask or not branches:
                yield error
                continue
            nearest: list[Any] = max(branches, key=_nearness)
            yield from self._explained(nearest)

    def _step(self, step: str | int) -> str:
        is_one_of_many = isinstance(step, int) or _ID.fullmatch(step) is not None
        return "*" if self._mask and is_one_of_many else str(step)

    def _fits(self, response: str, status: str, body: Json) -> bool:
        validator = self._validator(response, status)
        return bool(validator and validator.is_valid(body))

    def _validator(self, response: str, status: str) -> Any:
        if (response, status) not in self._validators:
            schema = self.by_status(response).get(status)
            mask = self._mask or None
            made = None if schema is None else jsonschema_rs.validator_for(schema, mask=mask)
            self._validators[(response, status)] = made
        return self._validators[(response, status)]

    def by_status(self, response: str) -> JsonObject:
        """Return the schemas of a response by status; `platform.envelopes` has them by shape.

        They are read once, and not to be written to.

        Raises:
            ContractError: No folder has such a file.
        """
        if response not in self._read:
            self._read[response] = self._found(response)
        return self._read[response]

    def _found(self, response: str) -> JsonObject:
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


def _nearness(errors: list[Any]) -> tuple[int, int]:
    return max(len(error.instance_path) for error in errors), -len(errors)
