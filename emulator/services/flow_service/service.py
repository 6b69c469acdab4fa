"""The verbs of the Flow Service's domain: create, patch, delete, enable, disable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator import json_patch
from emulator.data_plane.delta import delta_column, transformation
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.services.flow_service import inherited
from emulator.services.flow_service.agenda import Agenda
from emulator.services.flow_service.explore import Explorer
from emulator.services.flow_service.inherited import Find
from emulator.services.flow_service.inlet import with_inlet
from emulator.services.flow_service.kinds import (
    CONNECTION,
    FLOW,
    KINDS,
    SOURCE_CONNECTION,
    TARGET_CONNECTION,
    Kind,
)
from emulator.services.flow_service.parts import Parts
from emulator.services.flow_service.runs import Runs
from emulator.services.flow_service.specs import Specs
from emulator.store import Change, Stored

_SERVER_MADE = (
    "id",
    "createdAt",
    "updatedAt",
    "createdBy",
    "updatedBy",
    "createdClient",
    "updatedClient",
    "sandboxId",
    "sandboxName",
    "imsOrgId",
    "version",
    "etag",
    "inheritedAttributes",
    "lastOperation",
    "lastRunDetails",
    "runs",
    "providerRefId",
    "state",
)


class FlowService:
    """Connections, source and target connections and flows of every sandbox; specs of all."""

    def __init__(self, platform: Platform) -> None:
        self.platform = self._platform = platform
        self._store = platform.store
        self.specs = Specs(platform)
        self.runs = Runs(platform)
        self.agenda = Agenda(platform)
        self.parts = Parts(platform)
        self.explorer = Explorer(platform)

    def finders(self) -> Mapping[str, Finder]:
        return {
            **{kind.name: self._finder(kind) for kind in KINDS},
            **self.specs.finders(),
            **self.runs.finders(),
        }

    def listers(self) -> Mapping[str, Lister]:
        return {kind.name: self._lister(kind) for kind in KINDS}

    def _finder(self, kind: Kind) -> Finder:
        def find(scope: Scope, key: str) -> JsonObject | None:
            stored = self._store.read(scope.sandbox, kind.name, key)
            return stored.body if stored else None

        return find

    def _lister(self, kind: Kind) -> Lister:
        def entities(scope: Scope) -> list[JsonObject]:
            return [stored.body for stored in self._store.scan(scope.sandbox, kind.name)]

        return entities

    def scan(self, sandbox: Sandbox, kind: Kind, after: int = 0) -> Iterator[Stored]:
        """Yield the entities of a kind in order of creation."""
        return self._store.scan(sandbox, kind.name, after)

    def create(
        self,
        sandbox: Sandbox,
        kind: Kind,
        body: JsonObject,
        find: Find,
        client: str,
        state: str = "enabled",
    ) -> JsonObject:
        """Store a new entity and return it whole.

        Args:
            body: The accepted request; members that nobody documents are kept.
            find: Finds what the entity is made of, in the sandbox and edition of the call.
            client: The API key of the caller.
            state: `enabled`, or `draft` for one that may be incomplete until it is published.
        """
        id = self._platform.new_uuid(sandbox, kind.name)
        now = self._platform.clock.now()
        user = self._platform.user_id(client)
        entity = {
            "id": id,
            "createdAt": now,
            "updatedAt": now,
            "createdBy": user,
            "updatedBy": user,
            "createdClient": client,
            "updatedClient": client,
            "sandboxId": self._platform.sandbox_id(sandbox),
            "sandboxName": sandbox.name,
            "imsOrgId": sandbox.organization,
            **{name: value for name, value in body.items() if name not in _SERVER_MADE},
            "state": state,
            **inherited.INHERITED[kind.name](body, find),
        }
        if kind is FLOW:
            entity["runs"] = f"/runs?property=flowId=={id}"
            entity["lastOperation"] = {"started": now, "updated": now, "operation": "create"}
        entity = with_inlet(kind.name, entity, find, self._platform.ids)
        self._tag(entity, 1, now)
        self._store.write(Change(sandbox, kind.name, id, entity, expected=0))
        if kind is FLOW:
            self._follow(sandbox, entity)
        return entity

    def patch(
        self,
        sandbox: Sandbox,
        kind: Kind,
        entity: JsonObject,
        patch: Json,
        find: Find,
        client: str,
    ) -> JsonObject:
        """Apply a JSON Patch to an entity and return it with its new etag."""
        patched = json_patch.apply(entity, patch if isinstance(patch, list) else [])
        sent = {name: value for name, value in patched.items() if name not in _SERVER_MADE}
        kept = {name: entity[name] for name in _SERVER_MADE if name in entity}
        changed = {**sent, **kept, **inherited.INHERITED[kind.name](sent, find)}
        changed = with_inlet(kind.name, changed, find, self._platform.ids)
        changed = self._touch(changed, client)
        if kind is FLOW:
            changed["lastOperation"] = {
                "started": changed["updatedAt"],
                "updated": changed["updatedAt"],
                "percentCompleted": 100.0,
                "status": {"value": "completed", "errors": []},
                "ops": patch,
                "operation": "update",
            }
        return self._rewrite(sandbox, kind, changed)

    def set_state(
        self, sandbox: Sandbox, kind: Kind, entity: JsonObject, state: str, client: str
    ) -> JsonObject:
        """Put an entity into a state and return it with its new etag."""
        return self._rewrite(sandbox, kind, {**self._touch(entity, client), "state": state})

    def keep_delta_column(
        self, sandbox: Sandbox, flow: JsonObject, column: JsonObject
    ) -> JsonObject:
        """Put the delta column of a flow's first run into its transformation Copy (documented)."""
        if delta_column(flow) is not None:
            return flow
        copied = transformation(flow, "Copy") or {}
        copy = {"name": "Copy", "params": {**copied, "deltaColumn": column}}
        others = [item for item in flow.get("transformations") or [] if item.get("name") != "Copy"]
        now = self._platform.clock.now()
        changed = {**flow, "transformations": [copy, *others], "updatedAt": now}
        return self._rewrite(sandbox, FLOW, changed)

    def storage_role(self, organization: str) -> str:
        """Return the role that a storage has to let in for an organization's connections."""
        digits = self._platform.ids.hex(Sandbox(organization, ""), "account", 0, 16)
        return f"arn:aws:iam::{int(digits, 16) % 10**12:012}:role/aep-emulator"

    def _touch(self, entity: JsonObject, client: str) -> JsonObject:
        return {
            **entity,
            "updatedAt": self._platform.clock.now(),
            "updatedBy": self._platform.user_id(client),
            "updatedClient": client,
        }

    def _rewrite(self, sandbox: Sandbox, kind: Kind, entity: JsonObject) -> JsonObject:
        stored = self._store.read(sandbox, kind.name, entity["id"])
        version = stored.version if stored else 0
        self._tag(entity, version + 1, entity["updatedAt"])
        self._store.write(Change(sandbox, kind.name, entity["id"], entity, expected=version))
        if kind is FLOW:
            self._follow(sandbox, entity)
        return entity

    def _follow(self, sandbox: Sandbox, flow: JsonObject) -> None:
        """Keep what a flow is made of and when it runs next, after it has been written."""
        self.parts.keep(sandbox, flow)
        self.agenda.changed(sandbox, flow)

    def note_run(self, sandbox: Sandbox, run: JsonObject) -> None:
        """Show a run that has ended as its flow's last one; the flow keeps its etag."""
        stored = self._store.read(sandbox, FLOW.name, run["flowId"])
        if stored is not None:
            duration = run["metrics"].get("durationSummary") or {}
            last = {"id": run["id"], "state": run["state"], **duration}
            last.pop("extensions", None)
            flow = {**stored.body, "lastRunDetails": last}
            self._store.write(Change(sandbox, FLOW.name, stored.key, flow))

    def replace_run(
        self, sandbox: Sandbox, run: JsonObject, body: JsonObject, client: str
    ) -> JsonObject:
        """Put what a provider tells in place of a run; its flow shows it if it is the last one."""
        replaced = self.runs.replace(sandbox, run, body, client)
        flow = self._store.read(sandbox, FLOW.name, run["flowId"])
        last = (flow.body.get("lastRunDetails") if flow else None) or {}
        if last.get("id") == run["id"]:
            self.note_run(sandbox, replaced)
        return replaced

    def _tag(self, entity: JsonObject, version: int, now: int) -> None:
        entity["version"] = entity["etag"] = self._platform.ids.etag(entity["id"], version, now)

    def delete(self, sandbox: Sandbox, kind: Kind, id: str) -> None:
        """Delete an entity; a base connection takes along what was made on it for no flow."""
        changes = [Change(sandbox, kind.name, id, None)]
        if kind is CONNECTION:
            for made in (SOURCE_CONNECTION, TARGET_CONNECTION):
                changes.extend(
                    Change(sandbox, made.name, stored.key, None)
                    for stored in self.scan(sandbox, made)
                    if stored.body.get("baseConnectionId") == id
                )
        self._store.write(*changes)
        if kind is FLOW:
            self.agenda.gone(sandbox, id)
            self.parts.forget(sandbox, id)
