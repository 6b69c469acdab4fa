"""Resources by sandbox: a page of each kind, and one of them with all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from flask import Response, abort, request

from emulator.data_plane.errors import FileError
from emulator.json_types import JsonObject, flattened
from emulator.page import parts_of_flow
from emulator.page.places import KINDS, Kind, Place, masked
from emulator.page.routes import Routes
from emulator.page.schema_tree import MAX_FIELDS, identities_of, tree_of
from emulator.page.shown import Page, Parts, asked, asked_number
from emulator.store import Hint

ON_A_PAGE = 50
PREVIEW_ROWS = 25
_WHEN = ("updatedAt", "updated", "modifiedDate", "created", "createdAt", "createdDate")


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [
        ("/resources", "GET", views.kinds),
        ("/resources", "POST", views.empty),
        ("/resources/<kind>", "GET", views.listed),
        ("/resources/<kind>/one", "GET", views.one),
    ]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page

    def kinds(self) -> Response:
        """Show the kind of which there is something, flows before all else."""
        place = Place(self._page, request.args)
        counts = self._counts(place)
        return self._list(place, next((kind for kind, count in counts.items() if count), "flow"))

    def listed(self, kind: str) -> Response:
        """Show the resources of a kind, what was created last first."""
        return self._list(Place(self._page, request.args), _known(kind).kind)

    def _counts(self, place: Place) -> dict[str, int]:
        store = self._page.platform.store
        return {kind: store.count(place.sandbox, kind) for kind in KINDS}

    def _list(self, place: Place, kind: str) -> Response:
        wanted = asked("q")
        hint = Hint(texts=tuple(wanted.get("q", "").split()))
        start = asked_number("before")
        found = list(islice(place.scope.recent(kind, start, hint), ON_A_PAGE + 1))
        rows = [_row(stored.key, masked(stored.body)) for stored in found[:ON_A_PAGE]]
        values: dict[str, Any] = {"rows": rows, "wanted": wanted, "kinds": KINDS, "kind": kind}
        values["next"] = found[ON_A_PAGE - 1].ordinal if len(found) > ON_A_PAGE else 0
        values["counts"] = self._counts(place)
        parts = Parts("resources.html.j2", "places.html.j2", seconds=2)
        return self._page.show(KINDS[kind].name, parts, **place.values(), **values)

    def one(self, kind: str) -> Response:
        """Show one resource."""
        known, place = _known(kind), Place(self._page, request.args)
        stored = place.scope.stored(kind, request.args.get("id", ""))
        if stored is None:
            abort(404, f"{known.noun} {request.args.get('id', '')[:200]} is not in this sandbox.")
        body = masked(stored.body)
        more = _MORE.get(kind, _nothing)(self._page, place, body)
        values = {"kind": known, "body": body, "row": _row(stored.key, body)}
        parts = Parts("resource.html.j2", seconds=3)
        return self._page.show(values["row"]["name"], parts, **place.values(), **values, **more)

    def empty(self) -> Response:
        """Delete all that a sandbox holds."""
        place = Place(self._page, request.form)
        self._page.control.send("POST", "/reset", place.query)
        return self._page.back(
            f"The sandbox {place.sandbox.name} is empty.", "/resources", **place.query
        )


def _known(kind: str) -> Kind:
    if kind not in KINDS:
        abort(404, f"There is no kind of resource {kind[:100]}.")
    return KINDS[kind]


def _row(key: str, body: JsonObject) -> JsonObject:
    """Return what a list tells of a resource."""
    named = body.get("name") or body.get("title") or body.get("xdm:property") or key
    registry = body.get("meta:registryMetadata") or {}
    when = next((body[name] for name in _WHEN if isinstance(body.get(name), int)), None)
    return {
        "id": key,
        "name": str(named),
        "state": body.get("state") or body.get("status") or "",
        "when": when or registry.get("repo:lastModifiedDate"),
        "description": str(body.get("description") or body.get("@type") or ""),
    }


def _nothing(page: Page, place: Place, body: JsonObject) -> JsonObject:
    return {}


def _of_schema(page: Page, place: Place, body: JsonObject) -> JsonObject:
    resolved = place.scope.find("resolved_schema", body["$id"]) or body
    datasets = Hint(frozenset(("id", "name", "schemaRef")), texts=(body["$id"],))
    used = islice(place.scope.scan("dataset", hint=datasets), ON_A_PAGE)
    described = place.scope.scan("xdm_descriptor", hint=Hint(texts=(body["$id"],)))
    descriptors = (stored.body for stored in islice(described, MAX_FIELDS))
    identities = identities_of(descriptors, body["$id"])
    return {"tree": tree_of(resolved, identities), "datasets": [stored.body for stored in used]}


def _of_other_resource(page: Page, place: Place, body: JsonObject) -> JsonObject:
    return {"tree": tree_of(body)}


def _of_dataset(page: Page, place: Place, body: JsonObject) -> JsonObject:
    unreadable = ""
    flat: list[JsonObject] = []
    try:
        rows = page.platform.services.data_access.rows(place.scope, body["id"])
        flat += (flattened(row) for row in islice(rows, PREVIEW_ROWS))
    except FileError as error:
        unreadable = f"The rest cannot be read: {error}"
    columns = list(dict.fromkeys(name for row in flat for name in row))
    reference = body.get("schemaRef")
    schema = (
        place.scope.find("schema", str(reference.get("id")))
        if isinstance(reference, dict)
        else None
    )
    batches = Hint(texts=(body["id"],))
    recent = islice(place.scope.recent("batch", hint=batches), 10)
    return {
        "columns": columns,
        "preview": flat,
        "unreadable": unreadable,
        "schema": schema,
        "batches": [stored.body for stored in recent],
    }


def _of_batch(page: Page, place: Place, body: JsonObject) -> JsonObject:
    from emulator.batch_explanation import explain_batch
    from emulator.data_plane.diagnostics import failed_rows

    return {
        "failed": failed_rows(page.platform.blobs, place.sandbox, body["id"], PREVIEW_ROWS),
        "explained": explain_batch(place.scope, body)["text"],
    }


_MORE: dict[str, Callable[[Page, Place, JsonObject], JsonObject]] = {
    "xdm_schemas": _of_schema,
    "xdm_classes": _of_other_resource,
    "xdm_mixins": _of_other_resource,
    "xdm_datatypes": _of_other_resource,
    "dataset": _of_dataset,
    "batch": _of_batch,
    "flow": parts_of_flow.of_flow,
    "mapping_set": parts_of_flow.of_mapping_set,
    "source_connection": parts_of_flow.of_connection,
    "target_connection": parts_of_flow.of_connection,
}
"""What is shown of a resource beside its members, by kind."""
