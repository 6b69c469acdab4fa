"""JSON."""

from __future__ import annotations

from typing import Any

from emulator.json_types import Json, loads
from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category

CATEGORY = Category("JSON")


@CATEGORY.function()
def json_to_object(string: Any) -> Json:
    """Read a JSON text.

    The example passes an object that is not quoted; it is taken for itself (assumed).
    """
    if string is None or isinstance(string, dict | list):
        return string
    if not isinstance(string, str):
        raise MappingError("the value is not JSON text")
    try:
        return loads(string)
    except ValueError as error:
        raise MappingError(f"the text is not valid JSON: {error}") from None
