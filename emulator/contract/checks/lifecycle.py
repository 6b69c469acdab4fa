"""Checks of a resource's life: what it is made of is ready, and it is complete as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.contract.checks.patches import judged_as
from emulator.contract.checks.reason import Reason, shown
from emulator.json_types import MISSING, Json, JsonObject, dotted


def leads_to_one_of(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """What the named resource is made of has a field that is one of `values`.

    Arguments: the value names a resource of `kind`; its dotted path `via` holds the id of a
    resource of the kind `to`, or a list of ids; `field` of each of these is judged.
    """
    resource = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    ids = dotted(resource, arguments["via"]) if resource else MISSING
    for id in ids if isinstance(ids, list) else [ids]:
        other = lookup.find(arguments["to"], id) if isinstance(id, str) else None
        if other is None:
            continue
        found = dotted(other, arguments["field"])
        if found not in arguments["values"]:
            noun = arguments["to"].replace("_", " ")
            said = "nothing" if found is MISSING else shown(found)
            yield Reason(f"{noun} {id} has {arguments['field']} {said}", values={"id": id})


def stands(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The resource that the value names breaks no rule of `operation`, as if it were sent now.

    Arguments: `kind` finds it; `operation` and `fields` as for `result_fits`. Only rules of
    severity error count.
    """
    resource = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    for finding in judged_as(resource, arguments, lookup) if resource else ():
        if finding.rule.severity == "error":
            place = finding.at.removeprefix("/body").removeprefix("/") or "it"
            yield Reason(
                f"{place}: {finding.reason} ({finding.rule.id})",
                values={**finding.values, "broken": finding.rule.id},
            )
