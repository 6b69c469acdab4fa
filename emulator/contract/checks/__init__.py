"""Checks: functions (value, arguments, lookup) that yield a reason for each thing that is wrong.

A check looks only at what it judges; where another rule's ground is missing or of another type, it
keeps silent, because that other rule speaks. A new check is a function and a line in `CHECKS`.
"""

from collections.abc import Callable, Iterator

from emulator.contract.checks.catalog import (
    catalog_filter,
    keeps_members,
    range_of_objects,
    templates_refer_back,
)
from emulator.contract.checks.composition import (
    composed_of,
    found_lacks,
    group_fits_class,
    in_namespace,
    listed_at,
    refers_within,
    xdm_fields,
)
from emulator.contract.checks.csv_templates import csv_template
from emulator.contract.checks.descriptors import (
    apart_from,
    below,
    described_field,
    fit_for_union,
    no_identity_of_union,
    only_descriptor,
)
from emulator.contract.checks.evolution import (
    keeps_fields,
    merges_in_union,
    names_differ,
    refers_in_list,
)
from emulator.contract.checks.expressions import expression
from emulator.contract.checks.facts import free_of, holds
from emulator.contract.checks.filters import check_filter, check_order, xdm_filter
from emulator.contract.checks.ingestion import content_range, cover_once, satisfiable_range
from emulator.contract.checks.other_rules import item_fits, items_fit, result_fits, stands
from emulator.contract.checks.patches import (
    patch_applies,
    patch_keeps,
    patch_keeps_items,
)
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.references import (
    agrees,
    field_is_one_of,
    leads_to_one_of,
    refers_to,
    state_allows,
    unique,
    unused,
    version_matches,
)
from emulator.contract.checks.specs import every_listed, fits_spec, named_in, spec_requires
from emulator.contract.checks.values import (
    consumes,
    forbidden_with,
    json_schema,
    json_text,
    known_names,
    no_duplicates,
    not_after,
    nothing,
    same_as,
    schema,
)
from emulator.contract.checks.xdm import path_form, path_in_schema
from emulator.contract.lookup import Lookup
from emulator.json_types import Json

Check = Callable[[Json, Json, Lookup], Iterator[Reason]]

CHECKS: dict[str, Check] = {
    "agrees": agrees,
    "apart_from": apart_from,
    "below": below,
    "catalog_filter": catalog_filter,
    "composed_of": composed_of,
    "consumes": consumes,
    "content_range": content_range,
    "cover_once": cover_once,
    "csv_template": csv_template,
    "described_field": described_field,
    "every_listed": every_listed,
    "expression": expression,
    "field_is_one_of": field_is_one_of,
    "filter": check_filter,
    "fit_for_union": fit_for_union,
    "fits_spec": fits_spec,
    "free_of": free_of,
    "forbidden_with": forbidden_with,
    "found_lacks": found_lacks,
    "group_fits_class": group_fits_class,
    "holds": holds,
    "in_namespace": in_namespace,
    "item_fits": item_fits,
    "items_fit": items_fit,
    "json_schema": json_schema,
    "json_text": json_text,
    "keeps_fields": keeps_fields,
    "keeps_members": keeps_members,
    "known_names": known_names,
    "leads_to_one_of": leads_to_one_of,
    "listed_at": listed_at,
    "merges_in_union": merges_in_union,
    "named_in": named_in,
    "names_differ": names_differ,
    "no_duplicates": no_duplicates,
    "no_identity_of_union": no_identity_of_union,
    "not_after": not_after,
    "nothing": nothing,
    "only_descriptor": only_descriptor,
    "order": check_order,
    "patch_applies": patch_applies,
    "patch_keeps": patch_keeps,
    "patch_keeps_items": patch_keeps_items,
    "path_form": path_form,
    "path_in_schema": path_in_schema,
    "range_of_objects": range_of_objects,
    "refers_in_list": refers_in_list,
    "refers_to": refers_to,
    "refers_within": refers_within,
    "result_fits": result_fits,
    "same_as": same_as,
    "satisfiable_range": satisfiable_range,
    "schema": schema,
    "spec_requires": spec_requires,
    "stands": stands,
    "state_allows": state_allows,
    "templates_refer_back": templates_refer_back,
    "unique": unique,
    "unused": unused,
    "version_matches": version_matches,
    "xdm_fields": xdm_fields,
    "xdm_filter": xdm_filter,
}

__all__ = ["CHECKS", "Check", "Reason"]
