"""Conventions: rules that follow for every resource of a form, written once as templates.

A row of `conventions.json` says to which resources and operations it applies; for each of them it
becomes an ordinary rule with an id of its own. `contracts/conventions.json` is for all services,
`contracts/<service>/conventions.json` for those of one. Texts in braces, `{kind}` for one, are
taken from the resource: see `contract.model.Convention`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.contract.case_files import DeferredCases, named_cases
from emulator.contract.convention_words import WORDS, changed, ignored
from emulator.contract.model import Cases, Convention, Operation
from emulator.contract.reading import build, rows_of, service_folders
from emulator.contract.resources import Resource, ResourceOperation, Resources
from emulator.json_types import Json, JsonObject, dumps, loads

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
FILE = "conventions.json"
SOURCES = frozenset(("demands", "observed", "shows", "assumed", "against"))
"""Members that name documents."""

_SELECTION = ("name", "form", "roles", "body", "query", "values", "cases")


@dataclass(slots=True)
class Template:
    """A convention with the text of the rules that it becomes.

    Args:
        service: Whose resources it is for; empty for those of all services.
        folder: The number of the contract folder that it was read from.
        path: The file, and `raw` the row in it.
        rule: The members of a rule's row but its cases, with placeholders in them; `text` is the
            same as JSON.
        names: The placeholders.
        served: The resources for which it has become rules.
    """

    convention: Convention
    service: str
    folder: int
    path: Path
    raw: JsonObject
    rule: JsonObject
    text: str
    names: tuple[str, ...]
    served: set[str] = field(default_factory=set)


def read_templates(folders: tuple[Path, ...]) -> list[Template]:
    """Read the conventions of contract folders, those of all services first.

    Raises:
        ContractError: A file is not JSON, or not of its form.
    """
    found = []
    for number, folder in enumerate(folders):
        places = [("", folder), *((path.name, path) for path in service_folders(folder))]
        for service, place in places:
            path = place / FILE
            for raw in rows_of(path):
                rule = {name: value for name, value in raw.items() if name not in _SELECTION}
                rule["id"] = f"*.{raw.get('name')}"
                text = dumps(rule).decode()
                convention = build(Convention, raw, path)
                template = Template(
                    convention, service, number, path, raw, rule, text, placeholders(text)
                )
                found.append(template)
    return found


def expanded(
    template: Template, resource: Resource, operations: Mapping[str, Operation], folder: int
) -> Iterator[JsonObject]:
    """Yield the rows of the rules that a convention becomes for a resource.

    Args:
        folder: The number of the contract folder in which the two meet. A resource of an overlay
            that follows a shipped convention does so by its own documents.
    """
    name = template.convention.name
    if "{name}" in name:
        name = name.replace("{name}", resource.name)
    alike: dict[str, list[ResourceOperation]] = {}
    first: dict[str, Operation] = {}
    for item in resource.operations:
        operation = operations.get(item.id)
        if operation is None or not applies(template, resource, item, operation):
            continue
        text = _filled(template, resource, item, operation) if template.names else ""
        if name in item.differs:
            row = _row(template, resource, [item], text, operation)
            differs = {**(resource.differs.get(name) or {}), **(item.differs[name] or {})}
            yield _sourced(_differing(row, differs), resource, folder > template.folder)
        else:
            alike.setdefault(text, []).append(item)
            first.setdefault(text, operation)
    for text, items in alike.items():
        row = _row(template, resource, items, text, first[text])
        differs = resource.differs.get(name) or {}
        yield _sourced(_differing(row, differs), resource, folder > template.folder)


def _differing(row: JsonObject, differs: JsonObject) -> JsonObject:
    """Return a row with the members in which a resource differs; sources take the place of all."""
    if SOURCES.isdisjoint(differs):
        return {**row, **differs}
    return {**{name: row[name] for name in row if name not in SOURCES}, **differs}


def _sourced(row: JsonObject, resource: Resource, is_foreign: bool) -> JsonObject:
    """Return a row whose passages stand in documents: in those of the resource, unless it says."""
    said: dict[str, Json] = {}
    for does in SOURCES & row.keys():
        passage = row[does] if isinstance(row[does], str) else ""
        if passage or is_foreign:
            said[does] = dict.fromkeys(resource.documents, passage)
    return {**row, **said} if said else row


def applies(
    template: Template, resource: Resource, item: ResourceOperation, operation: Operation
) -> bool:
    """Tell whether a convention is about an operation of a resource.

    One about the path's parameter is not about operations without it.
    """
    convention = template.convention
    if not (convention.form and convention.form in item.follows):
        if convention.roles and item.role not in convention.roles:
            return False
        if convention.form and convention.form not in resource.follows:
            return False
    if convention.body and operation.body != convention.body:
        return False
    if convention.query and convention.query not in operation.query:
        return False
    if "parameter" in template.names:
        parameter = resource.parameter_of(item)
        if f"{{{parameter}}}" not in operation.path and f"{{{parameter}*}}" not in operation.path:
            return False
    if not _is_there(template, resource, item, operation):
        return False
    return not _is_left_out(convention, resource, item)


def _is_there(
    template: Template, resource: Resource, item: ResourceOperation, operation: Operation
) -> bool:
    """Tell whether an operation has documented members, or parts without effect, if that is asked.

    A JSON Patch has no members of its own; it names those of what it changes.
    """
    names = template.names
    if "body_members" in names and operation.body not in ("object", "any"):
        return False
    if "changed_members" in names and not _is_patch(item, operation):
        return False
    if not {"body_members", "changed_members"}.isdisjoint(names) and not resource.members_of(item):
        return False
    if "changed_ignores" in names:
        return _is_patch(item, operation) and bool(changed(resource, item))
    return "ignores" not in names or bool(ignored(resource, item, operation))


def _is_patch(item: ResourceOperation, operation: Operation) -> bool:
    return item.role == "update" and operation.body in ("array", "any")


def _is_left_out(convention: Convention, resource: Resource, item: ResourceOperation) -> bool:
    if not resource.differs and not item.differs:
        return False
    name = convention.name.replace("{name}", resource.name)
    differs = item.differs if name in item.differs else resource.differs
    return name in differs and differs[name] is None


def _row(
    template: Template,
    resource: Resource,
    items: list[ResourceOperation],
    text: str,
    operation: Operation,
) -> JsonObject:
    """Return the row of the rules for operations for which the convention has the same text."""
    template.served.add(resource.id)
    row: JsonObject = loads(text) if text else {**template.rule}
    row["operations"] = [item.id for item in items]
    row["cases"] = DeferredCases(lambda: _cases(template, resource, items[0], operation))
    return row


def _cases(
    template: Template, resource: Resource, item: ResourceOperation, operation: Operation
) -> Cases:
    said: JsonObject | str = template.raw.get("cases", {})
    text = dumps(named_cases(said, template.path) if isinstance(said, str) else said).decode()
    names = placeholders(text)
    words = words_of(template, resource, item, operation, names)
    return build(Cases, loads(_with_words(text, names, words)), template.path)


def _filled(
    template: Template, resource: Resource, item: ResourceOperation, operation: Operation
) -> str:
    words = words_of(template, resource, item, operation, template.names)
    return _with_words(template.text, template.names, words)


def words_of(
    template: Template,
    resource: Resource,
    item: ResourceOperation,
    operation: Operation,
    names: tuple[str, ...],
) -> dict[str, Json]:
    """Return what takes the place of placeholders, by those names of them that have something."""
    values = template.convention.values
    asked = {*names, *(name for text in values.values() for name in _asked_by(text))}
    known: dict[str, Json] = {
        name: WORDS[name](resource, item, operation) for name in asked if name in WORDS
    }
    for name, value in values.items():
        known[name] = value
        if isinstance(value, str):
            known[name] = PLACEHOLDER.sub(lambda found: str(known.get(found[1], found[0])), value)
    return {**known, **resource.values, **item.values}


def _asked_by(value: Json) -> tuple[str, ...]:
    return placeholders(value) if isinstance(value, str) else ()


def placeholders(text: str) -> tuple[str, ...]:
    """Return the words in braces of a text."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(text)))


def _with_words(text: str, names: tuple[str, ...], words: Mapping[str, Json]) -> str:
    """Return a JSON text with words in the place of placeholders.

    One without a word stays; `contract.resource_checkup` says so.
    """
    for name in names:
        value = words.get(name)
        if isinstance(value, str):
            text = text.replace(f"{{{name}}}", dumps(value).decode()[1:-1])
        elif name in words:
            text = text.replace(f'"{{{name}}}"', dumps(value).decode())
    return text


def templates_for(
    templates: list[Template], resources: Resources, service: str, number: int
) -> Iterator[tuple[Template, Resource]]:
    """Yield which conventions meet which resources of a service in a contract folder.

    They meet in the later of the two folders that they were read from.
    """
    own = {
        one.id: {*one.follows, *(form for item in one.operations for form in item.follows)}
        for one in resources.by_id.values()
        if one.service == service
    }
    for template in templates:
        form = template.convention.form
        if template.service not in ("", service):
            continue
        for id, forms in own.items():
            if form and form not in forms:
                continue
            if max(template.folder, resources.folders[id]) == number:
                yield template, resources.by_id[id]
