"""The life of a batch: created, filled, completed, ingested or given up. Knows no HTTP."""

from __future__ import annotations

import logging

from emulator.data_plane.errors import INTERNAL_ERROR
from emulator.hooks import CompletionPolicy
from emulator.json_types import JsonObject
from emulator.ongoing import Interrupted
from emulator.platform import Platform
from emulator.scope import Scope
from emulator.services.batch_ingestion import uploads
from emulator.services.batch_ingestion.input_format import input_format
from emulator.services.interfaces import Batches, Domain, dataset_ids

_log = logging.getLogger("emulator")

POLICY = "batch_policy"
WAITING = ("loaded", "staging")
"""States between completion and the end, in their order."""


class BatchIngestion(Domain):
    """Batches that clients fill with files."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @property
    def _batches(self) -> Batches:
        return self._platform.services.catalog.batches

    def create(self, scope: Scope, sent: JsonObject) -> JsonObject:
        """Open a batch as a request says."""
        members: JsonObject = {
            "relatedObjects": [{"type": "dataSet", "id": sent["datasetId"]}],
            "inputFormat": input_format(sent.get("inputFormat")),
            "tags": _tags(scope.client, sent),
        }
        for name in ("externalId", "replay"):
            if sent.get(name):
                members[name] = sent[name]
        batch = self._batches.create(scope, members)
        batch["tags"]["acp_stagePath"] = [f"{scope.client}/stage/{batch['id']}"]
        scope.write(scope.change("batch", batch["id"], batch))
        return batch

    def complete(self, scope: Scope, id: str) -> CompletionPolicy | None:
        """Take a batch as complete; return its policy if it is to be ended at once by `end`."""
        batch = scope.existing("batch", id)
        if batch["status"] != "loading":
            return None  # repeating it is safe and changes nothing
        policy = self._policy(scope, batch)
        self._batches.update(scope, id, {"status": "loaded"})
        if policy.polls == 0:
            return policy
        scope.write(scope.change(POLICY, id, {**policy._asdict(), "seen": 0}))
        return None

    def is_waiting(self, scope: Scope) -> bool:
        """Tell whether a completed batch of a sandbox waits to be read."""
        return scope.platform.store.count(scope.sandbox, POLICY) > 0

    def advance(self, scope: Scope, id: str) -> None:
        """Bring a waiting batch one step nearer to its end, since a client reads it."""
        if scope.read(POLICY, id) is None:
            return
        with scope.exclusive():
            policy = self._one_step(scope, id)
        if policy is not None:
            with scope.platform.ongoing.work(scope.sandbox):
                self.end(scope, id, policy)

    def _one_step(self, scope: Scope, id: str) -> CompletionPolicy | None:
        """Count a read of a waiting batch; return its policy if its end has come."""
        waiting = scope.read(POLICY, id)
        batch = scope.find("batch", id) if waiting else None
        if waiting is None or batch is None or batch["status"] not in WAITING:
            return None
        seen, policy = waiting.pop("seen"), CompletionPolicy(**waiting)
        if self._is_over(policy, seen):
            scope.write(scope.change(POLICY, id, None))
            return policy
        if seen:  # the first read still answers loaded
            self._batches.update(scope, id, {"status": "staging"})
        scope.write(scope.change(POLICY, id, {**waiting, "seen": seen + 1}))
        return None

    def _policy(self, scope: Scope, batch: JsonObject) -> CompletionPolicy:
        """Return how a completed batch ends: as the first hook with an answer says."""
        hooks = self._platform.completion_hooks
        asked = (hook.on_completion(scope.sandbox, batch) for hook in hooks)
        usual = CompletionPolicy(self._platform.settings.batch_polls)
        return next((policy for policy in asked if policy is not None), usual)

    def _is_over(self, policy: CompletionPolicy, seen: int) -> bool:
        """Tell whether a batch has waited long enough, having been read `seen` times."""
        hooks, holder = self._platform.completion_hooks, policy.held_by
        if holder and not any(hook.still_holds(holder) for hook in hooks):
            return True
        return policy.polls is not None and seen >= policy.polls

    def end(self, scope: Scope, id: str, policy: CompletionPolicy) -> None:
        """Ingest a batch's files, or let it fail as its policy says; the uploads go.

        Others may write meanwhile, and end the batch in another way.
        """
        error = {"code": policy.code, "description": policy.description or "Job aborted."}
        try:
            if policy.code:
                self.fail(scope, id, [error])
            else:
                self._ingest(scope, id)
        except Interrupted as interrupted:
            scope.platform.ongoing.check_place()
            error = {"code": interrupted.code, "description": str(interrupted)}
            self._batches.give_up(scope, id, [error])
        except Exception as broken:  # noqa: BLE001 - a bug must not leave a batch without an end
            _log.exception("batch %s broke", id)
            error = {"code": INTERNAL_ERROR, "description": f"Job aborted: {broken!r}."}
            self._batches.give_up(scope, id, [error])
        uploads.forget(scope, id)

    def _ingest(self, scope: Scope, id: str) -> None:
        batch = scope.find("batch", id)
        if batch and is_of_files(batch):
            from emulator.services.batch_ingestion.rows import ingest

            ingest(scope, self._batches, batch)
        else:  # it was changed through Catalog while it waited
            self.fail(scope, id)

    def fail(self, scope: Scope, id: str, errors: list[JsonObject] | None = None) -> None:
        """End a batch that has not ended as failed."""
        now = scope.now()
        found = errors or [{"code": "unknown", "description": "Job aborted."}]
        metrics = {"startTime": now, "endTime": now, "failureReason": found[0]["description"]}
        members = {"status": "failed", "completed": now, "errors": found, "metrics": metrics}
        self._batches.finish(scope, id, members, False)

    def abort(self, scope: Scope, id: str) -> None:
        """Give up a batch, one that waits for its end too; its files go."""
        scope.write(scope.change(POLICY, id, None))
        self._batches.update(scope, id, {"status": "aborted"})
        uploads.forget(scope, id)

    def revert(self, scope: Scope, id: str) -> None:
        """Take a batch's data back."""
        self._batches.withdraw(scope, id, "inactive")


def _tags(client: str, sent: JsonObject) -> JsonObject:
    """Return a batch's tags: the platform's own, and what was sent."""
    percent = sent.get("partialIngestionPercent", sent.get("partialIngestionPercentage"))
    tags: JsonObject = {"acp_producer": [client], "use_plan_b_batch_status": ["false"]}
    if percent is not None:
        tags["acp_partialIngestionPercent"] = [str(percent)]
    if sent.get("enableErrorDiagnostics"):
        tags["acp_enableErrorDiagnostics"] = ["true"]
    return {**tags, **(sent.get("tags") or {})}


def is_of_files(batch: JsonObject) -> bool:
    """Tell whether files can be ingested by a batch: it has a data set and an input format."""
    format = batch.get("inputFormat")
    known = isinstance(format, dict) and format.get("format") in ("json", "csv", "parquet")
    return known and any(dataset_ids(batch)[:1])
