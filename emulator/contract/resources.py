"""Resources: what the operations are about, as `resources.json` says it, field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from emulator.contract.model import STRICT, Role
from emulator.contract.reading import build, of_the_form, read_json, service_folders
from emulator.json_types import JsonObject, escape_step

SET_BY_THE_PLATFORM = "the platform sets it"
OF_NO_USE = "this call has no use for it"
"""Why members have no effect that `sets` and `unused` list."""


@dataclass(frozen=True, slots=True)
class ResourceOperation:
    """What an operation does with a resource, and where its reply holds it.

    Args:
        id: The operation.
        role: What it is to the resource. `create` makes one, also by an upload; `replace` and
            `update` change one as a whole or in parts; `search` lists what a body asks for. `act`
            does anything else that can change one; `ask` reads something other than the resource
            itself, such as the files that a connection reaches.
        at: JSON pointer of the resource in the body of a successful reply: `` for the body as a
            whole, `/items/*` for each item of a list. `*` is also each member of an object whose
            members' names are the ids, as in Catalog's lists.
        shows: How much of it the reply holds there. `whole`: every member that rules look at.
            `part`: some of them. `id`: its ids, and perhaps its etag; what a create does not answer
            stands in its request. `reference`: a text such as `@/dataSets/ID`, whose last step is
            the id. `nothing`: the reply says nothing of the resource, whatever its status says.
        partial_with: Query parameters that leave members out of a reply that is whole without them.
        parameter: The path parameter that names one, where it is another than the resource's. An
            operation whose path has no such parameter is about no single one.
        kinds: The kinds of which the reply speaks, where they are not all those of the resource.
        finds: The kinds among which the id in its path is looked for, where they are not the
            resource's.
        members: The members of its body, where they are not those of the resource.
        sets: As in `Resource`, for this operation.
        unused: Members of its body that a call of this operation has no use for.
        ignores: As in `Resource`, for this operation.
        follows, values, differs: As in `Resource`, for this operation; a form that the operation
            follows itself holds for it whatever its role.
    """

    id: str
    role: Role
    at: str = ""
    shows: Literal["whole", "part", "id", "reference", "nothing"] = "nothing"
    partial_with: tuple[str, ...] = ()
    parameter: str = ""
    kinds: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    ignores: dict[str, str] = field(default_factory=dict)
    follows: tuple[str, ...] = ()
    values: JsonObject = field(default_factory=dict)
    differs: dict[str, JsonObject | None] = field(default_factory=dict)
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that operations list, read, create, change and delete.

    Args:
        id: `service.name`; the name is also that of `rules/<name>.json`.
        noun: What people call one of it; `nouns` several.
        states: What it is, in a sentence.
        kind: The name under which rules and services look it up and the store keeps it; empty for
            what is never looked up.
        also: Further kinds under which the same resource is known.
        derived: Kinds that are computed of it, such as a schema with all that it refers to.
        ids: Members of a reply that hold its id; a resource can be found by each of them.
        parameter: The path parameter that names one; empty for what there is only one of.
        collection: The path of the collection below the service's base path.
        scope: What it belongs to: one sandbox, one organization, or the platform.
        part_of: The resource in which it lies and that each of its writes changes too. The path
            parameter of that one stands in the paths of this one.
        shipped: The platform brings some, in every sandbox: the fixtures hold them.
        etag: Members that `If-Match` may name to say which version a change starts from.
        finds: The kinds among which the id in a path is looked for, where it is the id of something
            else, or not of the `kind` alone.
        lasting: Members that stay as a reply has shown them; the others change without any call.
            Empty where all stay.
        order: The member by which a list is ordered unless the request says how, `-` before it for
            descending; empty for the order of creation.
        filters: Members by which a list can be filtered, where a document lists them.
        members: The members of its body that documents print, as dotted paths: `[]` is each item
            of a list, `*` any name. A path with no others below it says nothing of what is below.
        sets: Those of the members that the platform sets itself, whatever a request says.
        ignores: Documented parts of requests that have no effect here: their JSON pointers, such as
            `/body/params/cdcEnabled`, each with the reason.
        follows: The forms whose conventions hold for it.
        values: What conventions put in the place of their placeholders, by name.
        differs: What is different in the rule that a convention becomes: the rule's name, and its
            members, or null if there is no such rule.
    """

    id: str
    noun: str
    nouns: str
    states: str
    documents: tuple[str, ...]
    operations: tuple[ResourceOperation, ...]
    kind: str = ""
    also: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    ids: tuple[str, ...] = ("id",)
    parameter: str = "id"
    collection: str = ""
    scope: Literal["sandbox", "organization", "platform"] = "sandbox"
    part_of: str = ""
    shipped: bool = False
    etag: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    order: str = ""
    filters: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    ignores: dict[str, str] = field(default_factory=dict)
    follows: tuple[str, ...] = ()
    values: JsonObject = field(default_factory=dict)
    differs: dict[str, JsonObject | None] = field(default_factory=dict)
    __pydantic_config__ = STRICT

    @property
    def service(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind under which it is known as it is."""
        return (self.kind, *self.also) if self.kind else self.also

    def kinds_of(self, operation: ResourceOperation) -> tuple[str, ...]:
        """Return the kinds of which an operation's reply speaks."""
        return operation.kinds or self.kinds

    def parameter_of(self, operation: ResourceOperation) -> str:
        """Return the path parameter by which an operation names one, or an empty text."""
        return operation.parameter or self.parameter

    def members_of(self, operation: ResourceOperation) -> tuple[str, ...]:
        """Return the documented members of an operation's body; none where nothing is known."""
        own = self.members if operation.role in ("create", "replace", "update") else ()
        return operation.members or own

    def ignored_by(self, operation: ResourceOperation) -> dict[str, str]:
        """Return the parts of an operation's request that have no effect, with the reasons."""
        writes = operation.role in ("create", "replace", "update")
        sets = (*(self.sets if writes else ()), *operation.sets)
        return {
            **dict.fromkeys(map(member_pointer, sets), SET_BY_THE_PLATFORM),
            **dict.fromkeys(map(member_pointer, operation.unused), OF_NO_USE),
            **(self.ignores if writes else {}),
            **operation.ignores,
        }

    def found_among(self, operation: ResourceOperation) -> tuple[str, ...]:
        """Return the kinds among which an operation looks for the id in its path."""
        return operation.finds or self.finds or ((self.kind,) if self.kind else ())


def member_pointer(member: str) -> str:
    """Return the JSON pointer of a member of the body, whose dotted path has `[]` for each item."""
    steps = member.replace("[]", ".*").lstrip(".").split(".")
    return "/body/" + "/".join(map(escape_step, steps))


@dataclass(slots=True)
class Resources:
    """The resources of every service, and the operations that are about none, with the reason.

    `by_operation` has an operation's resource and what the operation does with it; `folders` the
    number of the folder that a resource was read from last.
    """

    by_id: dict[str, Resource] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    by_operation: dict[str, tuple[Resource, ResourceOperation]] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)


def read_resources(folders: tuple[Path, ...]) -> Resources:
    """Read the `resources.json` of contract folders, later ones over earlier ones by id.

    Raises:
        ContractError: A file is not JSON, or not of its form.
    """
    found = Resources()
    for number, folder in enumerate(folders):
        with of_the_form(folder):
            for service in service_folders(folder):
                path = service / "resources.json"
                content: JsonObject = read_json(path) if path.is_file() else {}
                for raw in content.get("resources", ()):
                    rows = raw.get("operations", ())
                    operations = tuple(build(ResourceOperation, row, path) for row in rows)
                    resource = build(Resource, {**raw, "operations": operations}, path)
                    found.by_id[resource.id] = resource
                    found.folders[resource.id] = number
                found.without |= content.get("without", {})
    for resource in found.by_id.values():
        found.by_operation |= {item.id: (resource, item) for item in resource.operations}
    return found
