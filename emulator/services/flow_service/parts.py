"""What a flow was made of when it came to life: later patches of its connections do not reach it.

Source: "Update dataflows using the Flow Service API", which advises to make new connections.
"""

from __future__ import annotations

from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.services.flow_service.kinds import SOURCE_CONNECTION, TARGET_CONNECTION, Kind
from emulator.store import Change

PARTS = "flow_parts"


class Parts:
    """The source and target connection of each flow, as they were."""

    def __init__(self, platform: Platform) -> None:
        self._store = platform.store

    def of(self, sandbox: Sandbox, flow_id: str) -> JsonObject:
        """Return a flow's `source` and `target`, each None if it has none."""
        stored = self._store.read(sandbox, PARTS, flow_id)
        return stored.body if stored else {"source": None, "target": None}

    def keep(self, sandbox: Sandbox, flow: JsonObject) -> None:
        """Remember what a flow is made of now; it stays so until the flow names others.

        What a draft is made of may still change, so it is looked at again until it is published.
        """
        ids = [flow.get("sourceConnectionIds"), flow.get("targetConnectionIds")]
        known = self.of(sandbox, flow["id"])
        if known.get("ids") == ids and not known.get("draft"):
            return
        parts = {
            "ids": ids,
            "draft": flow.get("state") == "draft",
            "source": self._first(sandbox, SOURCE_CONNECTION, ids[0]),
            "target": self._first(sandbox, TARGET_CONNECTION, ids[1]),
        }
        self._store.write(Change(sandbox, PARTS, flow["id"], parts))

    def forget(self, sandbox: Sandbox, flow_id: str) -> None:
        """Forget a flow."""
        self._store.write(Change(sandbox, PARTS, flow_id, None))

    def _first(self, sandbox: Sandbox, kind: Kind, ids: Json) -> JsonObject | None:
        id = ids[0] if isinstance(ids, list) and ids else None
        stored = self._store.read(sandbox, kind.name, id) if isinstance(id, str) else None
        return stored.body if stored else None
