"""Read what the operations are about: the resources of every service."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from emulator.contract.model import Resource, ResourceOperation
from emulator.contract.reading import build, of_the_form, read_json, service_folders
from emulator.json_types import JsonObject


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
