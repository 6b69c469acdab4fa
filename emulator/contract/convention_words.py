"""What an operation on a resource puts in the place of a convention's placeholders."""

from __future__ import annotations

from collections.abc import Callable

from emulator.contract.model import Operation
from emulator.contract.resources import SET_BY_THE_PLATFORM, Resource, ResourceOperation
from emulator.json_types import Json, nested, pointer_steps


def ignored(resource: Resource, item: ResourceOperation, operation: Operation) -> dict[str, Json]:
    """Return the parts of an operation's request without effect, which it can have at all."""
    has_members = operation.body in ("object", "any")
    return {
        pointer: why
        for pointer, why in resource.ignored_by(item).items()
        if has_members or not pointer.startswith("/body/")
    }


def changed(resource: Resource, item: ResourceOperation) -> dict[str, Json]:
    """Return the members without effect that a patch can change; what the platform sets stays."""
    return {
        pointer: why
        for pointer, why in resource.ignored_by(item).items()
        if pointer.startswith("/body/") and why != SET_BY_THE_PLATFORM
    }


Word = Callable[[Resource, ResourceOperation, Operation], Json]
"""What of an operation on a resource takes the place of a placeholder."""


def _misspelt(resource: Resource, item: ResourceOperation, operation: Operation) -> Json:
    """Return a name that is no member of the body, but much like one."""
    members = resource.members_of(item)
    return f"{max((name for name in members if name.isidentifier()), key=len, default='name')}x"


def _without_effect(part: str) -> Word:
    """Return what makes an example of something without effect in a part of the request."""

    def example(resource: Resource, item: ResourceOperation, operation: Operation) -> Json:
        pointer = next(iter(ignored(resource, item, operation)), "")
        shown = nested(pointer_steps(pointer), "x")
        return shown.get(part, {}) if isinstance(shown, dict) else {}

    return example


def _known_by(resource: Resource, item: ResourceOperation, operation: Operation) -> Json:
    """Return the kind and key of the resource that the path names, if it names one."""
    parameter = resource.parameter_of(item)
    if not resource.kind or f"{{{parameter}" not in operation.path:
        return {}
    return {"kind": resource.kind, "key": f"/path/{parameter}"}


def _changed_path(resource: Resource, item: ResourceOperation, operation: Operation) -> Json:
    """Return the JSON pointer of a member that a patch can change without effect."""
    pointer = next(iter(changed(resource, item)), "")
    return pointer.removeprefix("/body").replace("*", "0")


WORDS: dict[str, Word] = {
    "service": lambda resource, item, operation: resource.service,
    "name": lambda resource, item, operation: resource.name,
    "noun": lambda resource, item, operation: resource.noun,
    "nouns": lambda resource, item, operation: resource.nouns,
    "kind": lambda resource, item, operation: resource.kind,
    "found": lambda resource, item, operation: next(iter(resource.found_among(item)), ""),
    "parameter": lambda resource, item, operation: resource.parameter_of(item),
    "etag": lambda resource, item, operation: list(resource.etag),
    "filters": lambda resource, item, operation: list(resource.filters),
    "query": lambda resource, item, operation: list(operation.query),
    "body_members": lambda resource, item, operation: list(resource.members_of(item)),
    "misspelt": _misspelt,
    "ignores": ignored,
    "ignored_query": _without_effect("query"),
    "ignored_body": _without_effect("body"),
    "known_by": _known_by,
    "changed_members": lambda resource, item, operation: list(resource.members_of(item)),
    "changed_ignores": lambda resource, item, operation: changed(resource, item),
    "changed_path": _changed_path,
}
"""What takes the place of the placeholders that `contract.model.Convention` names."""
