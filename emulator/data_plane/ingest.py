"""Rows into a data set: conform, land, diagnose, and end the batch with its numbers.

    batch = platform.services.catalog.batches.create(sandbox, client, {"relatedObjects": […]})
    rows = (InputRow({"_id": "1"}, "leads.csv") for …)
    batch = ingest_rows(platform, sandbox, fixtures, dataset, batch["id"], rows, percent=5)

`batch` is then the finished Catalog batch: `status` (`success` or `failed`), `errors`, `metrics`,
`recordCount`. Batch Ingestion reads rows from uploaded files, flow runs bring them mapped. Rows are
taken one by one; nothing is held but a part of a file.

Source: "Batch Ingestion API guide", with its pages on partial ingestion and troubleshooting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emulator.data_plane.conform import CORRUPT_CODE, Conform, Fault, conformer
from emulator.data_plane.diagnostics import Diagnostics
from emulator.data_plane.errors import FileError
from emulator.data_plane.landing import Landing, landing_format
from emulator.fixtures.library import Fixtures
from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox


class InputRow(NamedTuple):
    """One row on its way into a data set.

    Args:
        value: Its fields; of a corrupt row what can be shown of it.
        file: Name of the file that it comes from.
        faults: What is already wrong with it, such as a mapping that failed.
    """

    value: JsonObject
    file: str = ""
    faults: tuple[Fault, ...] = ()


CORRUPT = (Fault(CORRUPT_CODE, "Row is corrupted and cannot be read, please fix and resend."),)
"""The faults of a row that cannot be read."""


MOST_CONFORMERS = 256
"""How many data sets' checks are kept compiled."""


@dataclass(slots=True)
class Input:
    """What a batch is made of, for its metrics: the names of its files and their bytes."""

    files: list[str] = field(default_factory=list)
    bytes: int = 0


def ingest_rows(
    platform: Platform,
    sandbox: Sandbox,
    fixtures: Fixtures,
    dataset: JsonObject,
    batch_id: str,
    rows: Iterable[InputRow],
    *,
    percent: float | None = None,
    diagnostics: bool = False,
    input: Input | None = None,
    number: int = 1,
) -> JsonObject:
    """Ingest rows into a data set and end the batch. Returns the finished batch.

    Args:
        platform: The emulator's.
        sandbox: Where the data set and the batch are.
        fixtures: Those of the edition in force.
        dataset: The data set, as Catalog keeps it.
        batch_id: A batch of Catalog's that is for this data set.
        rows: What to ingest. A `FileError` that they raise fails the batch.
        percent: How many of a hundred rows may fail (partial ingestion); None lets none fail.
        diagnostics: Whether to write the diagnostic files.
        input: What the rows were read from.
        number: Which data set file of the batch they make, from 1.
    """
    run = _Run(platform, sandbox, fixtures, dataset, batch_id, number, diagnostics)
    return run.carry_out(rows, percent, input or Input())


def schema_of(
    platform: Platform, sandbox: Sandbox, fixtures: Fixtures, dataset: JsonObject
) -> JsonObject:
    """Return the resolved schema of a data set; empty where it has none that can be resolved."""
    reference = dataset.get("schemaRef")
    id = reference.get("id") if isinstance(reference, dict) else None
    return (platform.find(sandbox, fixtures, "resolved_schema", id) if id else None) or {}


def conformer_of(
    platform: Platform, sandbox: Sandbox, fixtures: Fixtures, dataset: JsonObject
) -> Conform:
    """Return what holds rows against a data set's schema.

    A data set whose validation context is disabled does not ask for required fields.
    """
    schema = schema_of(platform, sandbox, fixtures, dataset)
    tags = dataset.get("tags") or {}
    requires = "disabled" not in (tags.get("acp_validationContext") or ())
    # The registry hands out the same object for as long as a schema is as it was.
    key, remembered = (sandbox, schema.get("$id"), requires), platform.conformers
    known = remembered.get(key)
    if known is None or known[0] is not schema:
        if len(remembered) >= MOST_CONFORMERS:
            remembered.clear()
        known = remembered[key] = (schema, conformer(schema, requires=requires))
    made: Conform = known[1]
    return made


class _Run:
    """The ingestion of one batch."""

    def __init__(
        self,
        platform: Platform,
        sandbox: Sandbox,
        fixtures: Fixtures,
        dataset: JsonObject,
        batch_id: str,
        number: int,
        detailed: bool,
    ) -> None:
        self._platform = platform
        self._sandbox = sandbox
        self._dataset = dataset
        self._batch_id = batch_id
        self._conform = conformer_of(platform, sandbox, fixtures, dataset)
        format = landing_format(dataset)
        self._landing = Landing(platform, sandbox, batch_id, number, format)
        self._bad = Diagnostics(platform.blobs, sandbox, batch_id, detailed=detailed)
        self._started = self._now()
        self._read = 0

    def carry_out(
        self, rows: Iterable[InputRow], percent: float | None, input: Input
    ) -> JsonObject:
        refused: FileError | None = None
        try:
            self._ask_hooks()
            self._take(rows)
        except FileError as error:
            refused = error
        self._bad.close(input.files)
        allowed = 0 if percent is None else percent
        lands = refused is None and self._bad.rows * 100 <= allowed * self._read
        if lands:
            self._landing.close()
        else:
            self._landing.withdraw()
        errors = self._bad.errors(self._landing.rows)
        if refused is not None:
            errors = [{"code": refused.code, "description": str(refused)}, *errors]
        members = self._members(lands, errors, input)
        batches = self._platform.services.catalog.batches
        batch: JsonObject = batches.finish(self._sandbox, self._batch_id, members, lands)
        return batch

    def _ask_hooks(self) -> None:
        for hook in self._platform.batch_hooks:
            said = hook(self._sandbox, self._dataset)
            if said is not None:
                raise FileError(said["code"], said["message"])

    def _take(self, rows: Iterable[InputRow]) -> None:
        conform, land = self._conform, self._landing.add
        for row in rows:
            self._read += 1
            faults = list(row.faults)
            landed = row.value if faults else conform(row.value, faults)
            if faults:
                self._bad.add(row.value, faults)
            else:
                land(landed)

    def _members(self, lands: bool, errors: list[JsonObject], input: Input) -> dict[str, Any]:
        """Return what a finished batch has, its metrics in the older and the newer vocabulary."""
        landing, ended = self._landing, self._now()
        failed = self._read - landing.rows
        metrics: JsonObject = {
            "startTime": self._started,
            "endTime": ended,
            "recordsRead": self._read,
            "recordsWritten": landing.rows,
            "recordsFailed": failed,
            "inputByteSize": input.bytes,
            "inputFileCount": len(input.files),
            "inputRecordCount": self._read,
            "outputByteSize": landing.bytes,
            "outputFileCount": landing.files,
            "outputRecordCount": landing.rows,
            "failedRecordCount": failed,
            "partitionCount": landing.files,
        }
        if not lands:
            metrics["failureReason"] = errors[0]["description"]
        return {
            "status": "success" if lands else "failed",
            "started": self._started,
            "completed": ended,
            "recordCount": landing.rows,
            "failedRecordCount": failed,
            "size": landing.bytes,
            "errors": errors,
            "metrics": metrics,
        }

    def _now(self) -> int:
        return self._platform.clock.now()
