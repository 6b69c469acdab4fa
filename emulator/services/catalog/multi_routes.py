"""The view of several requests in one: carried out in order, and undone together."""

from __future__ import annotations

from emulator.filters.templates import fill
from emulator.json_types import Json, JsonObject, dumps
from emulator.web import Call, Part, Reply, operation


@operation("catalog.perform_requests")
def perform_requests(call: Call) -> Reply:
    """Carry out several requests in order; if a change among them fails, none is made.

    The refusal of a change is the answer to the whole then. A lookup that fails is told of in its
    own place, as the guide says. What is created answers 200 here, as in the guide's sample.
    """
    before = call.platform.store.dump()
    try:
        reply = _perform(call)
    except BaseException:
        call.platform.store.load(before, call.sandbox)
        raise
    if reply.status >= 400:
        call.platform.store.load(before, call.sandbox)
    return reply


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
