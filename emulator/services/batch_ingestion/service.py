"""The life of a batch: created, filled, completed, ingested or given up. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from emulator.data_plane.ingest import UNREADABLE, Input, InputRow, ingest_rows, schema_of
from emulator.data_plane.readers import Row, column_names, nested_rows, read_rows
from emulator.hooks import CompletionPolicy
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.services.batch_ingestion.input_format import input_format, read_options
from emulator.services.batch_ingestion.uploads import Uploads
from emulator.services.interfaces import Batches, Services
from emulator.store import Change

POLICY = "batch_policy"
WAITING = ("loaded", "staging")
"""States between completion and the end, in their order."""


class BatchIngestion:
    """Batches and their files."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.uploads = Uploads(platform)

    def finders(self) -> Mapping[str, Finder]:
        return {}

    def listers(self) -> Mapping[str, Lister]:
        return {}

    @property
    def services(self) -> Services:
        """The other services."""
        return self._platform.services

    @property
    def _batches(self) -> Batches:
        return self.services.catalog.batches

    def create(self, sandbox: Sandbox, client: str, sent: JsonObject) -> JsonObject:
        """Open a batch as a request says."""
        members: JsonObject = {
            "relatedObjects": [{"type": "dataSet", "id": sent["datasetId"]}],
            "inputFormat": input_format(sent.get("inputFormat")),
            "tags": _tags(client, sent),
        }
        for name in ("externalId", "replay"):
            if sent.get(name):
                members[name] = sent[name]
        batch: JsonObject = self._batches.create(sandbox, client, members)
        path = f"{client}/stage/{batch['id']}"
        tags = {**batch["tags"], "acp_stagePath": [path]}
        self._platform.store.write(Change(sandbox, "batch", batch["id"], {**batch, "tags": tags}))
        return {**batch, "tags": tags}

    def complete(self, scope: Scope, id: str) -> None:
        """Take a batch as complete: it is ingested at once, or when its policy says so."""
        batch = self._batches.get(scope.sandbox, id)
        if batch is None:
            raise LookupError(f"batch {id}")
        if batch["status"] != "loading":
            return  # repeating it is safe and changes nothing
        policy = self._policy(scope.sandbox, batch)
        self._batches.update(scope.sandbox, id, {"status": "loaded"})
        if policy.polls == 0:
            self._end(scope, id, policy)
        else:
            self._remember(scope.sandbox, id, {**policy._asdict(), "seen": 0})

    def polled(self, scope: Scope, id: str) -> None:
        """Bring a batch that waits one step nearer to its end: a call asks for it."""
        if scope.read(POLICY, id) is None:
            return
        with self._platform.store.exclusive(scope.sandbox):
            kept = scope.read(POLICY, id)
            batch = self._batches.get(scope.sandbox, id) if kept else None
            if kept is None or batch is None or batch["status"] not in WAITING:
                return
            seen, policy = kept.pop("seen"), CompletionPolicy(**kept)
            if self._is_over(policy, seen):
                self._end(scope, id, policy)
                return
            if seen:  # the first to ask still sees it as loaded
                self._batches.update(scope.sandbox, id, {"status": "staging"})
            self._remember(scope.sandbox, id, {**kept, "seen": seen + 1})

    def _policy(self, sandbox: Sandbox, batch: JsonObject) -> CompletionPolicy:
        """Return how a completed batch ends: as the first hook with an answer says."""
        asked = (hook.on_completion(sandbox, batch) for hook in self._platform.completion_hooks)
        usual = CompletionPolicy(self._platform.settings.batch_polls)
        return next((policy for policy in asked if policy is not None), usual)

    def _is_over(self, policy: CompletionPolicy, seen: int) -> bool:
        """Tell whether a batch has waited long enough, having been read `seen` times."""
        hooks, holder = self._platform.completion_hooks, policy.held_by
        if holder and not any(hook.still_holds(holder) for hook in hooks):
            return True
        return policy.polls is not None and seen >= policy.polls

    def _remember(self, sandbox: Sandbox, id: str, policy: JsonObject | None) -> None:
        self._platform.store.write(Change(sandbox, POLICY, id, policy))

    def _end(self, scope: Scope, id: str, policy: CompletionPolicy) -> None:
        """Ingest a batch's files, or let it fail as its policy says; the uploads go."""
        self._remember(scope.sandbox, id, None)
        if policy.code:
            error = {"code": policy.code, "description": policy.description or "Job aborted."}
            self.fail(scope.sandbox, id, [error])
        else:
            self._ingest(scope, id)
        self.uploads.forget(scope.sandbox, id)

    def _ingest(self, scope: Scope, id: str) -> None:
        batch = of_files(self._batches.get(scope.sandbox, id))
        if batch is None:  # Catalog has been told otherwise while it waited
            self.fail(scope.sandbox, id)
            return
        dataset = self._dataset_of(scope.sandbox, batch)
        files = self._files(scope.sandbox, batch)
        input = Input(
            self._rows(scope, batch, dataset, files),
            [file["name"] for file in files],
            sum(file["size"] for file in files),
        )
        tags = batch["tags"]
        ingest_rows(
            scope,
            self._batches,
            dataset,
            id,
            input,
            percent=_number(_first(tags.get("acp_partialIngestionPercent"))),
            diagnostics=_first(tags.get("acp_enableErrorDiagnostics")).lower() == "true"
            or dataset.get("enableErrorDiagnostics") is True,
        )

    def fail(self, sandbox: Sandbox, id: str, errors: list[JsonObject] | None = None) -> None:
        """End a batch that has not ended as failed."""
        now = self._platform.clock.now()
        found = errors or [{"code": "unknown", "description": "Job aborted."}]
        metrics = {"startTime": now, "endTime": now, "failureReason": found[0]["description"]}
        members = {"status": "failed", "completed": now, "errors": found, "metrics": metrics}
        self._batches.finish(sandbox, id, members, False)

    def abort(self, sandbox: Sandbox, id: str) -> None:
        """Give up a batch; its files go."""
        self._batches.update(sandbox, id, {"status": "aborted"})
        self.uploads.forget(sandbox, id)

    def revert(self, sandbox: Sandbox, id: str) -> None:
        """Take a batch's data back."""
        self._batches.withdraw(sandbox, id, "inactive")

    def preview(
        self, scope: Scope, batch: JsonObject, dataset_id: str, asked: JsonObject, rows: int
    ) -> tuple[list[str], list[JsonObject]]:
        """Return the columns and first rows of what a batch has for a data set.

        Args:
            scope: Where the batch is.
            batch: The batch.
            dataset_id: The data set.
            asked: What the request says instead of the batch's own input format.
            rows: How many rows at most.

        Raises:
            FileError: The first file cannot be read.
        """
        format = {**batch.get("inputFormat", {}), **asked}
        options = read_options(format)
        names: dict[str, None] = {}
        found: list[JsonObject] = []
        for file in self._files(scope.sandbox, batch):
            if file["datasetId"] == dataset_id:
                content = self.uploads.content(scope.sandbox, file)
                names |= dict.fromkeys(column_names(content, format["format"], options))
                good = (row for row in read_rows(content, format["format"], options))
                left = rows - len(found)
                found += [row.value for row in islice(good, left) if not row.corrupt]
        return list(names), found

    def _files(self, sandbox: Sandbox, batch: JsonObject) -> list[JsonObject]:
        """Return the complete files of a batch, with their sizes."""
        files = self.uploads.of_batch(sandbox, batch["id"])
        keys = (f"{file['batchId']}/{file['datasetId']}/{file['name']}" for file in files)
        found = (self.uploads.find(sandbox, key) for key in keys)
        return [file for file in found if file and file["state"] == "complete"]

    def _dataset_of(self, sandbox: Sandbox, batch: JsonObject) -> JsonObject:
        """Return a batch's data set; of one that has been deleted meanwhile nothing but its id."""
        id = _dataset_id(batch)
        dataset: JsonObject | None = self.services.catalog.dataset(sandbox, id)
        return dataset or {"id": id}

    def _rows(
        self, scope: Scope, batch: JsonObject, dataset: JsonObject, files: Iterable[JsonObject]
    ) -> Iterator[InputRow]:
        format = batch["inputFormat"]
        kind = format["format"]
        fields = schema_of(scope, dataset).get("properties") or {}
        options = read_options(format, tuple(fields))
        for file in files:
            content = self.uploads.content(scope.sandbox, file)
            rows: Iterable[Row] = read_rows(content, kind, options)
            if kind == "csv":
                rows = nested_rows(rows, fields)
            name = file["name"]
            for row in rows:
                yield InputRow(row.value, name, UNREADABLE if row.corrupt else ())


def _tags(client: str, sent: JsonObject) -> JsonObject:
    """Return a batch's tags: the platform's own, and what was sent."""
    percent = sent.get("partialIngestionPercent", sent.get("partialIngestionPercentage"))
    tags: JsonObject = {"acp_producer": [client], "use_plan_b_batch_status": ["false"]}
    if percent is not None:
        tags["acp_partialIngestionPercent"] = [str(percent)]
    if sent.get("enableErrorDiagnostics"):
        tags["acp_enableErrorDiagnostics"] = ["true"]
    return {**tags, **(sent.get("tags") or {})}


def of_files(batch: JsonObject | None) -> JsonObject | None:
    """Return a batch if files can be ingested by it: if it has a data set and an input format."""
    format = (batch or {}).get("inputFormat")
    known = isinstance(format, dict) and format.get("format") in ("json", "csv", "parquet")
    return batch if batch and known and _dataset_id(batch) else None


def dataset_ids(batch: JsonObject) -> list[str]:
    """Return the ids of the data sets that a batch is for."""
    related = batch.get("relatedObjects") or ()
    return [item.get("id", "") for item in related if item.get("type") == "dataSet"]


def _dataset_id(batch: JsonObject) -> str:
    return next(iter(dataset_ids(batch)), "")


def _first(values: Json) -> str:
    """Return the first value of a tag as text; samples show single values without their array."""
    value = values[0] if isinstance(values, list) and values else values
    return "" if value is None else str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
