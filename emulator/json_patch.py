"""JSON Patch (RFC 6902) as the platform's clients send it: op names in any case."""

from __future__ import annotations

from typing import Any

from emulator.budgets import PATCH_BYTES, PATCH_INSTRUCTIONS, PATCH_LEVELS
from emulator.json_types import (
    MAX_DEPTH,
    MISSING,
    Json,
    JsonObject,
    copy,
    dumps,
    is_deeper_than,
    value_at,
)

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
        PatchError: An instruction cannot be carried out, or the patch goes beyond a budget; nothing
            was changed.
    """
    if len(patch) > PATCH_INSTRUCTIONS:
        raise PatchError(f"the patch has more than {PATCH_INSTRUCTIONS:,} instructions")
    patched = _Patched(document, patch)
    for instruction in patch:
        patched.carry_out(instruction)
    if not isinstance(patched.document, dict):
        raise PatchError("the patch replaces the whole document by something else")
    return patched.document


class _Patched:
    """A document on its way through a patch: a copy, changed in place by one instruction at a time.

    It never gets more than `PATCH_LEVELS` levels: neither JSON nor a stack takes many more.
    """

    def __init__(self, document: JsonObject, patch: list[Any]) -> None:
        before = dumps(document)
        self.document: Json = copy(document)
        self._growth = MAX_GROWTH + len(before) + 2 * len(dumps(patch))
        self._moves = PATCH_BYTES

    def carry_out(self, instruction: Json) -> None:
        """Carry one instruction out.

        Raises:
            PatchError: It cannot be carried out.
        """
        import jsonpatch  # only PATCH requests need it
        import jsonpointer

        if not isinstance(instruction, dict) or not isinstance(instruction.get("path"), str):
            raise PatchError("an instruction has an op and a path")
        row = {**instruction, "op": str(instruction.get("op", "")).lower()}
        if isinstance(row.get("value"), dict | list):
            # What is added may be changed by the next instruction; the patch must not be.
            row["value"] = copy(row["value"])
        field = row["path"].rpartition("/")[2]
        self._check(row, field)
        try:
            self.document = jsonpatch.JsonPatch([row]).apply(self.document, in_place=True)
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
            raise PatchError(_reason(error, row), field) from error
        except (TypeError, KeyError, ValueError, IndexError) as error:
            raise PatchError(f"cannot {row['op']} at {row['path']}", field) from error

    def _check(self, row: JsonObject, field: str) -> None:
        """Raise a PatchError for what would make the document too large or too deep."""
        levels = PATCH_LEVELS - row["path"].count("/")
        fits = levels >= MAX_DEPTH
        moves = row["op"] in ("copy", "move") and isinstance(row.get("from"), str)
        found = value_at(self.document, row["from"]) if moves else MISSING
        if fits and found is not MISSING:
            text = dumps(found)
            self._moves -= len(text)
            self._growth -= len(text) if row["op"] == "copy" else 0
            fits = min(self._moves, self._growth) >= 0 and not is_deeper_than(text, levels)
        if not fits:
            raise PatchError(f"{row['op']} makes the resource too large or too deep", field)


def _reason(error: Exception, row: JsonObject) -> str:
    text = str(error).strip()
    return text if len(text) < 200 and text else f"cannot {row['op']} at {row['path']}"
