"""JSON Patch (RFC 6902) as the platform's clients send it: op names in any case."""

from __future__ import annotations

from typing import Any, cast

from emulator.json_types import Json, JsonObject, dumps

MAX_GROWTH = 128 * 1024
"""How many bytes of JSON a document may grow beyond twice the size of itself and the patch.

Only copies of copies, which double it with each instruction, come near.
"""


class PatchError(ValueError):
    """A patch is malformed or names a place that does not exist; `field` is the last path step."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def apply(document: JsonObject, patch: list[Any]) -> JsonObject:
    """Return a patched copy of a document.

    Raises:
        PatchError: An instruction cannot be carried out; nothing was changed.
    """
    import jsonpatch  # only PATCH requests need it
    import jsonpointer

    largest = MAX_GROWTH + 2 * (len(dumps(document)) + len(dumps(patch)))
    patched: Json = document
    for instruction in patch:
        if not isinstance(instruction, dict) or not isinstance(instruction.get("path"), str):
            raise PatchError("an instruction has an op and a path")
        row = {**instruction, "op": str(instruction.get("op", "")).lower()}
        field = row["path"].rpartition("/")[2]
        try:
            patched = jsonpatch.JsonPatch([row]).apply(patched)
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
            raise PatchError(_reason(error, row), field) from error
        except (TypeError, KeyError, ValueError, IndexError) as error:
            raise PatchError(f"cannot {row['op']} at {row['path']}", field) from error
        if not _can_be_kept(patched, largest):
            raise PatchError(f"{row['op']} makes the resource too large or too deep", field)
    if not isinstance(patched, dict):
        raise PatchError("the patch replaces the whole document by something else")
    return cast(JsonObject, patched)


def _can_be_kept(value: Json, largest: int) -> bool:
    """Tell whether a value can be written as JSON, of so many levels and so many bytes."""
    try:
        return len(dumps(value)) <= largest
    except TypeError:
        return False


def _reason(error: Exception, row: JsonObject) -> str:
    text = str(error).strip()
    return text if len(text) < 200 and text else f"cannot {row['op']} at {row['path']}"
