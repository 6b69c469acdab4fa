"""What rules ask of sandboxes."""

from __future__ import annotations

from emulator.facts import fact
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.sandbox_management.service import Sandboxes


@fact()
def holder_of_name(service: Sandboxes, scope: Scope, name: str) -> JsonObject | None:
    """Return the sandbox that keeps a name from being given again, as an object with its `id`."""
    return {"id": name} if service.holds_name(scope, name) else None
