"""Checks: functions (value, arguments, lookup) that yield a reason for each thing that is wrong.

A check looks only at what it judges; where another rule's ground is missing or of another type, it
keeps silent, because that other rule speaks. A new check is a function and a line in `CHECKS`.

A module of checks is imported with the first rule that needs it.
"""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.json_types import Json

Check = Callable[[Json, Json, Lookup], Iterable[Reason]]

CHECKS: dict[str, str] = {
    "agrees": "references.agrees",
    "apart_from": "descriptors.apart_from",
    "below": "descriptors.below",
    "catalog_filter": "catalog.catalog_filter",
    "composed_of": "composition.composed_of",
    "consumes": "values.consumes",
    "content_range": "ingestion.content_range",
    "changed_members": "names.changed_members",
    "changed_without_effect": "names.changed_without_effect",
    "cover_once": "ingestion.cover_once",
    "csv_template": "csv_templates.csv_template",
    "documented_members": "names.documented_members",
    "documented_names": "names.documented_names",
    "described_field": "descriptors.described_field",
    "every_listed": "specs.every_listed",
    "expression": "expressions.expression",
    "field_is_one_of": "references.field_is_one_of",
    "field_labels_are_known": "labels.field_labels_are_known",
    "filter": "filters.check_filter",
    "fit_for_union": "descriptors.fit_for_union",
    "fits_spec": "specs.fits_spec",
    "free_of": "facts.free_of",
    "forbidden_with": "values.forbidden_with",
    "found_lacks": "composition.found_lacks",
    "group_fits_class": "composition.group_fits_class",
    "holds": "facts.holds",
    "in_namespace": "composition.in_namespace",
    "item_fits": "other_rules.item_fits",
    "items_fit": "other_rules.items_fit",
    "is_of_kind": "composition.is_of_kind",
    "json_schema": "values.json_schema",
    "json_text": "values.json_text",
    "keeps_fields": "evolution.keeps_fields",
    "keeps_members": "catalog.keeps_members",
    "known_names": "values.known_names",
    "leads_to_one_of": "references.leads_to_one_of",
    "listed_at": "composition.listed_at",
    "members_are_filled": "catalog.members_are_filled",
    "merges_in_union": "evolution.merges_in_union",
    "named_in": "specs.named_in",
    "names_are_in_spec": "specs.names_are_in_spec",
    "names_differ": "evolution.names_differ",
    "no_duplicates": "values.no_duplicates",
    "no_identity_of_union": "descriptors.no_identity_of_union",
    "not_after": "values.not_after",
    "not_in_use": "evolution.not_in_use",
    "nothing": "values.nothing",
    "only_descriptor": "descriptors.only_descriptor",
    "order": "filters.check_order",
    "patch_applies": "patches.patch_applies",
    "patch_keeps": "patches.patch_keeps",
    "patch_keeps_items": "patches.patch_keeps_items",
    "path_form": "xdm.path_form",
    "path_in_schema": "xdm.path_in_schema",
    "range_of_objects": "catalog.range_of_objects",
    "refers_in_list": "evolution.refers_in_list",
    "refers_to": "references.refers_to",
    "refers_within": "composition.refers_within",
    "resolves_within_budgets": "resolution.resolves_within_budgets",
    "result_fits": "other_rules.result_fits",
    "row_filter": "filters.row_filter",
    "same_as": "values.same_as",
    "satisfiable_range": "ingestion.satisfiable_range",
    "schema": "values.schema",
    "spec_requires": "specs.spec_requires",
    "stands": "other_rules.stands",
    "state_allows": "references.state_allows",
    "templates_refer_back": "catalog.templates_refer_back",
    "unique": "references.unique",
    "unused": "references.unused",
    "version_matches": "references.version_matches",
    "without_effect": "names.without_effect",
    "xdm_fields": "composition.xdm_fields",
    "xdm_filter": "filters.xdm_filter",
}
"""Where the function of each check is: its module in this folder, and its name."""

SCHEMAS: dict[str, str] = {
    "documented_members": "names.members_schema",
    "documented_names": "names.names_schema",
    "without_effect": "names.effect_schema",
}
"""The checks of which a JSON Schema accepts nothing that they find something wrong with.

A function makes it of the check's arguments, so that the check itself only has to explain.
"""


@cache
def check_of(name: str) -> Check:
    """Return the function of a check.

    Raises:
        KeyError: There is no check of that name.
    """
    found: Check = _function(CHECKS[name])
    return found


def schema_of(name: str, arguments: Json) -> Json:
    """Return a JSON Schema of what a check accepts, or None where there is none."""
    if name == "schema":
        return arguments
    return _function(SCHEMAS[name])(arguments) if name in SCHEMAS else None


def _function(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(".")
    found: Callable[..., Any] = getattr(import_module(f"{__name__}.{module}"), name)
    return found


__all__ = ["CHECKS", "SCHEMAS", "Check", "Reason", "check_of", "schema_of"]
