"""What rules ask of the Flow Service."""

from __future__ import annotations

from emulator.scope import Scope, fact
from emulator.services.flow_service.kinds import FLOW
from emulator.services.flow_service.service import FlowService


@fact()
def started_flow(service: FlowService, scope: Scope, flow_id: str) -> bool:
    """Tell whether a flow's start time has passed: its schedule's start is fixed then."""
    flow = scope.read(FLOW.name, flow_id) or {}
    start = str((flow.get("scheduleParams") or {}).get("startTime", ""))
    is_time = start.isdecimal() and len(start) <= 18
    return is_time and int(start) * 1000 <= scope.now()
