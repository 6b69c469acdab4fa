"""What Catalog derives: ids of views and batches, and versions."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def view_id(dataset_id: str) -> str:
    """Return the id of a data set's view: the data set's own with its counter one further."""
    return f"{(int(dataset_id, 16) + 1) % 16**24:024x}"


def dataset_of_view(id: str) -> str:
    """Return the id of the data set that a view belongs to; any other text stays."""
    is_id = len(id) == 24 and all(digit in "0123456789abcdef" for digit in id)
    return f"{(int(id, 16) - 1) % 16**24:024x}" if is_id else id


def new_members(scope: Scope, id: str, now: int) -> JsonObject:
    """Return what the server says of every new batch and data set."""
    return {
        "id": id,
        "imsOrg": scope.organization,
        "sandboxId": scope.sandbox_id,
        "created": now,
        "updated": now,
        "createdClient": scope.client,
        "createdUser": scope.user_id,
        "updatedUser": scope.user_id,
        "version": "1.0.0",
    }


def next_version(version: str) -> str:
    """Return the version after a change: `1.0.21` for `1.0.20`."""
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}"


def ulid(now: int, digits: str) -> str:
    """Return the id of a batch, a ULID: 26 characters, the first ten of which hold the time.

    Args:
        now: Milliseconds since 1970.
        digits: Twenty hexadecimal digits that make it unlike the others of its millisecond.
    """
    number = (now << 80) | int(digits, 16)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
