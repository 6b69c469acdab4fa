"""Rows into a data set: convert them, write the good ones, keep the bad ones, end the batch.

    batch = batches.create(scope, {"relatedObjects": […]})
    rows = (InputRow({"_id": "1"}, "leads.csv") for …)
    ingested = read_in(scope, batches, dataset, batch["id"], Input(rows, ["leads.csv"]))
    with ingested.or_withdrawn():
        batch = ingested.land()

`batch` is then the finished Catalog batch: `status` (`success` or `failed`), `errors`, `metrics`,
`recordCount`. Batch Ingestion reads rows from uploaded files, flow runs bring them mapped. Rows are
taken one by one; only a part of a file is in memory.

Source: "Batch Ingestion API guide", with its pages on partial ingestion and troubleshooting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from emulator.budgets import CONFORMED_FIELDS
from emulator.data_plane.conform import CORRUPT_CODE, RowError, conformer
from emulator.data_plane.dataset_files import DatasetFileWriter, UnwritableRow, file_format
from emulator.data_plane.diagnostics import Diagnostics
from emulator.data_plane.errors import NO_ROOM, FileError
from emulator.data_plane.input_rows import Input, InputRow
from emulator.data_plane.row_problems import RowProblems, key_of
from emulator.data_plane.rows import CORRUPT, MAX_CORRUPT_CHARACTERS
from emulator.json_types import Json, JsonObject
from emulator.scope import Conform, Scope
from emulator.services.interfaces import Batches
from emulator.store import NoRoom
from emulator.xdm.fields import field_count
from emulator.xdm.resolution import EXCESS

TOO_LARGE = "EMULATOR-SCHEMA"
"""The code of a batch whose schema goes beyond a budget: no document has one for that."""

_LEAST_FIELDS = 200
"""As how many fields a small schema counts, so that there are not too many of them either."""


class Ingested:
    """Rows that have been written and that nobody sees before their batch has ended.

    `members` are those of the finished batch: its status, errors, metrics and counts; `reasons`
    says in words what is wrong with its first rows.
    """

    def __init__(
        self, scope: Scope, batches: Batches, batch_id: str, members: JsonObject, rows: _Ingestion
    ) -> None:
        self.batch_id = batch_id
        self.members = members
        self.reasons = rows.reasons
        self._scope = scope
        self._batches = batches
        self.withdraw = rows.withdraw

    @contextmanager
    def or_withdrawn(self) -> Iterator[None]:
        """Let them land in the block: whatever keeps them from it, nothing of them stays."""
        try:
            yield
        except BaseException:
            self.withdraw()
            raise

    def land(self) -> JsonObject:
        """End the batch, and return it.

        Raises:
            Interrupted: It has been ended or deleted meanwhile.
        """
        succeeds = self.members["status"] == "success"
        return self._batches.finish(self._scope, self.batch_id, self.members, succeeds)


def read_in(
    scope: Scope,
    batches: Batches,
    dataset: JsonObject,
    batch_id: str,
    input: Input,
    *,
    percent: float | None = None,
    diagnostics: bool = False,
) -> Ingested:
    """Read rows and write them for a data set, so that the batch can be ended in one step.

    Args:
        scope: Where the data set and the batch are.
        batches: Catalog's.
        dataset: The data set, as Catalog keeps it.
        batch_id: A batch that is for this data set.
        input: What to ingest.
        percent: How many of a hundred rows may fail (partial ingestion); None lets none fail.
        diagnostics: Whether to write the diagnostic files.

    Raises:
        Interrupted: The emulator ends. Nothing was written.
    """
    ingestion = _Ingestion(scope, dataset, batch_id, diagnostics)
    try:
        members = ingestion.carry_out(input, percent or 0)
    except BaseException:  # interrupted or broken: nothing of it may stay
        ingestion.withdraw()
        raise
    return Ingested(scope, batches, batch_id, members, ingestion)


def percent_of(value: Json) -> float | None:
    """Return the share of rows that may fail as a number; None where it is not one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def schema_of(scope: Scope, dataset: JsonObject) -> JsonObject:
    """Return the resolved schema of a data set; empty where it has none that can be resolved."""
    reference = dataset.get("schemaRef")
    id = reference.get("id") if isinstance(reference, dict) else None
    return (scope.find("resolved_schema", id) if id else None) or {}


def conformer_of(scope: Scope, dataset: JsonObject) -> Conform:
    """Return what converts rows to a data set's schema.

    A data set whose validation context is disabled does not ask for required fields.
    """
    schema = schema_of(scope, dataset)
    tags = dataset.get("tags") or {}
    requires = "disabled" not in (tags.get("acp_validationContext") or ())
    # The registry hands out the same object for as long as a schema is as it was.
    key, compiled = (scope.sandbox, schema.get("$id"), requires), scope.platform.conformers
    known = compiled.get(key)
    if known is None or known[0] is not schema:
        fields = max(field_count(schema), _LEAST_FIELDS)
        if fields + sum(kept for _, _, kept in list(compiled.values())) > CONFORMED_FIELDS:
            compiled.clear()
        known = compiled[key] = (schema, conformer(schema, requires=requires), fields)
    return known[1]


def _tried(step: Callable[[], None]) -> FileError | None:
    """Do a step of an ingestion; return why it fails the batch as a whole, if it does."""
    try:
        step()
    except FileError as error:
        return error
    except NoRoom as error:
        return FileError(NO_ROOM, f"There is no room for the data: {error}.")
    return None


class _Ingestion:
    """The ingestion of one batch."""

    def __init__(self, scope: Scope, dataset: JsonObject, batch_id: str, diagnostics: bool) -> None:
        self._scope = scope
        self._dataset = dataset
        self._conform = conformer_of(scope, dataset)
        self._files = DatasetFileWriter(scope, batch_id, file_format(dataset))
        self._bad = Diagnostics(scope, batch_id, detailed=diagnostics)
        self._problems = RowProblems()
        self._problems_key = key_of(batch_id)
        self._started = scope.now()
        self._read = 0

    def carry_out(self, input: Input, percent: float) -> JsonObject:
        """Take the rows; return the members of the batch, which has ended."""
        refused = _tried(partial(self._take_all, input.rows))
        refused = _tried(partial(self._bad.close, input.files)) or refused
        succeeds = refused is None and self._bad.rows * 100 <= percent * self._read
        if succeeds:
            refused = _tried(self._files.close)
            succeeds = refused is None
        if not succeeds:
            self._files.withdraw()
        self._keep_problems(input)
        errors = self._bad.errors(self._files.rows)
        if refused is not None:
            errors = [{"code": refused.code, "description": str(refused)}, *errors]
        return self._members(succeeds, errors, input)

    @property
    def reasons(self) -> str:
        """What is wrong with the first rows, in words; empty if nothing is."""
        return self._problems.first_reasons(self._read - self._files.rows)

    def withdraw(self) -> None:
        """Remove all that was written."""
        self._files.withdraw()
        self._bad.withdraw()
        self._scope.platform.blobs.delete(self._scope.sandbox, self._problems_key)

    def _keep_problems(self, input: Input) -> None:
        content = self._problems.to_json(input.files, input.columns)
        with suppress(NoRoom):  # what is explained is worth less than what was ingested
            self._scope.platform.blobs.put(self._scope.sandbox, self._problems_key, content)

    def _take_all(self, rows: Iterable[InputRow]) -> None:
        self._ask_hooks()
        self._refuse_excess()
        self._take(rows)

    def _ask_hooks(self) -> None:
        for hook in self._scope.platform.batch_hooks:
            failure = hook(self._scope.sandbox, self._dataset)
            if failure is not None:
                raise FileError(failure["code"], failure["message"])

    def _refuse_excess(self) -> None:
        """Refuse a schema that is too large to be resolved: rows would lose their fields."""
        excess = schema_of(self._scope, self._dataset).get(EXCESS)
        if excess:
            raise FileError(TOO_LARGE, f"The schema of the data set is too large: {excess}.")

    def _take(self, rows: Iterable[InputRow]) -> None:
        conform, write = self._conform, self._files.add
        check, counts = self._scope.platform.ongoing.check, self._problems.rows
        for row in rows:
            check()
            self._read += 1
            counts[row.file] += 1
            if row.warnings:
                self._bad.warn(row.read or row.value, row.warnings)
                self._problems.warned(row.path, row.place.number, row.warnings)
            errors = list(row.errors)
            converted = row.value if errors else conform(row.value, errors)
            if errors:
                self._add_bad(row, row.value, errors)
                continue
            try:
                write(converted)
            except UnwritableRow as error:
                shown = {CORRUPT: repr(row.value)[:MAX_CORRUPT_CHARACTERS]}
                self._add_bad(row, shown, [RowError(CORRUPT_CODE, str(error))])

    def _add_bad(self, row: InputRow, shown: JsonObject, errors: list[RowError]) -> None:
        self._bad.add(shown, errors)
        self._problems.failed(row.path, row.place.number, errors, row.fault)

    def _members(self, succeeds: bool, errors: list[JsonObject], input: Input) -> JsonObject:
        """Return what a finished batch has, its metrics in the older and the newer vocabulary."""
        files, ended = self._files, self._scope.now()
        failed = self._read - files.rows
        metrics: JsonObject = {
            "startTime": self._started,
            "endTime": ended,
            "recordsRead": self._read,
            "recordsWritten": files.rows,
            "recordsFailed": failed,
            "inputByteSize": input.bytes,
            "inputFileCount": len(input.files),
            "inputRecordCount": self._read,
            "outputByteSize": files.bytes,
            "outputFileCount": files.files,
            "outputRecordCount": files.rows,
            "failedRecordCount": failed,
            "partitionCount": files.files,
        }
        if not succeeds:
            metrics["failureReason"] = errors[0]["description"]
        return {
            "status": "success" if succeeds else "failed",
            "started": self._started,
            "completed": ended,
            "recordCount": files.rows,
            "failedRecordCount": failed,
            "size": files.bytes,
            "errors": errors,
            "metrics": metrics,
        }
