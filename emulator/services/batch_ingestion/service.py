"""The life of a batch: created, filled, completed, ingested or given up. Knows no HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable

from emulator.claims import BATCH, claimed, released, working_on
from emulator.data_plane.errors import INTERNAL_ERROR
from emulator.hooks import CompletionPolicy
from emulator.json_types import JsonObject
from emulator.ongoing import INTERRUPTED, INTERRUPTED_TEXT, Interrupted
from emulator.platform import Platform
from emulator.scope import Scope
from emulator.services.batch_ingestion import uploads
from emulator.services.batch_ingestion.input_format import input_format
from emulator.services.interfaces import Batches, Domain, dataset_ids
from emulator.store import StoreFull, StoreUnavailable

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
            scope.write(claimed(scope, id, BATCH))
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
            self.end(scope, id, policy)

    def _one_step(self, scope: Scope, id: str) -> CompletionPolicy | None:
        """Count a read of a waiting batch; return its policy if its end has come."""
        waiting = scope.read(POLICY, id)
        batch = scope.find("batch", id) if waiting else None
        if waiting is None or batch is None or batch["status"] not in WAITING:
            return None
        seen, policy = waiting.pop("seen"), CompletionPolicy(**waiting)
        if self._is_over(policy, seen):
            scope.write(scope.change(POLICY, id, None), claimed(scope, id, BATCH))
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

        Others may write meanwhile, and end the batch in another way. It has been claimed before.
        """
        error = {"code": policy.code, "description": policy.description or "Job aborted."}
        with working_on(scope, id):
            try:
                batch = scope.find("batch", id)
                if policy.code:
                    self._land(scope, id, lambda: self.fail(scope, id, [error]))
                elif batch and is_of_files(batch):
                    self._ingest(scope, batch)
                else:  # it was changed through Catalog while it waited
                    self._land(scope, id, lambda: self.fail(scope, id))
            except (StoreFull, StoreUnavailable):
                raise  # it is ended once that can be written
            except Interrupted:
                self._give_up(scope, id, INTERRUPTED, INTERRUPTED_TEXT)
            except Exception as broken:  # noqa: BLE001 - a batch must not be without an end
                _log.exception("batch %s broke", id)
                self._give_up(scope, id, INTERNAL_ERROR, f"Job aborted: {broken!r}.")

    def end_left_behind(self, scope: Scope, id: str) -> None:
        error = {"code": INTERRUPTED, "description": INTERRUPTED_TEXT}
        if self._batches.give_up(scope, id, [error]) or scope.find("batch", id) is None:
            for folder in ("data", "failed", "meta"):
                scope.platform.blobs.delete_all(scope.sandbox, f"batches/{id}/{folder}/")
        uploads.forget(scope, id)

    def _land(self, scope: Scope, id: str, land: Callable[[], object]) -> None:
        """End a batch and forget what it was made of, in one step."""
        with scope.exclusive():
            land()
            uploads.forget(scope, id)
            scope.write(released(scope, id))

    def _give_up(self, scope: Scope, id: str, code: str, description: str) -> None:
        error = {"code": code, "description": description}
        self._land(scope, id, lambda: self._batches.give_up(scope, id, [error]))

    def _ingest(self, scope: Scope, batch: JsonObject) -> None:
        from emulator.services.batch_ingestion.rows import read_files

        ingested = read_files(scope, self._batches, batch)
        with ingested.or_withdrawn():
            self._land(scope, batch["id"], ingested.land)

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
