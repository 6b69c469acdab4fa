"""Examine resources and conventions: what they name is there, and what they say fits together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from emulator.contract.convention_words import WORDS
from emulator.contract.conventions import Template, applies
from emulator.contract.loader import Contract
from emulator.contract.model import Operation
from emulator.contract.resources import Resource, ResourceOperation

FEWEST_SERVED = 3
"""So many resources a convention serves at least."""

NAMES_ONE = ("get", "replace", "update", "delete")
"""Roles whose path names the resource, if there can be several."""

READS = ("list", "get", "ask")
"""Roles of operations that change nothing; a search is a POST here, and it may change nothing."""

_PARAMETER = re.compile(r"\{([^{}*]+)\*?\}")


def check_resources(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each thing about resources that does not hold together."""
    resources = contract.resources
    for resource in resources.by_id.values():
        if resource.part_of and resource.part_of not in resources.by_id:
            yield f"{resource.id}: it is part of {resource.part_of}, which is not a resource"
        for item in resource.operations:
            operation = contract.operations.get(item.id)
            if operation is None:
                yield f"{resource.id}: unknown operation {item.id}"
            else:
                yield from _check_operation(resource, item, operation)
    yield from _check_coverage(contract)
    yield from _check_conventions(contract)


def _check_operation(
    resource: Resource, item: ResourceOperation, operation: Operation
) -> Iterator[str]:
    parameters = _PARAMETER.findall(operation.path)
    parameter = resource.parameter_of(item)
    if resource.parameter and item.role in NAMES_ONE and parameter not in parameters:
        yield f"{item.id}: role {item.role}: its path has {parameters}, not {parameter}"
    if operation.writes == (item.role in READS):
        yield f"{item.id}: role {item.role} is not that of a {operation.method}"
    if item.at and not item.at.startswith("/"):
        yield f"{item.id}: {item.at!r} is not a JSON pointer such as /items/*"
    if item.shows != "nothing" and not (operation.response and resource.kinds and resource.ids):
        yield f"{item.id}: its reply shows a resource that has no schema, kind or id member"
    if item.at and item.shows == "nothing":
        yield f"{item.id}: its reply shows nothing, so there is nothing at {item.at}"
    yield from (
        f"{item.id}: {name} is not a query parameter of it"
        for name in item.partial_with
        if name not in operation.query
    )


def _check_coverage(contract: Contract) -> Iterator[str]:
    """Every emulated operation is about one resource, or about none for a reason."""
    resources = contract.resources
    times = Counter(item.id for one in resources.by_id.values() for item in one.operations)
    for id, operation in contract.operations.items():
        if times[id] > 1:
            yield f"{id}: it belongs to {times[id]} resources; it can belong to one"
        elif times[id] and id in resources.without:
            yield f"{id}: it belongs to a resource, and is listed among those that do not"
        elif not times[id] and operation.emulated and id not in resources.without:
            yield (
                f"{id}: it belongs to no resource: add it to one in resources.json,"
                " or to `without` with the reason"
            )
    for id in resources.without:
        if id not in contract.operations:
            yield f"{id}: unknown operation in `without` of resources.json"


def _check_conventions(contract: Contract) -> Iterator[str]:
    """A convention serves several resources, and fills in all of its placeholders."""
    forms = {template.convention.form for template in contract.templates}
    for template in contract.templates:
        name = f"convention {template.convention.name}"
        if len(template.served) < FEWEST_SERVED:
            served = ", ".join(sorted(template.served)) or "none"
            yield (
                f"{name}: it serves {len(template.served)} resources ({served});"
                f" what holds for fewer than {FEWEST_SERVED} is a rule"
            )
        for id in sorted(template.served):
            yield from _check_placeholders(contract, template, contract.resources.by_id[id])
    for resource in contract.resources.by_id.values():
        items: tuple[Resource | ResourceOperation, ...] = (resource, *resource.operations)
        for item in items:
            yield from (
                f"{item.id}: no convention is for the form {form}"
                for form in item.follows
                if form not in forms
            )
            yield from _check_differences(contract, resource, item)


def _check_placeholders(
    contract: Contract, template: Template, resource: Resource
) -> Iterator[str]:
    convention = template.convention
    known = WORDS.keys() | convention.values.keys() | resource.values.keys()
    for item in resource.operations:
        lacking = [name for name in template.names if name not in known | item.values.keys()]
        operation = contract.operations.get(item.id)
        if lacking and operation and applies(template, resource, item, operation):
            for name in lacking:
                yield f"{item.id}: convention {convention.name} needs {name} in its `values`"


def _check_differences(
    contract: Contract, resource: Resource, item: Resource | ResourceOperation
) -> Iterator[str]:
    if not item.differs:
        return
    names = {
        template.convention.name.replace("{name}", resource.name) for template in contract.templates
    }
    unknown = (name for name in item.differs if name not in names)
    yield from (f"{item.id}: no convention is called {name}" for name in unknown)
