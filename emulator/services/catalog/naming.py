"""What Catalog derives for a data set: table names, view ids, versions, tags, classification."""

from __future__ import annotations

import re
import time
from typing import Any

from emulator.json_types import Json, JsonObject
from emulator.sandbox import Sandbox
from emulator.store import Store

_BEHAVIORS = {
    "https://ns.adobe.com/xdm/data/time-series": "time-series",
    "https://ns.adobe.com/xdm/data/record": "record",
    "https://ns.adobe.com/xdm/data/adhoc": "adhoc",
}


def free_table(store: Store, sandbox: Sandbox, name: Json) -> str:
    """Return the table name that a data set's name gives, with a number behind it if it is taken.

    Names of data sets need not be unique; those of their tables are.
    """
    text = name if isinstance(name, str) else ""
    base = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "dataset"
    table = base
    while store.read(sandbox, "dataset_table", table):
        table = f"{base}_{store.next(sandbox, f'dataset_table {base}')}"
    return table


def view_id(dataset_id: str) -> str:
    """Return the id of a data set's view: the data set's own with its counter one further."""
    return f"{(int(dataset_id, 16) + 1) % 16**24:024x}"


def dataset_of_view(id: str) -> str:
    """Return the id of the data set that a view belongs to; of what is no id, the same text."""
    is_id = len(id) == 24 and all(digit in "0123456789abcdef" for digit in id)
    return f"{(int(id, 16) - 1) % 16**24:024x}" if is_id else id


def next_version(version: str) -> str:
    """Return the version after a change: `1.0.21` for `1.0.20`."""
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}"


def profile_tag(values: list[Any], now: int) -> list[Any]:
    """Return the values of the tag `unifiedProfile`, with the time if it says enabled without."""
    texts = [str(value).replace(" ", "") for value in values]
    if "enabled:true" not in texts or any(text.startswith("enabledAt:") for text in texts):
        return values
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now / 1000))
    return [*values, f"enabledAt:{moment}"]


def expiration_set(extensions: Json, now: int) -> Json:
    """Return extensions whose row expiration says that a user has set it now."""
    lake = extensions.get("adobe_lakeHouse") if isinstance(extensions, dict) else None
    expiration = lake.get("rowExpiration") if isinstance(lake, dict) else None
    if not isinstance(lake, dict) or not isinstance(expiration, dict):
        return extensions
    told = {**expiration, "valueStatus": "custom", "setBy": "user", "updated": now}
    return {**extensions, "adobe_lakeHouse": {**lake, "rowExpiration": told}}


def behavior(schema: JsonObject | None) -> str:
    """Return what kind of data a schema describes; a record where the schema does not say."""
    extended = (schema or {}).get("meta:extends") or []
    return next((_BEHAVIORS[id] for id in extended if id in _BEHAVIORS), "record")


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now: int, digits: str) -> str:
    """Return the id of a batch, a ULID: 26 characters, the first ten of which hold the time.

    Args:
        now: Milliseconds since 1970.
        digits: Twenty hexadecimal digits that make it unlike the others of its millisecond.
    """
    number = (now << 80) | int(digits, 16)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
