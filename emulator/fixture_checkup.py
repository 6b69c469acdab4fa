"""Examine an overlay of fixtures thoroughly at the start. The shipped ones are trusted.

Connection specs, flow specs and XDM resources have to be of the form that the emulator and its
rules rely on, their schemas have to be JSON Schemas, and what they refer to has to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from emulator.fixture_library import KINDS, FixtureError, Fixtures, read_object
from emulator.form_errors import form_errors
from emulator.json_types import Json, JsonObject
from emulator.seeding import scenario_files
from emulator.seeding.scenario_files import FOLDER

ROOT = "https://ns.adobe.com/"
_LOCAL = "#/definitions/"
_REFERRING = ("meta:extends", "meta:intendedToExtend")


def check(overlay: Path, fixtures: Fixtures) -> None:
    """Examine every file of an overlay.

    Args:
        overlay: The folder that is laid over the shipped one.
        fixtures: Both together, in which what is referred to is looked for.

    Raises:
        FixtureError: With one line for each thing that is wrong.
    """
    complaints = list(_complaints(overlay, fixtures))
    if complaints:
        raise FixtureError("\n".join(complaints))


def _complaints(overlay: Path, fixtures: Fixtures) -> Iterator[str]:
    for path in sorted(overlay.iterdir()):
        if path.is_dir() and path.name not in (*KINDS, FOLDER):
            yield f"{path}: no kind of fixture; there are {', '.join((*KINDS, FOLDER))}"
        elif path.suffix == ".json":
            yield f"{path}: belongs into one of the folders {', '.join(KINDS)}"
    yield from scenario_files.complaints(overlay)
    found = list(_of_the_form(overlay))
    faults = [said for _, _, said in found if isinstance(said, str)]
    yield from faults
    if faults:
        return  # what cannot be read cannot be referred to either
    ids: dict[str, Path] = {}
    usable = ((kind, path, read) for kind, path, read in found if not isinstance(read, str))
    for kind, path, resource in usable:
        yield from _duplicate(path, resource, ids)
        for place, reason in REFERENCES[kind](resource, fixtures) if kind in REFERENCES else ():
            yield f"{path}: {place}: {reason}"
    yield from _aliases(overlay, fixtures)


def _of_the_form(overlay: Path) -> Iterator[tuple[str, Path, JsonObject | str]]:
    """Yield each file with its kind: what it holds, or a sentence on what is wrong with it."""
    for kind in KINDS:
        adapter: TypeAdapter[Any] = TypeAdapter(MODELS[kind])
        for path in sorted((overlay / kind).rglob("*.json")):
            if path.name == "aliases.json":
                continue
            try:
                resource = read_object(path)
                adapter.validate_python(resource)
            except FixtureError as error:
                yield kind, path, str(error)
            except ValidationError as error:
                yield kind, path, "\n".join(f"{path}: {line}" for line in form_errors(error))
            else:
                yield kind, path, resource


def _duplicate(path: Path, resource: JsonObject, ids: dict[str, Path]) -> Iterator[str]:
    id = resource.get("id") or resource["$id"]
    if id in ids:
        yield f"{path}: {id} is already the id of {ids[id]}"
    ids.setdefault(id, path)


def _aliases(overlay: Path, fixtures: Fixtures) -> Iterator[str]:
    for kind in KINDS:
        path = overlay / kind / "aliases.json"
        try:
            found = read_object(path) if path.is_file() else {}
        except FixtureError as error:
            yield str(error)
            continue
        for alias, id in found.items():
            if not isinstance(id, str) or fixtures.get(kind, id) is None:
                yield f"{path}: {alias}: there is nothing with the id {id!r}"


# The form


def _json_schema(schema: JsonObject) -> JsonObject:
    """Return a JSON Schema as it is.

    Raises:
        ValueError: It is none, or it refers to something outside of itself.
    """
    dialect = {"$schema": "http://json-schema.org/draft-07/schema#"}
    _of_the_dialect({**dialect, **schema})
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise ValueError(f"$ref {reference} leads out of the schema")
    try:
        jsonschema_rs.validator_for({**dialect, **schema})
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise ValueError(f"not a usable JSON Schema: {_first_line(error)}") from error
    return schema


def _of_the_dialect(schema: JsonObject) -> None:
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        place = "/".join(str(step) for step in error.instance_path)
        reason = f"{place}: {error.message}" if place else error.message
        raise ValueError(f"not a JSON Schema: {_first_line(reason)}") from error


def _first_line(said: object) -> str:
    return str(said).partition("\n")[0][:300]


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


Text = Annotated[str, Field(pattern=r"\S")]
Schema = Annotated[dict[str, Any], AfterValidator(_json_schema)]


class _Form(BaseModel):
    """Other members than the known ones are let through: documents have more of them."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Spec(_Form):
    name: Text | None = None
    spec: Schema


class _NamedSpec(_Spec):
    name: Text


class _Attributes(_Form):
    isSource: bool | None = None  # noqa: N815 - documents name it so
    isDraftModeSupported: bool | None = None  # noqa: N815


class _ConnectionSpec(_Form):
    """What rules and shapes read of a connection spec: Flow Service API, GET /connectionSpecs."""

    id: Text
    name: Text
    providerId: Text  # noqa: N815
    version: Text
    authSpec: list[_NamedSpec] | None = None  # noqa: N815
    sourceSpec: _Spec | None = None  # noqa: N815
    targetSpec: _Spec | None = None  # noqa: N815
    attributes: _Attributes | None = None


class _FlowSpec(_Form):
    """What rules and shapes read of a flow spec: Flow Service API, GET /flowSpecs."""

    id: Text
    name: Text
    version: Text
    providerId: Text | None = None  # noqa: N815
    sourceConnectionSpecIds: list[Text] | None = None  # noqa: N815
    targetConnectionSpecIds: list[Text] | None = None  # noqa: N815
    transformationSpecs: list[_NamedSpec] | None = None  # noqa: N815
    optionSpec: _Spec | None = None  # noqa: N815
    scheduleSpec: _Spec | None = None  # noqa: N815
    runSpec: _Spec | None = None  # noqa: N815
    attributes: _Attributes | None = None


def _xdm(resource: JsonObject) -> JsonObject:
    """Return an XDM resource as it is; its references are looked at afterwards."""
    id, alternative = resource["$id"], resource["meta:altId"]
    if id.startswith(ROOT) and alternative != _alt_id(id):
        raise ValueError(f"meta:altId: the one of this $id is {_alt_id(id)}")
    _of_the_dialect({"$schema": "http://json-schema.org/draft-06/schema#", **resource})
    return resource


def _alt_id(id: str) -> str:
    return "_" + id.removeprefix(ROOT).replace("/", ".")


class _Xdm(_Form):
    """What composing and showing needs of an XDM resource: Schema Registry API guide."""

    id: Annotated[str, Field(alias="$id", pattern="^https?://[^/]+/.+$")]
    alt_id: Annotated[str, Field(alias="meta:altId", pattern=r"^_[^/\s]+$")]
    resource_type: Annotated[
        Literal["behaviors", "classes", "mixins", "datatypes", "schemas"],
        Field(alias="meta:resourceType"),
    ]
    title: Text
    version: Text
    type: Text
    definitions: dict[str, dict[str, Any]] = {}
    all_of: Annotated[list[dict[str, Any]], Field(alias="allOf")] = []
    extends: Annotated[list[Text], Field(alias="meta:extends")] = []
    intended: Annotated[list[Text], Field(alias="meta:intendedToExtend")] = []


MODELS: dict[str, Any] = {
    "connection_specs": _ConnectionSpec,
    "flow_specs": _FlowSpec,
    "xdm": Annotated[dict[str, Any], AfterValidator(lambda raw: _xdm(_formed(raw)))],
}
"""What a file of each kind holds."""


def _formed(raw: JsonObject) -> JsonObject:
    _Xdm.model_validate(raw)
    return raw


# What is referred to


def _flow_spec_references(resource: JsonObject, fixtures: Fixtures) -> Iterator[tuple[str, str]]:
    known = fixtures.aliases("connection_specs")
    for member in ("sourceConnectionSpecIds", "targetConnectionSpecIds"):
        for index, id in enumerate(resource.get(member) or ()):
            if id not in known and fixtures.get("connection_specs", id) is None:
                yield f"{member}.{index}", f"there is no connection spec {id}"


def _xdm_references(resource: JsonObject, fixtures: Fixtures) -> Iterator[tuple[str, str]]:
    definitions = resource.get("definitions", {})
    for reference in dict.fromkeys(_references(resource)):
        if reference.startswith("#"):
            if reference.removeprefix(_LOCAL) not in definitions:
                yield "$ref", f"there is no {reference} in this resource"
        elif fixtures.get("xdm", reference) is None:
            yield "$ref", f"there is no XDM resource {reference}"
    for member in _REFERRING:
        for index, id in enumerate(resource.get(member, ())):
            if fixtures.get("xdm", id) is None:
                yield f"{member}.{index}", f"there is no XDM resource {id}"
    if resource["meta:resourceType"] == "mixins" and not resource.get("meta:intendedToExtend"):
        yield "meta:intendedToExtend", "a field group names the classes that it is for"


REFERENCES: dict[str, Callable[[JsonObject, Fixtures], Iterator[tuple[str, str]]]] = {
    "flow_specs": _flow_spec_references,
    "xdm": _xdm_references,
}
"""Yields (place, reason) for each thing that a resource of a kind refers to in vain."""
