"""What rules ask of Data Prep."""

from __future__ import annotations

from emulator.facts import fact
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.data_prep.service import DataPrep


@fact()
def suggestion_target(service: DataPrep, scope: Scope, dataset_id: str) -> JsonObject | None:
    """Return a data set's `schemaRef` and the resolved `schema`; None if it has no schema."""
    return service.suggestion_target(scope, dataset_id)


@fact()
def landed_fields(service: DataPrep, scope: Scope, batch_id: str) -> list[str] | None:
    """Return the paths in the first row that a batch has landed; None if it has no row."""
    return service.landed_fields(scope, batch_id)
