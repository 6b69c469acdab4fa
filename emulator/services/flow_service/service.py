"""The verbs of the Flow Service's domain: create, patch, delete, enable, disable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from threading import RLock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from emulator import json_patch
from emulator.claims import RUNNER, only, working_on
from emulator.data_plane.delta import delta_column, transformation
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope, stored_finder, stored_lister
from emulator.services.flow_service.connections import (
    CONNECTION,
    SOURCE_CONNECTION,
    TARGET_CONNECTION,
    inherited_by_connection,
    with_inlet,
)
from emulator.services.flow_service.flows import (
    FLOW,
    PARTS,
    inherited_by_flow,
    keep_parts,
    parts_of,
)
from emulator.services.flow_service.run_queue import RunQueue
from emulator.services.flow_service.runs import RUN, Runs
from emulator.services.flow_service.specs import SPEC_KINDS, spec_finder
from emulator.storage.base import StorageError
from emulator.store import Hint

if TYPE_CHECKING:
    from emulator.data_plane.runs import FlowEngine

_log = logging.getLogger("emulator")

KINDS = (CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION, FLOW)

_SERVER_MADE = (
    "id createdAt updatedAt createdBy updatedBy createdClient updatedClient sandboxId sandboxName"
    " imsOrgId version etag inheritedAttributes lastOperation lastRunDetails runs providerRefId"
    " state"
).split()
_INHERITED: dict[str, Callable[[Scope, JsonObject], JsonObject]] = {
    CONNECTION: lambda scope, body: {},
    SOURCE_CONNECTION: inherited_by_connection,
    TARGET_CONNECTION: inherited_by_connection,
    FLOW: inherited_by_flow,
}


class FlowService:
    """Connections, source and target connections and flows of every sandbox."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.runs = Runs()
        self.queue = RunQueue()
        self._running: WeakValueDictionary[Sandbox, RLock] = WeakValueDictionary()

    def finders(self) -> Mapping[str, Finder]:
        return {
            **{kind: stored_finder(kind) for kind in (*KINDS, RUN)},
            **{kind: spec_finder(kind) for kind in SPEC_KINDS},
        }

    def listers(self) -> Mapping[str, Lister]:
        return {kind: stored_lister(kind) for kind in KINDS}

    def is_due(self, scope: Scope) -> bool:
        return self.queue.is_due(scope)

    def catch_up(self, scope: Scope, *, waits: bool = False) -> int:
        if not self.queue.is_due(scope):
            return 0
        with self.running(scope, waits=waits) as is_ours:
            return self.engine(scope).catch_up() if is_ours else 0

    def end_left_behind(self, scope: Scope, run_id: str) -> None:
        run = self.runs.find(scope, run_id)
        if run is not None:
            self.engine(scope).interrupted(run)

    def pass_over(self, scope: Scope, until: int) -> None:
        with self.running(scope, waits=True):
            self.engine(scope).pass_over(until)

    @contextmanager
    def running(self, scope: Scope, *, waits: bool) -> Iterator[bool]:
        """Carry out runs of a sandbox in the block, where one thread at a time does.

        Yields whether it is this one: without `waits` it is not if another is at it, also one of
        another process. Nobody who is in the sandbox's exclusive section may wait, because whoever
        carries out a run enters it.
        """
        lock = self._running.get(scope.sandbox)
        if lock is None:
            lock = self._running.setdefault(scope.sandbox, RLock())
        is_ours = lock.acquire(blocking=waits)
        try:
            if is_ours and scope.platform.processes.number:
                with only(scope, RUNNER, waits=waits) as is_runner:
                    yield is_runner
            else:
                with scope.platform.ongoing.work(scope.sandbox):
                    yield is_ours
        finally:
            if is_ours:
                lock.release()

    def order(self, scope: Scope, flow: JsonObject, sent: JsonObject) -> JsonObject:
        """Make a run of a flow that was ordered and return it; it waits if it is for later."""
        return self.engine(scope).order(flow, sent)

    def carry_out(self, scope: Scope, run: JsonObject, *, again: bool = False) -> JsonObject:
        """Carry out a run now, for the first time or again, and return it."""
        if again:
            with self.running(scope, waits=True):
                self.runs.claim(scope, run["id"])
                with working_on(scope, run["id"]):
                    return self.engine(scope).carry_out(run, again=True)
        with working_on(scope, run["id"]), self.running(scope, waits=True):
            return self.engine(scope).carry_out(run)

    def engine(self, scope: Scope) -> FlowEngine:
        """Return what carries out runs in a sandbox."""
        from emulator.data_plane.runs import FlowEngine  # only where something is due

        return FlowEngine(self._platform, scope)

    def create(
        self, scope: Scope, kind: str, body: JsonObject, state: str = "enabled"
    ) -> JsonObject:
        """Store a new entity and return it whole.

        Args:
            scope: Where, and who creates it.
            kind: What it is.
            body: The accepted request; members that nobody documents are kept.
            state: `enabled`, or `draft` for one that may be incomplete until it is published.
        """
        now, user = scope.now(), scope.user_id
        entity = {
            "id": scope.new_uuid(kind),
            "createdAt": now,
            "updatedAt": now,
            "createdBy": user,
            "updatedBy": user,
            "createdClient": scope.client,
            "updatedClient": scope.client,
            "sandboxId": scope.sandbox_id,
            "sandboxName": scope.sandbox.name,
            "imsOrgId": scope.organization,
            **{name: value for name, value in body.items() if name not in _SERVER_MADE},
            "state": state,
            **_INHERITED[kind](scope, body),
        }
        if kind == FLOW:
            entity["runs"] = f"/runs?property=flowId=={entity['id']}"
            entity["lastOperation"] = {"started": now, "updated": now, "operation": "create"}
        return self._write(scope, kind, with_inlet(scope, kind, entity), 0)

    def patch(self, scope: Scope, kind: str, entity: JsonObject, patch: Json) -> JsonObject:
        """Apply a JSON Patch to an entity and return it with its new etag."""
        patched = json_patch.apply(entity, patch if isinstance(patch, list) else [])
        sent = {name: value for name, value in patched.items() if name not in _SERVER_MADE}
        kept = {name: entity[name] for name in _SERVER_MADE if name in entity}
        changed = {**sent, **kept, **_INHERITED[kind](scope, sent)}
        changed = _touched(scope, with_inlet(scope, kind, changed))
        if kind == FLOW:
            changed["lastOperation"] = {
                "started": changed["updatedAt"],
                "updated": changed["updatedAt"],
                "percentCompleted": 100.0,
                "status": {"value": "completed", "errors": []},
                "ops": patch,
                "operation": "update",
            }
        return self._rewrite(scope, kind, changed)

    def set_state(self, scope: Scope, kind: str, entity: JsonObject, state: str) -> JsonObject:
        """Put an entity into a state and return it with its new etag."""
        return self._rewrite(scope, kind, {**_touched(scope, entity), "state": state})

    def keep_delta_column(self, scope: Scope, flow: JsonObject, column: JsonObject) -> JsonObject:
        """Put the delta column of a flow's first run into its transformation Copy (documented)."""
        if delta_column(flow) is not None:
            return flow
        copied = transformation(flow, "Copy") or {}
        copy = {"name": "Copy", "params": {**copied, "deltaColumn": column}}
        others = [item for item in flow.get("transformations") or [] if item.get("name") != "Copy"]
        changed = {**flow, "transformations": [copy, *others], "updatedAt": scope.now()}
        return self._rewrite(scope, FLOW, changed)

    def parts_of(self, scope: Scope, flow_id: str) -> JsonObject:
        """Return a flow's `source` and `target` connection as they were when it was made."""
        return parts_of(scope, flow_id)

    def note_run(self, scope: Scope, run: JsonObject) -> None:
        """Show a run that has ended as its flow's last one; the flow keeps its etag."""
        flow = scope.read(FLOW, run["flowId"])
        if flow is not None:
            duration = run["metrics"].get("durationSummary") or {}
            last = {"id": run["id"], "state": run["state"], **duration}
            last.pop("extensions", None)
            scope.write(scope.change(FLOW, flow["id"], {**flow, "lastRunDetails": last}))

    def replace_run(self, scope: Scope, run: JsonObject, body: JsonObject) -> JsonObject:
        """Put what a provider tells in place of a run; its flow shows it if it is the last one."""
        replaced = self.runs.replace(scope, run, body)
        last = (scope.read(FLOW, run["flowId"]) or {}).get("lastRunDetails") or {}
        if last.get("id") == run["id"]:
            self.note_run(scope, replaced)
        return replaced

    def lets_in(self, scope: Scope, connection: JsonObject) -> bool:
        """Tell whether the storage or database of a connection lets it in; one without has none.

        The log says why it does not.
        """
        if not scope.platform.endpoints:
            return True
        from emulator.data_plane.areas import area_of
        from emulator.data_plane.real_tables import UnreachableDatabase, database_of, try_database

        try:
            database = database_of(scope, connection["id"])
            if database is not None:
                try_database(database)
            else:
                with closing(area_of(scope, connection["id"])) as area:
                    area.check()
        except (UnreachableDatabase, StorageError) as error:
            _log.info("connection %s: %s", connection["id"], error)
            return False
        return True

    def delete(self, scope: Scope, kind: str, id: str) -> None:
        """Delete an entity; a base connection takes along what was made on it for no flow."""
        changes = [scope.change(kind, id, None)]
        if kind == CONNECTION:
            for made in (SOURCE_CONNECTION, TARGET_CONNECTION):
                changes.extend(
                    scope.change(made, stored.key, None)
                    for stored in scope.scan(made, hint=Hint(texts=(id,)))
                    if stored.body.get("baseConnectionId") == id
                )
        if kind == FLOW:
            changes.append(scope.change(PARTS, id, None))
        scope.write(*changes)
        if kind == FLOW:
            self.queue.flow_deleted(scope, id)

    def _rewrite(self, scope: Scope, kind: str, entity: JsonObject) -> JsonObject:
        stored = scope.stored(kind, entity["id"])
        return self._write(scope, kind, entity, stored.version if stored else 0)

    def _write(self, scope: Scope, kind: str, entity: JsonObject, version: int) -> JsonObject:
        """Write an entity over a version of it, with a new etag.

        It is the most recent of its kind then. Of a flow, what it is made of and when it runs next
        are kept too.
        """
        etag = scope.etag(entity["id"], version + 1, entity["updatedAt"])
        entity["version"] = entity["etag"] = etag
        scope.write(scope.change(kind, entity["id"], entity, expected=version, moves=True))
        if kind == FLOW:
            keep_parts(scope, entity)
            self.queue.flow_changed(scope, entity)
        return entity


def _touched(scope: Scope, entity: JsonObject) -> JsonObject:
    return {
        **entity,
        "updatedAt": scope.now(),
        "updatedBy": scope.user_id,
        "updatedClient": scope.client,
    }
