"""The view of several requests in one: carried out in order, and undone together."""

from __future__ import annotations

from collections.abc import Callable

from emulator.filters.templates import fill
from emulator.json_types import Json, JsonObject, dumps
from emulator.services.catalog.service import Catalog
from emulator.web import Call, Part, Reply, operation


@operation("catalog.perform_requests")
def perform_requests(service: Catalog, call: Call) -> Reply:
    """Carry out several requests in order; if a change among them fails, none is made.

    The refusal of a change is the answer to the whole then. A lookup that fails is told of in its
    own place, as the guide says. What is created answers 200 here, as in the guide's sample.
    """
    undo = _undo(call)
    try:
        reply = _perform(call)
    except BaseException:
        undo()
        raise
    if reply.status >= 400:
        undo()
    return reply


def _undo(call: Call) -> Callable[[], None]:
    """Return what puts the sandbox back as it is now; of files only removals can be undone."""
    store, blobs, sandbox = call.platform.store, call.platform.blobs, call.sandbox
    before = store.dump()
    removes = any(item["method"].upper() == "DELETE" for item in call.body)
    contents = {key: blobs.read(sandbox, key) for key in blobs.keys(sandbox) if removes}

    def undo() -> None:
        store.load(before, sandbox)
        for key, content in contents.items():
            if content is not None and blobs.size(sandbox, key) is None:
                blobs.put(sandbox, key, content)

    return undo


def _perform(call: Call) -> Reply:
    answers: dict[str, Json] = {}
    results: list[JsonObject] = []
    for item in call.body:
        reply = call.perform(_part(fill(item, answers)))
        failed = reply.status >= 400
        if failed and item["method"].upper() != "GET":
            return reply
        answers[item["id"]] = reply.body
        code = reply.status if failed else 200
        results.append({"id": item["id"], "code": code, "body": reply.body})
    return Reply(200, results)


def _part(item: JsonObject) -> Part:
    sent = {name.lower(): str(value) for name, value in item.get("headers", {}).items()}
    headers = {"content-type": "application/json", **sent}
    body = dumps(item["body"]) if "body" in item else b""
    return Part(item["method"].upper(), str(item["resource"]), headers, body)
