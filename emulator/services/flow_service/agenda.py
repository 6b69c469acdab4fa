"""What is due when: the next run of each enabled flow, and runs that were ordered for later.

There is nothing that works in the background. Whoever looks at runs or flows asks for what is due,
and the engine carries it out; so the answer to "is anything due?" has to cost next to nothing.
"""

from __future__ import annotations

from emulator.data_plane.schedule import due_after, first_due, read_schedule
from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.services.interfaces import QueueEntry
from emulator.store import Change

AGENDA = "flow_agenda"
FIRST = "flow_agenda_first"
PROGRESS = "flow_progress"


class Agenda:
    """The agenda of every sandbox, and how far each flow has come."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store

    def due(self, sandbox: Sandbox) -> list[QueueEntry]:
        """Return what is due by now, the earliest first."""
        now = self._platform.clock.now()
        first = self._store.read(sandbox, FIRST, FIRST)
        if first is None or first.body["at"] > now:
            return []
        entries = [QueueEntry(**stored.body) for stored in self._store.scan(sandbox, AGENDA)]
        return sorted((entry for entry in entries if entry.at <= now), key=lambda entry: entry.at)

    def sandboxes(self) -> list[Sandbox]:
        """Return the sandboxes that have something on their agenda, in the order of their names."""
        places = self._store.dump().documents
        return sorted(sandbox for sandbox, kind in places if kind == FIRST)

    def settle(self, sandbox: Sandbox) -> None:
        """Note what is due first, after what was due has been carried out."""
        times = [stored.body["at"] for stored in self._store.scan(sandbox, AGENDA)]
        self._store.write(
            Change(sandbox, FIRST, FIRST, {"at": min(times)} if times else None),
        )

    def put(self, sandbox: Sandbox, entry: QueueEntry) -> None:
        """Put something on the agenda, or to another time."""
        changes = [Change(sandbox, AGENDA, entry.id, entry._asdict())]
        first = self._store.read(sandbox, FIRST, FIRST)
        if first is None or entry.at < first.body["at"]:
            changes.append(Change(sandbox, FIRST, FIRST, {"at": entry.at}))
        self._store.write(*changes)

    def plan(self, sandbox: Sandbox, flow_id: str, at: int | None) -> None:
        """Put a flow's next run on the agenda; None if there is none."""
        if at is None:
            self.drop(sandbox, flow_id)
        else:
            self.put(sandbox, QueueEntry(flow_id, at, "flow"))

    def wait(self, sandbox: Sandbox, run_id: str, at: int) -> None:
        """Have a run carried out at a time, in milliseconds."""
        self.put(sandbox, QueueEntry(run_id, at, "run"))

    def drop(self, sandbox: Sandbox, id: str) -> None:
        """Take something off the agenda."""
        self._store.write(Change(sandbox, AGENDA, id, None))

    def progress(self, sandbox: Sandbox, flow_id: str) -> JsonObject:
        """Return how far a flow has come: what it has read, and when it was last due."""
        stored = self._store.read(sandbox, PROGRESS, flow_id)
        return stored.body if stored else {}

    def note(self, sandbox: Sandbox, flow_id: str, progress: JsonObject) -> None:
        """Remember how far a flow has come."""
        self._store.write(Change(sandbox, PROGRESS, flow_id, progress))

    def changed(self, sandbox: Sandbox, flow: JsonObject) -> None:
        """Plan a flow's next run anew if its schedule or its state is another one than before."""
        progress = self.progress(sandbox, flow["id"])
        plan = {"schedule": flow.get("scheduleParams"), "state": flow.get("state")}
        if progress.get("plan") == plan:
            return
        self.note(sandbox, flow["id"], {**progress, "plan": plan})
        schedule = read_schedule(plan["schedule"])
        now = self._platform.clock.now()
        at = None
        if schedule and plan["state"] == "enabled":
            last = progress.get("lastDue")
            at = first_due(schedule, now) if last is None else due_after(schedule, max(last, now))
        self.plan(sandbox, flow["id"], at)

    def gone(self, sandbox: Sandbox, flow_id: str) -> None:
        """Forget a flow."""
        self._store.write(
            Change(sandbox, AGENDA, flow_id, None), Change(sandbox, PROGRESS, flow_id, None)
        )
