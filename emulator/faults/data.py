"""Flow runs and batches that get stuck or fail: faults as hooks of the platform."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from emulator.faults.fault import Fault
from emulator.hooks import CompletionPolicy
from emulator.json_types import Json, JsonObject
from emulator.sandbox import Sandbox
from emulator.services.interfaces import dataset_ids

if TYPE_CHECKING:
    from emulator.platform import Platform

RUN_FAILED = {"code": "CONNECTOR-2001-500", "message": "Error occurred at copy activity."}
BATCH_FAILED = {"code": "EMULATOR-FAULT", "message": "A fault lets this batch fail."}
"""Code and message of a failure, unless the fault has its own."""


class DataFaults:
    """Decides what becomes of runs and batches."""

    def __init__(
        self,
        platform: Platform,
        faults: Callable[[], list[Fault]],
        knowing: Callable[[], AbstractContextManager[bool]],
    ) -> None:
        """Decide by faults that are set.

        Args:
            platform: The platform of the emulator.
            faults: Returns those that are set.
            knowing: In its block all is known that other processes know, and they are told what
                changes; it yields whether there is anything.
        """
        self._platform = platform
        self._faults = faults
        self._knowing = knowing
        self._stuck: dict[tuple[str, Sandbox, str], bool] = {}
        # A request is answered by one thread, and hooks are not told which request they serve.
        self._noted = threading.local()

    def begin(self) -> None:
        """Note from now on what fires in this thread: a call begins."""
        self._noted.fired = {}

    def fired(self) -> dict[str, Fault]:
        """Return the faults, by their ids, that have fired in this thread since `begin`."""
        fired: dict[str, Fault] = getattr(self._noted, "fired", {})
        self._noted.fired = {}
        return fired

    def _hits(self, fault: Fault) -> bool:
        hit = fault.hits(self._platform.ids)
        if hit and hasattr(self._noted, "fired"):
            self._noted.fired[fault.id] = fault
        return hit

    def forget(self, fault: str = "") -> None:
        """Forget which runs a fault has let get stuck, or all."""
        self._stuck = {key: hit for key, hit in self._stuck.items() if fault not in ("", key[0])}

    def erased(self, organization: str | None, name: str | None) -> None:
        """Forget the runs of an organization or a sandbox, None for all."""
        self._stuck = {
            key: hit
            for key, hit in self._stuck.items()
            if organization not in (None, key[1].organization) or name not in (None, key[1].name)
        }

    def state(self) -> list[Json]:
        """Return which runs have been let get stuck or not, as JSON."""
        return [[id, *sandbox, run, hit] for (id, sandbox, run), hit in self._stuck.items()]

    def load(self, state: list[Json]) -> None:
        """Know what a state says, and nothing else."""
        self._stuck = {(id, Sandbox(org, name), run): hit for id, org, name, run, hit in state}

    def of_run(self, sandbox: Sandbox, flow: JsonObject, run: JsonObject) -> JsonObject | None:
        """Return the status that a run gets instead of being carried out; see `RunHook`."""
        with self._knowing() as is_any:
            return self._of_run(sandbox, flow, run) if is_any else None

    def _of_run(self, sandbox: Sandbox, flow: JsonObject, run: JsonObject) -> JsonObject | None:
        for fault in self._faults():
            names = (flow["id"], str(flow.get("name", "")))
            if not fault.is_about(sandbox, self._platform.clock.now(), *names):
                continue
            if fault.kind == "stuckRun" and self._is_stuck(fault, sandbox, run):
                return {"status": "inProgress"}
            if fault.kind == "failedRun" and self._hits(fault):
                return {"status": "failed", "errors": [_code_and_message(fault, RUN_FAILED)]}
        return None

    def _is_stuck(self, fault: Fault, sandbox: Sandbox, run: JsonObject) -> bool:
        """Tell whether a run makes no progress; this is asked each time a call reads runs."""
        key = (fault.id, sandbox, run["id"])
        if key not in self._stuck:
            self._stuck[key] = self._hits(fault)
        seconds = fault.get("seconds")
        waited = self._platform.clock.now() - run["createdAt"]
        return self._stuck[key] and (seconds is None or waited < seconds * 1000)

    def of_batch(self, sandbox: Sandbox, dataset: JsonObject) -> JsonObject | None:
        """Return why a batch fails before anything of it is read; see `BatchHook`."""
        with self._knowing() as is_any:
            fault = self._of_dataset("failedBatch", sandbox, dataset) if is_any else None
        return None if fault is None else _code_and_message(fault, BATCH_FAILED)

    def on_completion(self, sandbox: Sandbox, batch: JsonObject) -> CompletionPolicy | None:
        """Return how long a completed batch waits; see `CompletionHook`."""
        with self._knowing() as is_any:
            return self._on_completion(sandbox, batch) if is_any else None

    def _on_completion(self, sandbox: Sandbox, batch: JsonObject) -> CompletionPolicy | None:
        ids = dataset_ids(batch)
        datasets = (self._platform.store.read(sandbox, "dataset", id) for id in ids)
        for dataset in filter(None, datasets):
            fault = self._of_dataset("stuckBatch", sandbox, dataset.body)
            if fault is not None:
                return CompletionPolicy(fault.get("reads"), held_by=fault.id)
        return None

    def still_holds(self, holder: str) -> bool:
        """Tell whether a fault that a batch waits for is still set, and has not ended."""
        now = self._platform.clock.now()
        with self._knowing() as is_any:
            faults = [fault for fault in self._faults() if fault.id == holder and is_any]
        return any(fault.kind == "stuckBatch" and not fault.has_ended(now) for fault in faults)

    def _of_dataset(self, kind: str, sandbox: Sandbox, dataset: JsonObject) -> Fault | None:
        names = (dataset["id"], str(dataset.get("name", "")))
        now = self._platform.clock.now()
        for fault in self._faults():
            is_meant = fault.kind == kind and fault.is_about(sandbox, now, *names)
            if is_meant and self._hits(fault):
                return fault
        return None


def _code_and_message(fault: Fault, default: JsonObject) -> JsonObject:
    return {name: fault.get(name) or default[name] for name in default}
