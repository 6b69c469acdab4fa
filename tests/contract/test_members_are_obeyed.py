"""Every documented member of a body does what documents say of it, or it is said that it does not.

`members/members.json` is the reviewed list of what a member is documented for. Members that are
`shown`, or have two `values`, come back in what is answered and read; `effects` change what other
calls show; of `judged` ones a rule speaks. Each is tried with two values from the same state. What
is not listed there has no effect, and a remark says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.contract.reply_cases import filled
from emulator.contract.resources import SET_BY_THE_PLATFORM, Resource, ResourceOperation
from emulator.json_types import Json, JsonObject, at, nested, pointer_steps
from tests.contract.members.probing import HERE, LABORATORY, places_of, with_member

CONTRACT = LABORATORY.contract
MEMBERS: dict[str, JsonObject] = json.loads((HERE / "members.json").read_text("utf-8"))
LOOKS: dict[str, list[JsonObject]] = json.loads((HERE / "looks.json").read_text("utf-8"))
OF_A_TYPE: dict[str, list[Json]] = {
    "text": ["a", "b"],
    "number": [7, 8],
    "flag": [True, False],
    "texts": [["a"], ["b"]],
    "object": [{"a": "A"}, {"a": "B"}],
    "objects": [[{"a": "A"}], [{"a": "B"}]],
}
"""Two values of each type, for members whose value does not matter."""


def operations() -> Iterator[str]:
    for id, operation in CONTRACT.operations.items():
        if operation.emulated and id in CONTRACT.resources.by_operation and places(id):
            yield id


def parts(id: str) -> tuple[Resource, ResourceOperation]:
    return CONTRACT.resources.by_operation[id]


def places(id: str) -> dict[str, str]:
    return places_of(CONTRACT.operations[id], *parts(id))


def said_of(id: str) -> JsonObject:
    """Return what the list says of an operation's members, or of those of its resource."""
    return MEMBERS.get(id, MEMBERS.get(parts(id)[0].id, {}))


def ways_of(id: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each documented member of a body, and how it is obeyed, with what the list says."""
    said, ignored = said_of(id), parts(id)[0].ignored_by(parts(id)[1])
    types = said.get("shown", {}).items()
    shown = {member: OF_A_TYPE[type] for type, listed in types for member in listed}
    shown |= said.get("values", {})
    for member, pointer in places(id).items():
        rows = [row for row in said.get("effects", ()) if row["member"] == member]
        effects = [row for row in rows if id in row.get("by", [id])]
        near = [place for place in ignored if f"{place}/".startswith(f"{pointer}/")]
        above = [place for place in ignored if pointer.startswith(f"{place}/")]
        if pointer in ignored:
            yield member, "ignored", ignored[pointer]
        elif effects:
            yield member, "does", effects
        elif member in shown:
            yield member, "shown", shown[member]
        elif member in said.get("judged", {}):
            yield member, "judged", said["judged"][member]
        else:
            yield member, "ignored" if near or above else "nothing", ""


@pytest.mark.parametrize("id", list(operations()))
def test_every_member_is_obeyed_or_remarked_on(id: str) -> None:
    assert LABORATORY.probe(id).accepted
    left = [
        f"{member}: {way}"
        for member, way, said in ways_of(id)
        if way == "nothing" or not WAYS[way](id, member, said)
    ]
    assert left == []


def test_a_body_that_no_document_prints_is_remarked_on() -> None:
    without = (
        item.id
        for resource in CONTRACT.resources.by_id.values()
        for item in resource.operations
        if "/body" in resource.ignored_by(item)
    )
    for id in without:
        assert LABORATORY.probe(id, {"a": 1}).passed_over("/body"), id


def test_what_the_list_names_is_documented() -> None:
    for name, said in MEMBERS.items():
        ids = [name] if name in CONTRACT.operations else []
        ids = ids or [item.id for item in CONTRACT.resources.by_id[name].operations]
        documented = {member for id in ids for member in places(id)}
        shown = {member for listed in said.get("shown", {}).values() for member in listed}
        effects = {row["member"] for row in said.get("effects", ())}
        listed = shown | effects | said.get("values", {}).keys() | said.get("judged", {}).keys()
        assert listed <= documented, (name, listed - documented)


def test_every_parameter_of_a_spec_is_obeyed_or_remarked_on() -> None:
    """Those of connections that no flow is carried out for are remarked on with the flow."""
    for id in operations():
        rows = said_of(id).get("judged_params", ())
        for row in (row for row in rows if row["member"] in places(id)):
            assert is_judged(id, row["member"], row), (id, row)
    library = LABORATORY.emulator.platform.fixtures.edition("")
    source, target = (
        "flow_service.create_source_connection",
        "flow_service.create_target_connection",
    )
    left = set()
    for part, id in {"sourceSpec": source, "targetSpec": target}.items():
        for spec in library.all("connection_specs"):
            if any(runs_with(flow, part, spec["id"]) for flow in batch_flows()):
                left |= without_a_word(id, at(spec, f"/{part}/spec"))
    for spec in batch_flows():
        for form in (spec.get("optionSpec"), *spec.get("transformationSpecs", ())):
            left |= without_a_word("flow_service.create_flow", at(form, "/spec"))
    assert left == set()


def without_a_word(id: str, schema: Json) -> set[str]:
    """Return the members of a spec's schema that neither have an effect nor are remarked on."""
    said = parameters_said(id)
    steps = {name: name.split(".") for name in names_in(schema)}
    return {
        name
        for name, way in steps.items()
        if not any(".".join(way[: count + 1]) in said for count in range(len(way)))
    }


def batch_flows() -> list[JsonObject]:
    """Return the flow specs whose flows are carried out."""
    specs = LABORATORY.emulator.platform.fixtures.edition("").all("flow_specs")
    return [spec for spec in specs if "scheduleSpec" in spec]


def runs_with(flow: JsonObject, part: str, id: str) -> bool:
    side = part.removesuffix("Spec")
    return id in flow.get(f"{side}ConnectionSpecIds", ())


def parameters_said(id: str) -> set[str]:
    """Return the parameters that rows of effects name, and those without effect."""
    named = {name for row in said_of(id).get("effects", ()) for name in row.get("params", ())}
    rows = said_of(id).get("judged_params", ())
    named |= {name for row in rows for name in row["params"]}
    for pointer in parts(id)[0].ignored_by(parts(id)[1]):
        steps = ["[]" if step == "*" else step for step in pointer_steps(pointer)]
        named.add(".".join(steps[steps.index("params") + 1 :]) if "params" in steps else steps[-1])
    return named


def names_in(schema: Json, path: str = "") -> Iterator[str]:
    """Yield the dotted paths of the members of a JSON Schema that have no others below."""
    if not isinstance(schema, dict):
        return
    for name, below in schema.get("properties", {}).items():
        inner = [*names_in(below, f"{path}{name}."), *items_in(below, f"{path}{name}.[].")]
        yield from inner or [f"{path}{name}"]


def items_in(schema: Json, path: str) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from names_in(schema.get("items"), path)


# What the ways are


def body_with(id: str, member: str, pointer: str, value: Json) -> Json:
    """Return an operation's body with a value at a pointer, and what has to stand beside it."""
    said = said_of(id)
    beside = {**said.get("with", {}), **said.get("value_with", {}).get(member, {})}
    return with_member(merged(LABORATORY.base(id), beside), pointer, in_place(value))


def merged(body: Json, changes: JsonObject) -> Json:
    """Return a body with other members, and without those that are null."""
    made = {**body, **in_place(changes)}
    return {name: value for name, value in made.items() if value is not None}


def in_place(value: Json) -> Json:
    """Return a value with what the emulator calls its resources in the place of placeholders."""
    return filled(value, LABORATORY.known)


def is_remarked_on(id: str, member: str, why: str) -> bool:
    """Tell whether it is said that a member, or each part of it that is named, has no effect.

    What the platform sets is not remarked on where it is as it was; see `without_effect`.
    """
    pointer = places(id)[member]
    resource, item = parts(id)
    if why == SET_BY_THE_PLATFORM and item.role != "create":
        return stays_as_it_was(id, member)
    ignored = resource.ignored_by(item)
    above = [place for place in ignored if pointer.startswith(f"{place}/")]
    below = [place for place in ignored if place.startswith(f"{pointer}/")]
    return all(
        any(
            LABORATORY.probe(id, body_with(id, member, pointer, value)).passed_over(place)
            for value in values_with(place, pointer)
        )
        for place in above or below or [pointer]
    )


def values_with(place: str, pointer: str) -> Iterator[Json]:
    """Yield values to send at a pointer, so that one of some type stands at the place."""
    below = pointer_steps(place.removeprefix(pointer)) if place.startswith(pointer) else ()
    yield from (nested(below, values[0]) for values in OF_A_TYPE.values())


def stays_as_it_was(id: str, member: str) -> bool:
    """Tell whether sending a member changes nothing."""
    base = merged(LABORATORY.base(id), said_of(id).get("with", {}))
    without = LABORATORY.probe(id, base).shown
    tried = (values[0] for values in OF_A_TYPE.values())
    sent = (body_with(id, member, places(id)[member], value) for value in tried)
    accepted = [outcome for body in sent if (outcome := LABORATORY.probe(id, body)).accepted]
    return bool(accepted) and all(outcome.shown == without for outcome in accepted)


def comes_back(id: str, member: str, values: Any) -> bool:
    pointer = places(id)[member]
    bodies = (body_with(id, member, pointer, value) for value in values)
    first, second = (LABORATORY.probe(id, body) for body in bodies)
    return first.accepted and second.accepted and first.shown != second.shown


def is_judged(id: str, member: str, said: Any) -> bool:
    """Tell whether a rule speaks of a value, by its place or by the name that the list has."""
    is_named = isinstance(said, dict) and "rule" in said
    value, pointer = said["value"] if is_named else said, places(id)[member]
    outcome = LABORATORY.probe(id, body_with(id, member, pointer, value))
    if is_named:
        return said["rule"] in [remark.rule for remark in outcome.remarks]
    return outcome.judged(pointer)


def has_effects(id: str, member: str, rows: Any) -> bool:
    return all(has_effect(id, places(id)[member], row) for row in rows)


def has_effect(id: str, pointer: str, row: JsonObject) -> bool:
    """Tell whether two values make a difference in what other calls show."""
    base = merged(LABORATORY.base(id), row.get("with", {}))
    first, second = (
        LABORATORY.probe(
            id,
            with_member(base, pointer, in_place(value)),
            headers=row.get("headers", {}),
            looks=LOOKS[row["looks"]],
            **in_place(row.get("kept", {})),
        )
        for value in row["values"]
    )
    return first.accepted and second.accepted and first.looks != second.looks


WAYS: dict[str, Callable[[str, str, Any], bool]] = {
    "ignored": is_remarked_on,
    "does": has_effects,
    "shown": comes_back,
    "judged": is_judged,
}
