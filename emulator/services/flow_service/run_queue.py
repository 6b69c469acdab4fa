"""What is due when: the next run of each enabled flow, and runs that were ordered for later.

There is nothing that works in the background. Whoever looks at runs or flows asks for what is due,
and the engine carries it out; so the answer to "is anything due?" has to cost next to nothing.
Others may write while a run is carried out, so what is read and written here is one step each.
"""

from __future__ import annotations

from emulator.data_plane.files import ConnectionFiles
from emulator.data_plane.schedule import due_after, first_due, read_schedule
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.interfaces import QueueEntry
from emulator.store import Store

QUEUE = "flow_agenda"
FIRST = "flow_agenda_first"
PROGRESS = "flow_progress"


class RunQueue:
    """What is due in each sandbox, and how far each flow has come."""

    def is_due(self, scope: Scope) -> bool:
        """Tell whether something is due by now."""
        first = scope.read(FIRST, FIRST)
        return first is not None and first["at"] <= scope.now()

    def due(self, scope: Scope) -> list[QueueEntry]:
        """Return what is due by now, the earliest first."""
        now = scope.now()
        entries = [QueueEntry(**body) for body in scope.bodies(QUEUE)]
        return sorted((entry for entry in entries if entry.at <= now), key=lambda entry: entry.at)

    def sandboxes(self, store: Store) -> list[Sandbox]:
        """Return the sandboxes that have something in the queue, in the order of their names."""
        return sorted(sandbox for sandbox, kind in store.dump().documents if kind == FIRST)

    def settle(self, scope: Scope) -> None:
        """Note what is due first, after what was due has been carried out."""
        with scope.exclusive():
            times = [body["at"] for body in scope.bodies(QUEUE)]
            scope.write(scope.change(FIRST, FIRST, {"at": min(times)} if times else None))

    def put(self, scope: Scope, entry: QueueEntry) -> None:
        """Put something into the queue, or to another time."""
        changes = [scope.change(QUEUE, entry.id, entry._asdict())]
        with scope.exclusive():
            first = scope.read(FIRST, FIRST)
            if first is None or entry.at < first["at"]:
                changes.append(scope.change(FIRST, FIRST, {"at": entry.at}))
            scope.write(*changes)

    def plan(self, scope: Scope, flow_id: str, at: int | None) -> None:
        """Put a flow's next run into the queue; None if there is none."""
        if at is None:
            self.drop(scope, flow_id)
        else:
            self.put(scope, QueueEntry(flow_id, at, "flow"))

    def wait(self, scope: Scope, run_id: str, at: int) -> None:
        """Have a run carried out at a time, in milliseconds."""
        self.put(scope, QueueEntry(run_id, at, "run"))

    def drop(self, scope: Scope, id: str) -> None:
        """Take a flow's next run, or a run, out of the queue."""
        scope.write(scope.change(QUEUE, id, None))

    def progress(self, scope: Scope, flow_id: str) -> JsonObject:
        """Return how far a flow has come: what it has read, and when it was last due."""
        return scope.read(PROGRESS, flow_id) or {}

    def note(self, scope: Scope, flow_id: str, progress: JsonObject) -> None:
        """Remember, beside what is known, how far a flow has come."""
        with scope.exclusive():
            known = self.progress(scope, flow_id)
            scope.write(scope.change(PROGRESS, flow_id, {**known, **progress}))

    def flow_changed(self, scope: Scope, flow: JsonObject) -> None:
        """Plan a flow's next run anew if its schedule or its state is another one than before."""
        progress = self.progress(scope, flow["id"])
        plan = {"schedule": flow.get("scheduleParams"), "state": flow.get("state")}
        if progress.get("plan") == plan:
            return
        # What is written from now on is too late for a run that is due this very moment.
        last_file = ConnectionFiles(scope.platform).latest(scope.sandbox)
        self.note(scope, flow["id"], {"plan": plan, "lastFile": last_file})
        schedule = read_schedule(plan["schedule"])
        at, now = None, scope.now()
        if schedule and plan["state"] == "enabled":
            last = progress.get("lastDue")
            at = first_due(schedule, now) if last is None else due_after(schedule, max(last, now))
        self.plan(scope, flow["id"], at)

    def flow_deleted(self, scope: Scope, flow_id: str) -> None:
        """Forget a flow."""
        scope.write(scope.change(QUEUE, flow_id, None), scope.change(PROGRESS, flow_id, None))
