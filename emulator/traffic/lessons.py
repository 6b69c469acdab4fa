"""What replies teach about the world: which operations show, make and remove which resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from emulator.json_types import Json, JsonObject

Shown = Iterator[tuple[str, JsonObject]]
"""Resources by key."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a successful call of an operation says about resources of `kinds`.

    Args:
        how: `shows` (the reply holds them whole), `names` (it holds parts of them), `makes` (the
            reply names what the request describes), `changes` or `removes` (what the path names).
        find: Yields them by key from a reply's body.
        parameter: The path's parameter that names one. A read of it alone that is answered 404
            says that it is not there; with a query, the query may be what was not found.
        partial_with: The query parameters that make a reply leave members out.
    """

    kinds: tuple[str, ...]
    how: str
    find: Callable[[Json], Shown]
    parameter: str = "id"
    partial_with: tuple[str, ...] = ()


def _items(body: Json) -> Shown:
    """The Flow Service's lists: `items`, each with its id."""
    for item in body.get("items") or ():
        yield item["id"], item


def _with_id(body: Json) -> Shown:
    yield body["id"], body


def _datasets(body: Json) -> Shown:
    """Catalog's objects: from id to data set, whose id stands nowhere else."""
    for id, dataset in body.items():
        yield id, {**dataset, "id": id}


def _references(body: Json) -> Shown:
    """Catalog's replies to writes: `["@/dataSets/ID"]`."""
    for reference in body:
        yield str(reference).rpartition("/")[2], {}


def _xdm(body: Json) -> Shown:
    """A resource of the Schema Registry, under both of its ids."""
    for name in ("$id", "meta:altId"):
        if name in body:
            yield body[name], body


def _xdm_list(body: Json) -> Shown:
    for item in body.get("results") or ():
        yield from _xdm(item)


def _page(body: Json) -> Shown:
    for item in body.get("data") or ():
        yield item["id"], item


def _sandboxes(body: Json) -> Shown:
    for item in body.get("sandboxes") or ():
        yield from _sandbox(item)


def _sandbox(body: Json) -> Shown:
    """A sandbox's name only: its state changes by itself."""
    yield body["name"], {"name": body["name"]}


def _descriptor(body: Json) -> Shown:
    yield body["@id"], body


def _flow_service() -> dict[str, Lesson]:
    lessons: dict[str, Lesson] = {}
    for kind in ("connection", "source_connection", "target_connection", "flow"):
        kinds = (kind,)
        made = Lesson(kinds, "makes", _with_id)
        changed = Lesson(kinds, "changes", _with_id)
        lessons |= {
            f"list_{kind}s": Lesson(kinds, "shows", _items),
            f"get_{kind}": Lesson(kinds, "shows", _items),
            f"search_{kind}s": Lesson(kinds, "names", _items),
            f"create_{kind}": made,
            f"update_{kind}": changed,
            f"{kind}_action": changed,
            f"delete_{kind}": Lesson(kinds, "removes", _nothing),
        }
    for kind in ("connection_spec", "flow_spec"):
        for operation in (f"list_{kind}s", f"get_{kind}"):
            # What the emulator knows of a spec beside what replies show is not in them.
            lessons[operation] = Lesson((kind,), "names", _items)
        lessons[f"create_{kind}"] = Lesson((kind,), "makes", _with_id)
    return {f"flow_service.{name}": lesson for name, lesson in lessons.items()}


def _nothing(body: Json) -> Shown:
    yield from ()


def _schema_registry() -> dict[str, Lesson]:
    lessons: dict[str, Lesson] = {}
    types = {
        "schema": ("schema", "schemas"),
        "class": ("class", "classes"),
        "fieldgroup": ("field_group", "fieldgroups"),
        "mixin": ("field_group", "mixins"),
        "datatype": ("data_type", "datatypes"),
    }
    for name, (kind, many) in types.items():
        own = (kind, f"tenant_{kind}", "xdm_resource", "tenant_resource")
        lessons |= {
            f"list_tenant_{many}": Lesson(own, "names", _xdm_list),
            f"get_tenant_{name}": Lesson(own, "names", _xdm),
            f"create_{name}": Lesson(own, "names", _xdm),
            f"replace_{name}": Lesson(own, "names", _xdm),
            f"patch_{name}": Lesson(own, "names", _xdm),
            f"delete_{name}": Lesson(own, "removes", _nothing),
        }
        shared = (kind, f"global_{kind}", "xdm_resource")
        lessons[f"list_global_{many}"] = Lesson(shared, "names", _xdm_list)
        lessons[f"get_global_{name}"] = Lesson(shared, "names", _xdm)
    for name in ("get_tenant", "create", "replace"):
        lessons[f"{name}_descriptor"] = Lesson(("descriptor",), "names", _descriptor)
    lessons["delete_descriptor"] = Lesson(("descriptor",), "removes", _nothing)
    return {f"schema_registry.{name}": lesson for name, lesson in lessons.items()}


def _others() -> dict[str, Lesson]:
    datasets, mapping_sets = ("dataset",), ("mapping_set",)
    entries = ("sandbox_entry",)
    lessons = {
        f"catalog.{name}": Lesson(datasets, "shows", _datasets, partial_with=("properties",))
        for name in ("list_datasets", "get_dataset")
    }
    lessons |= {
        f"catalog.{name}_dataset": Lesson(datasets, "changes", _references)
        for name in ("replace", "patch", "merge")
    }
    return lessons | {
        "catalog.create_dataset": Lesson(datasets, "makes", _references),
        "catalog.delete_dataset": Lesson(datasets, "removes", _nothing),
        "data_prep.list_mapping_sets": Lesson(mapping_sets, "names", _page),
        "data_prep.get_mapping_set": Lesson(mapping_sets, "names", _with_id),
        "data_prep.create_mapping_set": Lesson(mapping_sets, "names", _with_id),
        "data_prep.delete_mapping_set": Lesson(mapping_sets, "removes", _nothing),
        "data_prep.replace_mapping_set": Lesson(mapping_sets, "changes", _with_id),
        # Each makes the next version of the set.
        "data_prep.create_mapping": Lesson(mapping_sets, "changes", _nothing),
        "data_prep.replace_mapping": Lesson(mapping_sets, "changes", _nothing),
        "data_prep.delete_mapping": Lesson(mapping_sets, "changes", _nothing),
        "data_prep.create_sample": Lesson(("mapper_sample",), "names", _with_id),
        "data_prep.get_sample": Lesson(("mapper_sample",), "names", _with_id),
        "data_prep.create_schema": Lesson(("mapper_schema",), "names", _with_id),
        "data_prep.get_schema": Lesson(("mapper_schema",), "names", _with_id),
        "sandbox_management.list_sandboxes": Lesson(entries, "names", _sandboxes, "name"),
        "sandbox_management.list_available_sandboxes": Lesson(entries, "names", _sandboxes, "name"),
        "sandbox_management.get_sandbox": Lesson(entries, "names", _sandbox, "name"),
        "sandbox_management.create_sandbox": Lesson(
            ("sandbox", *entries), "names", _sandbox, "name"
        ),
        # It can still be read and listed; calls within it are refused.
        "sandbox_management.delete_sandbox": Lesson(("sandbox",), "removes", _nothing, "name"),
    }


LESSONS: dict[str, Lesson] = {**_flow_service(), **_schema_registry(), **_others()}
"""By operation. What is not here teaches nothing."""


def resources(lesson: Lesson, body: Any) -> list[tuple[str, JsonObject]]:
    """Return what a reply shows, by key; nothing if it is not of the documented form."""
    try:
        return [(key, item) for key, item in lesson.find(body) if isinstance(item, dict)]
    except (AttributeError, KeyError, TypeError):
        return []
