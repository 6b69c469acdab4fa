"""Files with definitions of faults."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from emulator.faults.fault import FaultError
from emulator.json_types import Json, loads


def read_definitions(path: Path) -> list[Json]:
    """Return the definitions of a file: it has one, a list of them, or a list under `faults`.

    Raises:
        FaultError: The file cannot be read, or has neither.
    """
    try:
        read = loads(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FaultError(f"{path}: {reason}") from error
    if isinstance(read, dict):
        read = read["faults"] if set(read) == {"faults"} else [read]
    if not isinstance(read, list):
        raise FaultError(f"{path}: expected a list of definitions")
    return read


def digest(path: Path) -> str:
    """Return what tells a file of faults from another one.

    Raises:
        FaultError: The file cannot be read.
    """
    try:
        return blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise FaultError(f"{path}: {error.strerror}") from error
