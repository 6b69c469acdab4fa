"""Checks: functions (value, arguments, lookup) that yield a reason for each thing that is wrong.

A check looks only at what it judges; where another rule's ground is missing or of another type, it
keeps silent, because that other rule speaks. A new check is a function and a line in `CHECKS`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from emulator.contract.checks.catalog import catalog_filter, keeps_members
from emulator.contract.checks.filters import check_filter, check_order
from emulator.contract.checks.patches import patch_applies, patch_keeps, result_fits
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.references import (
    agrees,
    every_listed,
    field_is_one_of,
    fits_spec,
    named_in,
    refers_to,
    spec_requires,
    state_allows,
    unique,
    unused,
    version_matches,
)
from emulator.contract.checks.values import (
    consumes,
    known_names,
    nothing,
    same_as,
    schema,
)
from emulator.contract.checks.xdm import path_in_schema

Check = Callable[[Any, Any, Any], Iterator[Reason]]

CHECKS: dict[str, Check] = {
    "agrees": agrees,
    "catalog_filter": catalog_filter,
    "consumes": consumes,
    "every_listed": every_listed,
    "field_is_one_of": field_is_one_of,
    "filter": check_filter,
    "fits_spec": fits_spec,
    "keeps_members": keeps_members,
    "known_names": known_names,
    "named_in": named_in,
    "nothing": nothing,
    "order": check_order,
    "patch_applies": patch_applies,
    "patch_keeps": patch_keeps,
    "path_in_schema": path_in_schema,
    "refers_to": refers_to,
    "result_fits": result_fits,
    "same_as": same_as,
    "schema": schema,
    "spec_requires": spec_requires,
    "state_allows": state_allows,
    "unique": unique,
    "unused": unused,
    "version_matches": version_matches,
}

__all__ = ["CHECKS", "Check", "Reason"]
