"""The flow engine: carries out runs, on order or when they are due, and records how they went.

Runs that are due are carried out in the order of their times: at their time, when a clock is moved,
or before a call reads runs or flows; so with a manual clock the same calls give the same runs.
What a run reads was there when it was ordered or became due, even within one
millisecond: files are numbered. Others may write while a run reads; what it brings is written in
one step at its end.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heapify, heappop, heappush

from emulator.claims import working_on
from emulator.clock import on_the_machine
from emulator.data_plane.delta import (
    DeltaColumn,
    Elsewhere,
    Selection,
    delta_column,
    kept_elsewhere,
    ordered_window,
    since_last_run,
    window_of,
)
from emulator.data_plane.errors import SOURCE_FAILED
from emulator.data_plane.files import ConnectionFiles
from emulator.data_plane.job import carry_out
from emulator.data_plane.metrics import RunReport, RunResult, told_passed_over, told_taken
from emulator.data_plane.schedule import Schedule, due_after, read_schedule, read_time
from emulator.json_types import MISSING, Json, JsonObject, as_object, dotted
from emulator.ongoing import INTERRUPTED, INTERRUPTED_TEXT
from emulator.platform import Platform
from emulator.scope import Scope

_FLOW_IS_GONE = {
    "status": "failed",
    "errors": [{"code": SOURCE_FAILED, "message": "The flow does not exist any more."}],
}

MAX_CAUGHT_UP = 100
"""How many missed runs of a flow are carried out at once; older ones are passed over (assumed)."""

OPEN = ("scheduled", "queued", "inProgress")
"""Runs in these states have not ended."""


class FlowEngine:
    """Runs the flows of a sandbox, as one edition has their specs and schemas."""

    def __init__(self, platform: Platform, scope: Scope) -> None:
        self._platform = platform
        self._scope = scope
        self._flows = platform.services.flow_service
        self._queue = self._flows.queue

    def catch_up(self) -> int:
        """Carry out what is due in a sandbox, the earliest first; return how many runs ended.

        Raises:
            Interrupted: The process ends, or the sandbox has been erased.
        """
        queue = [(entry.at, entry.what, entry.id) for entry in self._queue.due(self._scope)]
        heapify(queue)
        seen: set[str] = set()
        ended, now = 0, self._scope.now()
        while queue:
            self._platform.ongoing.check()  # what has not begun stays due
            at, what, id = heappop(queue)
            if self._queue.planned(self._scope, id) != at:
                continue  # a client has changed its schedule or its state meanwhile
            if what == "run":
                ended += self._resume(id, at)
                continue
            flow, schedule = _flow_and_schedule(self._scope, id)
            if flow is None or schedule is None or (schedule.end or at) < at:
                self._queue.drop(self._scope, id)
                continue
            at = at if id in seen else _not_too_long_ago(schedule, at, now)
            seen.add(id)
            following = due_after(schedule, at)
            if following is not None and following <= now:
                heappush(queue, (following, "flow", id))
            ended += self._scheduled(flow, schedule, at, following)
        self._queue.settle(self._scope)
        return ended

    def pass_over(self, until: int) -> None:
        """Pass over the runs that nobody would carry out if all were due that are until then."""
        for entry in self._queue.due(self._scope, until):
            if entry.what == "flow":
                _, schedule = _flow_and_schedule(self._scope, entry.id)
                at = _not_too_long_ago(schedule, entry.at, until) if schedule else entry.at
                if at != entry.at:
                    self._queue.plan(self._scope, entry.id, at)
        self._queue.settle(self._scope)

    def order(self, flow: JsonObject, sent: JsonObject) -> JsonObject:
        """Make a run that was ordered and return it; one that is for later waits in the queue."""
        now = self._scope.now()
        users = {"createdBy": self._scope.user_id, "updatedBy": self._scope.user_id}
        clients = {"createdClient": self._scope.client, "updatedClient": self._scope.client}
        start = read_time(as_object(sent.get("params")).get("startTime"))
        is_for_later = start is not None and start > now
        state = "scheduled" if is_for_later else "inProgress"
        ordered = {**flow, **users, **clients}
        run = self._flows.runs.create(self._scope, ordered, sent, now, state)
        column = as_object(run.get("params")).get("deltaColumn")
        if isinstance(column, dict) and _takes_delta_column(self._scope, flow):
            self._flows.keep_delta_column(self._scope, flow, column)
        if start is not None and is_for_later:
            self._queue.wait(self._scope, run["id"], start)
        return run

    def carry_out(self, run: JsonObject, *, again: bool = False) -> JsonObject:
        """Carry out a run now; one that is made `again` reads only its own window (documented)."""
        flow, now = self._scope.find("flow", run["flowId"]), self._scope.now()
        if not again:
            return self._carry_out_or_fail(flow, run, now)
        if flow is None:
            return run
        caller = {"updatedBy": self._scope.user_id, "updatedClient": self._scope.client}
        return self._carry_out(flow, {**run, **caller}, now, self._elsewhere_too(window_of(run)))

    def _resume(self, run_id: str, at: int) -> int:
        """Carry out a run that waited for its time, or that was held up; tell whether it ended.

        It keeps waiting while its flow is disabled, and fails if its flow has been deleted.
        """
        with self._scope.exclusive():
            run = self._flows.runs.find(self._scope, run_id)
            self._queue.drop(self._scope, run_id)
            if run is None or run["state"] not in OPEN:
                return 0
            flow = self._scope.find("flow", run["flowId"])
            if flow is not None and flow["state"] != "enabled":
                self._queue.wait(self._scope, run_id, at)
                return 0
            self._flows.runs.claim(self._scope, run_id)
        with working_on(self._scope, run_id):
            return self._carry_out_or_fail(flow, run, self._scope.now())["state"] not in OPEN

    def _carry_out_or_fail(self, flow: JsonObject | None, run: JsonObject, at: int) -> JsonObject:
        """Carry out a run, which fails if its flow has been deleted meanwhile."""
        if flow is None:
            return self._hold({**run, "updatedAt": at}, _FLOW_IS_GONE, at)
        return self._carry_out(flow, run, at)

    def _scheduled(
        self, flow: JsonObject, schedule: Schedule, at: int, following: int | None
    ) -> int:
        """Make the run of a flow that is due at `at` and carry it out; tell whether it ended.

        That it has begun and when the next one is due are one step, so that it happens once.
        """
        with self._scope.exclusive():
            progress = self._queue.progress(self._scope, flow["id"])
            self._queue.plan(self._scope, flow["id"], following)
            self._queue.note(self._scope, flow["id"], {"lastDue": at})
            run = self._flows.runs.create(self._scope, flow, {}, at, "inProgress")
        selection = since_last_run(progress, at, progress.get("lastFile", 0))
        elsewhere = selection.elsewhere._replace(end=self._machine_time(at, 2**63))
        if "lastDue" not in progress and not schedule.backfill:
            selection = selection._replace(start=schedule.start, backfills=False)
            elsewhere = elsewhere._replace(start=self._machine_time(schedule.start, 0))
        selection = selection._replace(elsewhere=elsewhere)
        with working_on(self._scope, run["id"]):
            return self._carry_out(flow, run, at, selection)["state"] not in OPEN

    def _carry_out(
        self, flow: JsonObject, run: JsonObject, at: int, selection: Selection | None = None
    ) -> JsonObject:
        """Read, map and ingest what a run is about; return the run as it has been written."""
        run = {**run, "updatedAt": at}
        held = self._held(flow, run)
        if held is not None:
            return self._hold(run, held, at)
        progress = self._queue.progress(self._scope, flow["id"])
        if selection is None:
            last = ConnectionFiles(self._platform).latest(self._scope.sandbox)
            ordered = self._elsewhere_too(ordered_window(as_object(run.get("params"))))
            selection = ordered or since_last_run(progress, at, last)
        copy_id = self._scope.new_uuid("adf_run")
        delta = DeltaColumn(_delta_name(flow, run), progress.get("delta"), selection)
        landing = carry_out(self._platform.services, self._scope, flow, selection, delta)
        try:
            with self._scope.exclusive():
                result = landing.land()
                if selection.advances and not result.is_interrupted:
                    if not result.rows_in:
                        result = replace(result, before=_told_before(progress, at))
                    self._advance(run, at, selection, delta, result)
                return self._end(flow, run, at, selection, result, copy_id)
        except BaseException:
            landing.withdraw()
            raise

    def _end(
        self,
        flow: JsonObject,
        run: JsonObject,
        at: int,
        selection: Selection,
        result: RunResult,
        copy_id: str,
    ) -> JsonObject:
        """Write how a run went."""
        report = RunReport(at, (selection.start, min(selection.end, at)), _kind(flow), result)
        source, target = _first(flow, "sourceConnectionIds"), _first(flow, "targetConnectionIds")
        activities = report.activities(copy_id, source, target)
        run |= {"metrics": report.metrics(), "activities": activities}
        self._flows.runs.release(self._scope, run["id"])
        self._flows.runs.write(self._scope, run)
        self._flows.note_run(self._scope, run)
        return run

    def interrupted(self, run: JsonObject) -> None:
        """End a run whose process has ended, as an interrupted one: it has read nothing."""
        flow, at = self._scope.find("flow", run["flowId"]), run["createdAt"]
        error = {"code": INTERRUPTED, "message": INTERRUPTED_TEXT}
        run = {**run, "updatedAt": self._scope.now()}
        if flow is None:
            self._hold(run, {"status": "failed", "errors": [error]}, at)
            return
        progress = self._queue.progress(self._scope, flow["id"])
        selection = ordered_window(as_object(run.get("params"))) or since_last_run(progress, at, 0)
        result = RunResult(status="failed", copy_error=error, is_interrupted=True)
        self._end(flow, run, at, selection, result, self._scope.new_uuid("adf_run"))

    def _advance(
        self, run: JsonObject, at: int, selection: Selection, delta: DeltaColumn, result: RunResult
    ) -> None:
        """Remember how far a flow has read, so that its next run begins there, and which run did.

        What it has seen of a table that it could not read to the end does not count.
        """
        flow_id = run["flowId"]
        if self._scope.find("flow", flow_id) is None:
            return  # it has been deleted while it ran
        progress = self._queue.progress(self._scope, flow_id)
        files = ConnectionFiles(self._platform)
        read = files.last_number(self._scope.sandbox, selection.reaches)
        read = max(read, progress.get("read", 0))
        value = progress.get("delta") if result.copy_error else delta.reached
        reached: JsonObject = {"read": read, "until": selection.end, "delta": value}
        if self._platform.settings.files or self._platform.endpoints:
            reached["elsewhere"] = kept_elsewhere(selection.elsewhere.after(result.files))
        if result.rows_in or (result.files_in and not delta.name):
            counts = {"files": result.files_in, "rows": result.rows_in}
            reached["taken"] = {"run": run["id"], "at": at, **counts}
        if result.passed_over:
            reached["passedOver"] = result.kept_passed_over
        self._queue.note(self._scope, flow_id, reached)

    def _elsewhere_too(self, window: Selection | None) -> Selection | None:
        """Return a window that is one for the files of real storages too."""
        if window is None:
            return None
        start, end = self._machine_time(window.start, 0), self._machine_time(window.end, 2**63)
        return window._replace(elsewhere=Elsewhere(start, end))

    def _machine_time(self, moment: int, otherwise: int) -> int:
        """Return when the machine's clock showed what the emulator's shows at a moment.

        `otherwise` if the emulator's stands still: then storages, whose time goes on, are read as
        they are.
        """
        found = on_the_machine(self._platform.clock, moment)
        return otherwise if found is None else found

    def _held(self, flow: JsonObject, run: JsonObject) -> JsonObject | None:
        """Return the status that keeps a run from being carried out, of the first hook with one."""
        answers = (hook(self._scope.sandbox, flow, run) for hook in self._platform.run_hooks)
        return next((answer for answer in answers if answer is not None), None)

    def _hold(self, run: JsonObject, held: JsonObject, at: int) -> JsonObject:
        """Give a run the status that a hook wants; one that has not ended is asked for again."""
        duration = {"startedAtUTC": at, "completedAtUTC": at}
        run |= {"metrics": {"durationSummary": duration, "statusSummary": held}, "activities": []}
        with self._scope.exclusive():
            self._flows.runs.release(self._scope, run["id"])
            self._flows.runs.write(self._scope, run)
            if run["state"] in OPEN:
                self._queue.wait(self._scope, run["id"], at)
            else:
                self._flows.note_run(self._scope, run)
        return run


def _flow_and_schedule(scope: Scope, id: str) -> tuple[JsonObject | None, Schedule | None]:
    """Return a flow of a batch source with its schedule, or nothing.

    A schedule ends only where the flow's spec says that it can.
    """
    flow = scope.find("flow", id)
    spec = {} if flow is None else _spec_of(scope, flow)
    if flow is None or "scheduleSpec" not in spec:
        return None, None
    schedule = read_schedule(flow.get("scheduleParams"))
    if schedule and dotted(spec, "scheduleSpec.spec.properties.endTime") is MISSING:
        schedule = schedule._replace(end=None)
    return flow, schedule


def _takes_delta_column(scope: Scope, flow: JsonObject) -> bool:
    """Tell whether orders for a flow name a delta column: its source has tables."""
    return dotted(_spec_of(scope, flow), "runSpec.spec.properties.deltaColumn") is not MISSING


def _spec_of(scope: Scope, flow: JsonObject) -> JsonObject:
    """Return the flow spec of a flow; empty where it has none."""
    id = dotted(flow, "flowSpec.id")
    return (scope.find("flow_spec", id) if isinstance(id, str) else None) or {}


def _not_too_long_ago(schedule: Schedule, at: int, now: int) -> int:
    """Return when to begin catching up: at `at`, unless too many runs have been missed since."""
    if schedule.every is None or (now - at) // schedule.every < MAX_CAUGHT_UP:
        return at
    return due_after(schedule, now - MAX_CAUGHT_UP * schedule.every) or at


def _told_before(progress: JsonObject, at: int) -> str:
    """Return in words which run of a flow read last; if none has, which files were passed over."""
    taken, passed_over = (as_object(progress.get(name)) for name in ("taken", "passedOver"))
    return told_taken(taken, at) or told_passed_over(passed_over)


def _delta_name(flow: JsonObject, run: JsonObject) -> str:
    """Return the name of the column that tells which rows of a table are new, if one is named."""
    column: Json = delta_column(flow) or as_object(run.get("params")).get("deltaColumn")
    return str(column.get("name", "")) if isinstance(column, dict) else ""


def _kind(flow: JsonObject) -> str:
    schedule = flow.get("scheduleParams")
    frequency = schedule.get("frequency") if isinstance(schedule, dict) else "once"
    return "one-time" if frequency == "once" else "scheduled"


def _first(flow: JsonObject, name: str) -> str:
    """Return the first id of a list of a flow's connections; empty without one."""
    ids: Json = flow.get(name)
    return str(ids[0]) if isinstance(ids, list) and ids else ""
