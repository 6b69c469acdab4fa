"""What is due when: the next run of each enabled flow, and runs that were ordered for later.

Whoever looks at runs or flows asks for what is due, and so does the thread of a served emulator;
the engine carries it out. So the answer to "is anything due?" has to cost next to nothing.
Others may write while a run is carried out, so what is read and written here is one step each.
"""

from __future__ import annotations

from emulator.clock import MAX_MOMENT
from emulator.data_plane.files import ConnectionFiles
from emulator.data_plane.schedule import due_after, first_due, read_schedule
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.interfaces import FIRST_DUE, QueueEntry

QUEUE = "flow_agenda"
PROGRESS = "flow_progress"


class RunQueue:
    """What is due in each sandbox, and how far each flow has come."""

    def first(self, scope: Scope, after: int = -1) -> int | None:
        """Return when something is due first, in milliseconds, later than a time; None if never."""
        first = scope.read(FIRST_DUE, FIRST_DUE)
        if first is None or first["at"] > after:
            return None if first is None else first["at"]
        # What a client or a fault holds up stays due.
        times = (body["at"] for body in scope.bodies(QUEUE))
        return min((at for at in times if at > after), default=None)

    def is_due(self, scope: Scope) -> bool:
        """Tell whether something is due by now."""
        first = self.first(scope)
        return first is not None and first <= scope.now()

    def due(self, scope: Scope, by: int | None = None) -> list[QueueEntry]:
        """Return what is due by now, or by another time, the earliest first."""
        now = scope.now() if by is None else by
        entries = [QueueEntry(**body) for body in scope.bodies(QUEUE)]
        return sorted((entry for entry in entries if entry.at <= now), key=lambda entry: entry.at)

    def planned(self, scope: Scope, id: str) -> int | None:
        """Return when a flow or a run is due, in milliseconds; None if it is not in the queue."""
        entry = scope.read(QUEUE, id)
        return None if entry is None else entry["at"]

    def settle(self, scope: Scope) -> None:
        """Note what is due first, after what was due has been carried out."""
        with scope.exclusive():
            times = [body["at"] for body in scope.bodies(QUEUE)]
            scope.write(scope.change(FIRST_DUE, FIRST_DUE, {"at": min(times)} if times else None))

    def put(self, scope: Scope, entry: QueueEntry) -> None:
        """Put something into the queue, or to another time; what is never due is not kept."""
        if entry.at > MAX_MOMENT:
            self.drop(scope, entry.id)
            return
        changes = [scope.change(QUEUE, entry.id, entry._asdict())]
        with scope.exclusive():
            first = self.first(scope)
            is_first = first is None or entry.at < first
            if is_first:
                changes.append(scope.change(FIRST_DUE, FIRST_DUE, {"at": entry.at}))
            scope.write(*changes)
        if is_first:
            scope.platform.due_changed()

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
