"""What rules ask of Catalog."""

from __future__ import annotations

from emulator.facts import fact
from emulator.json_types import as_object
from emulator.scope import Scope
from emulator.services.catalog.datasets import DATASET
from emulator.services.catalog.service import Catalog
from emulator.xdm.identity import canonical


@fact()
def holds_time_series(service: Catalog, scope: Scope, dataset_id: str) -> bool:
    """Tell whether the rows of a data set are events, by the behavior of its schema."""
    dataset = scope.read(DATASET, dataset_id) or {}
    return as_object(dataset.get("classification")).get("dataBehavior") == "time-series"


@fact()
def has_profile_schema(service: Catalog, scope: Scope, dataset_id: str) -> bool:
    """Tell whether the schema of a data set is a union or takes part in one."""
    dataset = scope.read(DATASET, dataset_id) or {}
    schema = canonical(str(as_object(dataset.get("schemaRef")).get("id")))
    return schema.endswith("__union") or bool(scope.ask("schema_registry.in_profile", schema))
