"""The runs of all sandboxes: a list of them, and a flow that is run now."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from flask import Response, request

from emulator.admin.places import catch_up_all, only_one, unknown
from emulator.admin.replies import QueryError, Routes, answer, error, read_object, read_query
from emulator.by_name import named
from emulator.due import run_now
from emulator.json_types import JsonObject
from emulator.ongoing import Interrupted
from emulator.run_summary import run_summary
from emulator.scope import Scope
from emulator.store import ALL, Hint, Stored
from emulator.web.engine import Engine

LISTED, MAX_LISTED = 50, 1000
"""How many runs are listed without `limit`, and at most."""

ORDER = "expected an object with flow, and organization and sandbox if needed, all text"
_PARAMETERS = ("organization", "sandbox", "flow", "state")


def routes(engine: Engine) -> Routes:
    """Return path, method and view of each call."""
    views = _Views(engine)
    return [
        ("/runs", "GET", views.listed),
        ("/runs", "POST", views.order),
        ("/runs/<path:id>", "GET", views.explained),
        ("/sandboxes", "GET", views.sandboxes),
    ]


class _Views:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def listed(self) -> Response:
        """List runs, those that changed last first: of all sandboxes, or as the query selects."""
        try:
            asked, limit = read_query(_PARAMETERS, LISTED, MAX_LISTED)
        except QueryError as problem:
            return error(400, "invalid query", str(problem))
        where = (asked.pop("organization", None), asked.pop("sandbox", None))
        catch_up_all(self._engine, *where)
        found = merge(
            *(_runs(scope, asked) for scope in self._engine.scopes("run", *where)), key=_age
        )
        rows = [run_summary(scope, stored.body) for scope, stored in islice(found, limit)]
        remark = "" if rows else self._unknown_flow(asked.get("flow", ""), *where)
        return answer({"runs": rows, **({"remark": remark} if remark else {})})

    def _unknown_flow(self, flow: str, organization: str | None, name: str | None) -> str:
        """Return that there is no such flow, and which it might have been; empty if there is."""
        places = list(self._engine.scopes("flow", organization, name))
        if not flow or any(named(scope, "flow", flow) for scope in places):
            return ""
        return unknown(places, "flow", flow, "flow")

    def explained(self, id: str) -> Response:
        """Explain a run by its id, the last run of a flow by its id or name, or of all: `last`."""
        # it knows how rows are read and judged, which the start does without
        from emulator.run_explanation import explain_run

        where = (request.args.get("organization") or None, request.args.get("sandbox") or None)
        catch_up_all(self._engine, *where)
        places = list(self._engine.scopes("run", *where))
        read = ((scope, scope.read("run", id)) for scope in places)
        found = next(((scope, run) for scope, run in read if run is not None), None)
        if found is None:
            asked = {} if id == "last" else {"flow": id}
            latest = merge(*(_runs(scope, asked) for scope in places), key=_age)
            found = next(((scope, stored.body) for scope, stored in latest), None)
        if found is None:
            said = "there is no run" if id == "last" else f"unknown run {id[:200]!r}"
            return error(404, "unknown run", f"{said}; aep-emulator runs lists them")
        return answer(explain_run(self._engine.platform.services, *found))

    def order(self) -> Response:
        """Run a flow now, and answer when its run has ended."""
        sent = read_object()
        if sent is None or not _is_order(sent):
            return error(400, "invalid body", ORDER)
        self._engine.platform.load()
        places = list(self._engine.scopes("flow", sent.get("organization"), sent.get("sandbox")))
        found = only_one(places, "flow", sent["flow"], "flow")
        if isinstance(found, Response):
            return found
        scope, flow = found
        try:
            run = run_now(self._engine, scope, flow)
        except ValueError as refused:
            return error(409, "not enabled", str(refused))
        except Interrupted as interrupted:
            return error(503, "interrupted", str(interrupted))
        return answer(run_summary(scope, run), 201)

    def sandboxes(self) -> Response:
        """List the sandboxes that hold anything."""
        platform = self._engine.platform
        platform.load()
        kinds = [model.kind for model in platform.documents if model.place == "sandbox"]
        found = sorted({box for kind in kinds for box in platform.store.sandboxes(kind)})
        listed = [{"organization": box.organization, "sandbox": box.name} for box in found]
        return answer({"sandboxes": listed})


def _runs(scope: Scope, asked: JsonObject) -> Iterator[tuple[Scope, Stored]]:
    """Yield the runs of a sandbox that are asked for, those that changed last first."""
    hint, flows, state = ALL, set[str](), asked.get("state")
    if flow := asked.get("flow"):
        flows = {found["id"] for found in named(scope, "flow", flow)} or {flow}
        if len(flows) == 1:
            hint = Hint(equal=tuple(("flowId", id) for id in flows))
    for stored in scope.recent("run", hint=hint):
        if (not flows or stored.body["flowId"] in flows) and state in (None, stored.body["state"]):
            yield scope, stored


def _age(found: tuple[Scope, Stored]) -> int:
    return -int(found[1].body["updatedAt"])


def _is_order(sent: JsonObject) -> bool:
    names = {"flow", "organization", "sandbox"}
    return (
        "flow" in sent and not set(sent) - names and all(isinstance(v, str) for v in sent.values())
    )
