"""The metrics and activities of a flow run, as "Monitor dataflows" shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.data_plane.errors import SOURCE_FAILED
from emulator.data_plane.files import File
from emulator.json_types import Json, JsonObject
from emulator.plurals import counted

EXPORT = "/data/foundation/export/batches"
"""Where Data Access has the manifests of a batch; shapes put the host in front."""

NOTHING_NEW = "Nothing was read: no file or table was new when the run became due."
"""What a run says that succeeds and brings nothing (assumed: no document prints such a run)."""

NO_ROWS = "No row was read: there is none that is new and that the source selects."
"""What a run says that succeeds and found a file or table without a row for it (assumed)."""

TOO_OLD = "older than the flow's start, and the flow does not backfill"
"""What a run says of files that its flow passed over."""


def is_of_nothing_new(message: Json) -> bool:
    """Tell whether a run says of itself that it succeeded and found nothing to read."""
    return isinstance(message, str) and message.startswith(NOTHING_NEW)


def told_taken(taken: JsonObject, at: int) -> str:
    """Return in words which run of a flow was the last that read anything.

    Args:
        taken: What the flow's progress keeps of that run; empty if there was none.
        at: The time from which to count back, in milliseconds since 1970.
    """
    if not taken:
        return ""
    files, rows = counted(taken["files"], "file"), counted(taken["rows"], "row")
    ago = max(at - taken["at"], 0) // 1000
    run = taken["run"]
    return f"Run {run} read {files}, {rows}, {ago} s before: aep-emulator explain run {run}"


def told_passed_over(passed_over: JsonObject) -> str:
    """Return in words which files a flow passes over.

    That "files loaded prior to the start time will not be ingested" say the pages on scheduling,
    such as "Create a dataflow for a cloud storage source in the UI", of a flow without backfill.

    Args:
        passed_over: How many `files` its first run passed over, and the `first`; empty for none.
    """
    if not passed_over:
        return ""
    files, first = passed_over["files"], passed_over["first"]
    verb = "is" if files == 1 else "are"
    more = f" and {files - 1} more" if files > 1 else ""
    return f"{counted(files, 'file')} {verb} {TOO_OLD}: {first}{more}."


class Activity(NamedTuple):
    """A step of every run: its id, the id that documents of 2020-08 show, and its name."""

    id: str
    old_id: str
    name: str


COPY = Activity("4f008a00-3a04-11eb-adc1-0242ac120002", "copyActivity", "Copy Activity")
PROMOTION = Activity(
    "37b34f84-1ada-11eb-adc1-0242ac120002", "promotionActivity", "Promotion Activity"
)
ACTIVITIES = (COPY, PROMOTION)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run has read and written. Sizes are in bytes.

    Args:
        files_in: How many files were read.
        files: Which these are.
        warnings: In how many rows a transformation failed.
        batch: The id of the batch that it made; empty where it made none.
        diagnosed: Whether the batch has diagnostic files.
        copy_error: Why the source could not be read, so that nothing was promoted.
        errors: What is wrong with what was promoted.
        is_interrupted: Whether it was given up, so that the next run has the same to read.
        reasons: What is wrong with the first rows, in words.
        passed_over: The paths of files that are older than the start of a flow without backfill.
        before: What runs before have read or passed over, in words, where this one found nothing.
        columns: Which sources of its mapping no row has, in words.
    """

    status: str = "success"
    files_in: int = 0
    files: list[File] = field(default_factory=list)
    bytes_in: int = 0
    rows_in: int = 0
    files_out: int = 0
    bytes_out: int = 0
    rows_out: int = 0
    rows_failed: int = 0
    warnings: int = 0
    batch: str = ""
    diagnosed: bool = False
    copy_error: JsonObject | None = None
    errors: list[JsonObject] = field(default_factory=list)
    is_interrupted: bool = False
    reasons: str = ""
    passed_over: list[str] = field(default_factory=list)
    before: str = ""
    columns: str = ""

    @property
    def kept_passed_over(self) -> JsonObject:
        """What a flow's progress keeps of the files that it passes over; empty without any."""
        paths = self.passed_over
        return {"files": len(paths), "first": paths[0]} if paths else {}


@dataclass(frozen=True, slots=True)
class RunReport:
    """The members of a run that tell how it went; a run takes no time. Times are in milliseconds.

    Args:
        started: When the run took place.
        window: From when to when the files that it reads were modified.
        kind: `one-time` or `scheduled`.
        result: What it has read and written.
    """

    started: int
    window: tuple[int, int]
    kind: str
    result: RunResult

    def metrics(self) -> JsonObject:
        """Return the `metrics` of the run."""
        refs = [COPY.id if self.result.copy_error else PROMOTION.id]
        message = self._message
        return {
            "durationSummary": self._duration(),
            "sizeSummary": self._sizes(),
            "recordSummary": self._records(),
            "fileSummary": {**self._files(), "activityRefs": refs},
            "statusSummary": {
                "status": self.result.status,
                "errors": self._errors(),
                "activityRefs": refs,
                **({"extensions": {"message": message}} if message else {}),
            },
        }

    @property
    def _message(self) -> str:
        """What the run says of itself beside its errors, whose texts are documented (assumed)."""
        result = self.result
        too_old = told_passed_over(result.kept_passed_over)
        if result.status != "success" or result.rows_in:
            return " ".join(filter(None, (result.reasons, too_old, result.columns)))
        said = NO_ROWS if result.files_in else NOTHING_NEW
        return " ".join(filter(None, (said, too_old, result.before)))

    def activities(self, copy_id: str, source: str, target: str) -> list[JsonObject]:
        """Return the `activities`: what was copied in, and what was promoted to the lake.

        Args:
            copy_id: The id under which the copying is known.
            source: The id of the flow's source connection.
            target: The id of its target connection.
        """
        copied = self._copied(copy_id, source)
        return [copied] if self.result.copy_error else [copied, self._promoted(target)]

    def _copied(self, copy_id: str, source: str) -> JsonObject:
        result = self.result
        status: JsonObject = {
            "status": "failed" if result.copy_error else "success",
            "extensions": {"type": self.kind},
        }
        if result.copy_error:
            status["errors"] = self._errors()
        reference = {"type": "AdfRunId", "ids": [copy_id]}
        return {
            "id": COPY.id,
            "name": COPY.name,
            "updatedAtUTC": self.started,
            "durationSummary": self._duration(),
            "sizeSummary": {"inputBytes": result.bytes_in, "outputBytes": result.bytes_in},
            "recordSummary": {},
            "fileSummary": {"inputFileCount": result.files_in, "outputFileCount": result.files_in},
            "statusSummary": status,
            "sourceInfo": [{"id": source, "type": "SourceConnection", "reference": reference}],
        }

    def _promoted(self, target: str) -> JsonObject:
        result = self.result
        files: JsonObject = self._files()
        status: JsonObject = {"status": result.status}
        info: JsonObject = {"id": target, "type": "TargetConnection"}
        extensions: JsonObject = {}
        if result.batch:
            info["reference"] = {"type": "Batch", "ids": [result.batch]}
        if result.batch and result.diagnosed:  # else the links would lead to nothing
            meta = f"{EXPORT}/{result.batch}/meta?path="
            files["extensions"] = {"manifest": {"fileInfo": f"{meta}input_files"}}
            if result.errors:
                extensions["manifest"] = {
                    "failedRecords": f"{meta}row_errors",
                    "sampleErrors": f"{meta}row_error_samples.json",
                }
        if result.errors:
            extensions["errors"] = result.errors
            status |= {"errors": self._errors(), "extensions": extensions}
        duration = {"startedAtUTC": self.started, "completedAtUTC": self.started}
        return {
            "id": PROMOTION.id,
            "name": PROMOTION.name,
            "updatedAtUTC": self.started,
            "durationSummary": duration,
            "sizeSummary": self._sizes(),
            "recordSummary": self._records(),
            "fileSummary": files,
            "statusSummary": status,
            "targetInfo": [info],
        }

    def _errors(self) -> list[JsonObject]:
        """Return the errors of the run as a whole: which activity failed; the activity says why."""
        error = self.result.copy_error
        if error:
            text = f"Error occurred at copy activity. {error['message']}"
            return [{"code": error["code"], "message": text}]
        if self.result.errors:
            return [{"code": SOURCE_FAILED, "message": "Error occurred at promotion activity."}]
        return []

    def _duration(self) -> JsonObject:
        start, end = self.window
        return {
            "startedAtUTC": self.started,
            "completedAtUTC": self.started,
            "extensions": {"windowStart": start, "windowEnd": end},
        }

    def _sizes(self) -> JsonObject:
        return {"inputBytes": self.result.bytes_in, "outputBytes": self.result.bytes_out}

    def _records(self) -> JsonObject:
        counts = {
            "inputRecordCount": self.result.rows_in,
            "outputRecordCount": self.result.rows_out,
            "failedRecordCount": self.result.rows_failed,
        }
        warnings = self.result.warnings
        return {**counts, "warningRecordCount": warnings} if warnings else counts

    def _files(self) -> JsonObject:
        result = self.result
        return {"inputFileCount": result.files_in, "outputFileCount": result.files_out}
