"""What rules ask of Data Access."""

from __future__ import annotations

from emulator.facts import fact
from emulator.scope import Scope
from emulator.services.data_access.service import DataAccess


@fact()
def part_size(service: DataAccess, scope: Scope, file_id: str, name: str) -> int | None:
    """Return how many bytes a part of a data set file has; None if it cannot be read."""
    return service.part_size(scope, file_id, name)


@fact()
def has_failed_file(service: DataAccess, scope: Scope, batch_id: str, path: str) -> bool:
    """Tell whether a batch has a file of refused rows of this name, or a folder of them."""
    return service.has(scope, batch_id, "failed", path)


@fact()
def has_diagnostic_file(service: DataAccess, scope: Scope, batch_id: str, path: str) -> bool:
    """Tell whether a batch has a diagnostic file of this name, or a folder of them."""
    return service.has(scope, batch_id, "meta", path)
