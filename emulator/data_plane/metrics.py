"""The metrics and activities of a flow run, as "Monitor dataflows" shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.data_plane.activities import COPY, EXPORT, PROMOTION
from emulator.data_plane.errors import SOURCE_FAILED
from emulator.data_plane.ingest import Input
from emulator.json_types import JsonObject


@dataclass(slots=True)
class Tally:
    """What a run has counted. Times are in milliseconds, sizes in bytes.

    Args:
        started: When the run began.
        window: From when to when the files that it reads were modified.
        kind: `one-time` or `scheduled`.
        adf_run: The id under which the copying is known.
    """

    started: int
    window: tuple[int, int]
    kind: str = "scheduled"
    adf_run: str = ""
    input: Input = field(default_factory=Input)
    rows_in: int = 0
    files_out: int = 0
    bytes_out: int = 0
    rows_out: int = 0
    rows_failed: int = 0
    warnings: int = 0
    batch: str = ""
    diagnosed: bool = False
    copy_fault: JsonObject | None = None
    status: str = "success"
    errors: list[JsonObject] = field(default_factory=list)

    def fail_copying(self, code: str, text: str) -> None:
        """Note that the source could not be read, so that nothing was promoted."""
        self.status = "failed"
        self.copy_fault = {"code": code, "message": text}

    @property
    def _faults(self) -> list[JsonObject]:
        """The errors of the whole: which activity had some; what they were stands there."""
        if self.copy_fault:
            said = self.copy_fault["message"]
            text = f"Error occurred at copy activity. {said}"
            return [{"code": self.copy_fault["code"], "message": text}]
        if self.errors:
            return [{"code": SOURCE_FAILED, "message": "Error occurred at promotion activity."}]
        return []

    def metrics(self) -> JsonObject:
        """Return the `metrics` of the run, which has ended."""
        refs = [COPY.id if self.copy_fault else PROMOTION.id]
        return {
            "durationSummary": self._duration(),
            "sizeSummary": {"inputBytes": self.input.bytes, "outputBytes": self.bytes_out},
            "recordSummary": self._records(),
            "fileSummary": {**self._files(), "activityRefs": refs},
            "statusSummary": {
                "status": self.status,
                "errors": self._faults,
                "activityRefs": refs,
            },
        }

    def activities(self, source: str, target: str) -> list[JsonObject]:
        """Return the `activities`: what was copied in, and what was promoted to the lake."""
        copied = self._copied(source)
        return [copied] if self.copy_fault else [copied, self._promoted(target)]

    def _copied(self, source: str) -> JsonObject:
        count, status = len(self.input.files), "failed" if self.copy_fault else "success"
        reference = {"type": "AdfRunId", "ids": [self.adf_run]}
        summary: JsonObject = {"status": status, "extensions": {"type": self.kind}}
        return {
            "id": COPY.id,
            "name": COPY.name,
            "updatedAtUTC": self.started,
            "durationSummary": self._duration(),
            "sizeSummary": {"inputBytes": self.input.bytes, "outputBytes": self.input.bytes},
            "recordSummary": {},
            "fileSummary": {"inputFileCount": count, "outputFileCount": count},
            "statusSummary": {**summary, "errors": self._faults} if self.copy_fault else summary,
            "sourceInfo": [{"id": source, "type": "SourceConnection", "reference": reference}],
        }

    def _promoted(self, target: str) -> JsonObject:
        files: dict[str, Any] = self._files()
        status: dict[str, Any] = {"status": self.status}
        info: JsonObject = {"id": target, "type": "TargetConnection"}
        extensions: JsonObject = {}
        if self.batch:
            info["reference"] = {"type": "Batch", "ids": [self.batch]}
        if self.batch and self.diagnosed:  # else there is nothing that the links could lead to
            meta = f"{EXPORT}/{self.batch}/meta?path="
            files["extensions"] = {"manifest": {"fileInfo": f"{meta}input_files"}}
            if self.errors:
                extensions["manifest"] = {
                    "failedRecords": f"{meta}row_errors",
                    "sampleErrors": f"{meta}row_error_samples.json",
                }
        if self.errors:
            status |= {"errors": self._faults, "extensions": {**extensions, "errors": self.errors}}
        return {
            "id": PROMOTION.id,
            "name": PROMOTION.name,
            "updatedAtUTC": self.started,
            "durationSummary": {"startedAtUTC": self.started, "completedAtUTC": self.started},
            "sizeSummary": {"inputBytes": self.input.bytes, "outputBytes": self.bytes_out},
            "recordSummary": self._records(),
            "fileSummary": files,
            "statusSummary": status,
            "targetInfo": [info],
        }

    def _duration(self) -> JsonObject:
        start, end = self.window
        return {
            "startedAtUTC": self.started,
            "completedAtUTC": self.started,
            "extensions": {"windowStart": start, "windowEnd": end},
        }

    def _records(self) -> dict[str, int]:
        counts = {
            "inputRecordCount": self.rows_in,
            "outputRecordCount": self.rows_out,
            "failedRecordCount": self.rows_failed,
        }
        return {**counts, "warningRecordCount": self.warnings} if self.warnings else counts

    def _files(self) -> dict[str, int]:
        return {"inputFileCount": len(self.input.files), "outputFileCount": self.files_out}
