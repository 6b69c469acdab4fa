"""Batch Ingestion: uploads, the life of a batch, partial ingestion, previews; over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from emulator.app import create_emulator
from emulator.data_plane.parquet import write_parquet
from emulator.hooks import CompletionPolicy
from emulator.json_types import JsonObject
from emulator.package_data import data_folder
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, SCHEMA_REGISTRY
from tests.emulators import aep_for
from tests.services.lake import ANN, BAD, BOB, EXPORT, IMPORT, Lake, lines

BATCHES = f"{IMPORT}/batches"
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "0123456789abcdef01234567"


# Creating


def test_a_new_batch_is_loading_and_in_catalog(lake: Lake) -> None:
    sent = {"datasetId": lake.dataset, "inputFormat": {"format": "JSON", "isMultiLineJson": False}}
    batch = lake.api.ok("POST", BATCHES, {**sent, "tags": {"mine": ["a"]}})
    assert (batch["status"], batch["version"]) == ("loading", "1.0.0")
    assert batch["relatedObjects"] == [{"type": "dataSet", "id": lake.dataset}]
    assert batch["inputFormat"] == {"format": "json", "isMultiLineJson": False}
    assert batch["externalId"] == batch["id"]
    assert batch["tags"]["mine"] == ["a"]
    assert batch["tags"]["acp_stagePath"] == [f"test-client/stage/{batch['id']}"]
    assert lake.batch(batch["id"]).items() >= {k: v for k, v in batch.items() if k != "id"}.items()


def test_the_trailing_slash_and_another_content_type_are_taken(lake: Lake) -> None:
    body = {"datasetId": lake.dataset, "inputFormat": {"format": "csv"}}
    answer = lake.api.call("POST", f"{BATCHES}/", body)
    assert answer.status == 201
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = lake.api.call("POST", BATCHES, body, headers=form)
    assert answer.status == 201
    assert "batch_ingestion.create_batch.content_type_is_json" in answer.warnings


def test_without_an_input_format_a_batch_is_of_parquet(lake: Lake) -> None:
    answer = lake.api.call("POST", BATCHES, {"datasetId": lake.dataset})
    assert answer.json["inputFormat"] == {"format": "parquet"}
    assert "batch_ingestion.create_batch.input_format_is_sent" in answer.warnings


@pytest.mark.parametrize("name", ["partialIngestionPercent", "partialIngestionPercentage"])
def test_both_names_of_the_threshold_are_understood(lake: Lake, name: str) -> None:
    members: dict[str, Any] = {name: 5, "enableErrorDiagnostics": True}
    batch = lake.create(**members)
    tags = lake.batch(batch)["tags"]
    assert tags["acp_partialIngestionPercent"] == ["5"]
    assert tags["acp_enableErrorDiagnostics"] == ["true"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"datasetId": OTHER}, "dataset_is_known"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(lake: Lake, changes: Any, rule: str) -> None:
    body = {"datasetId": lake.dataset, "inputFormat": {"format": "json"}, **changes}
    answer = lake.api.call("POST", BATCHES, body)
    assert (answer.status, answer.rule) == (400, f"batch_ingestion.create_batch.{rule}")
    assert answer.json["title"] == "BadRequestError"
    assert lake.api.ok("GET", f"{CATALOG}/batches") == {}


def test_an_external_id_belongs_to_one_batch(lake: Lake) -> None:
    lake.create(externalId="mine")
    body = {"datasetId": lake.dataset, "inputFormat": {"format": "json"}, "externalId": "mine"}
    answer = lake.api.call("POST", BATCHES, body)
    assert answer.rule == "batch_ingestion.create_batch.external_id_is_free"
    assert len(lake.api.ok("GET", f"{CATALOG}/batches")) == 1


# Small files


def test_a_small_file_is_put_described_and_replaced(lake: Lake) -> None:
    batch = lake.create()
    assert (lake.put(batch, b"12345").status, lake.put(batch, lines(ANN)).content) == (200, b"")
    told = lake.api.call("HEAD", lake.path(batch))
    assert (told.status, told.headers["range"]) == (200, f"bytes 0-{len(lines(ANN)) - 1}")
    lake.act(batch)
    assert lake.landed(batch) == [ANN]


def test_names_of_files_may_have_folders_and_blanks(lake: Lake) -> None:
    batch = lake.create()
    for name, row in (("part1=a/part2=b/file.json", ANN), ("a%20file.json", BOB)):
        assert lake.put(batch, lines(row), name).status == 200
    lake.act(batch)
    assert sorted(row["_id"] for row in lake.landed(batch)) == ["1", "2"]
    assert lake.batch(batch)["metrics"]["inputFileCount"] == 2


def test_the_other_spelling_of_datasets_leads_to_the_same(lake: Lake) -> None:
    batch = lake.create()
    lake.put(batch, lines(ANN))
    path = lake.path(batch).replace("datasets", "dataSets")
    assert lake.api.call("HEAD", path).headers["range"]


def test_other_content_types_are_remarked_on_and_forms_refused(lake: Lake) -> None:
    batch = lake.create()
    answer = lake.put(batch, lines(ANN), Content_Type="application/json")
    assert answer.status == 200
    assert answer.warnings == ["batch_ingestion.upload_file.content_is_octets"]
    answer = lake.put(batch, b"--x", "b.json", Content_Type="multipart/form-data; boundary=x")
    assert (answer.status, answer.rule) == (415, "batch_ingestion.upload_file.content_is_no_form")
    assert lake.api.call("HEAD", lake.path(batch, "b.json")).status == 404


def test_uploads_have_a_limit_of_their_own(make: Callable[..., AepClient]) -> None:
    lake = Lake(make(max_body=2000, max_upload=4000))
    batch = lake.create()
    assert lake.put(batch, b" " * 4000).status == 200
    answer = lake.put(batch, b" " * 4001, "b.json")
    assert (answer.status, answer.rule) == (413, "platform.body.length_is_within_limit")
    assert lake.api.call("HEAD", lake.path(batch, "b.json")).status == 404
    body = {"datasetId": lake.dataset, "tags": {"a": ["b" * 2000]}}
    assert lake.api.call("POST", BATCHES, body).status == 413


FILE_CALLS = [
    ("PUT", "upload_file", ""),
    ("POST", "act_on_file", "?action=INITIALIZE"),
    ("PATCH", "upload_file_part", ""),
    ("HEAD", "head_file", ""),
]


@pytest.mark.parametrize(("method", "operation", "query"), FILE_CALLS)
def test_files_belong_to_a_batch_and_its_data_set(
    lake: Lake, method: str, operation: str, query: str
) -> None:
    batch, second = lake.create(), Lake(lake.api, title="Others")
    headers = {"Content_Range": "bytes 0-0/1", "Content_Type": "application/octet-stream"}
    raw = b"x" if method in ("PUT", "PATCH") else None
    for path, status, rule in (
        (lake.path(UNKNOWN), 404, "batch_is_known"),
        (lake.path(batch).replace(lake.dataset, OTHER), 404, "dataset_is_known"),
        (second.path(batch), 400, "batch_is_for_the_dataset"),
    ):
        answer = lake.api.call(method, path + query, content=raw, headers=headers)
        assert (answer.status, answer.rule) == (status, f"batch_ingestion.{operation}.{rule}")


@pytest.mark.parametrize(("method", "operation", "query"), FILE_CALLS[:3])
def test_files_are_added_while_a_batch_is_loading(
    lake: Lake, method: str, operation: str, query: str
) -> None:
    batch = lake.ingest(ANN)
    headers = {"Content_Range": "bytes 0-0/1", "Content_Type": "application/octet-stream"}
    raw = b"x" if method in ("PUT", "PATCH") else None
    answer = lake.api.call(method, lake.path(batch) + query, content=raw, headers=headers)
    assert (answer.status, answer.rule) == (400, f"batch_ingestion.{operation}.batch_is_loading")
    assert lake.landed(batch) == [ANN]


# Large files


def test_a_large_file_comes_in_ranges_in_any_order(lake: Lake) -> None:
    batch, content = lake.create(), lines(ANN, BOB)
    total, half = len(content), len(content) // 2
    begun = lake.act_on_file(batch, "INITIALIZE")
    assert (begun.status, begun.content) == (201, b"")
    assert "range" not in lake.api.call("HEAD", lake.path(batch)).headers
    last = lake.part(batch, content[half:], f"{half}-{total - 1}/{total}")
    assert last.status == 200
    assert "range" not in last.headers
    first = lake.part(batch, content[:half], f"0-{half - 1}/{total}")
    assert first.headers["range"] == f"bytes 0-{total - 1}"
    assert lake.act_on_file(batch, "complete").status == 201
    assert lake.act_on_file(batch, "COMPLETE").status == 201
    lake.act(batch)
    assert lake.landed(batch) == [ANN, BOB]


def test_a_range_that_is_sent_again_replaces_itself(lake: Lake) -> None:
    batch, content = lake.create(), lines(ANN)
    span = f"0-{len(content) - 1}/{len(content)}"
    lake.act_on_file(batch, "INITIALIZE")
    lake.part(batch, b" " * len(content), span)
    lake.part(batch, content, span)
    assert lake.act_on_file(batch, "COMPLETE").status == 201
    lake.act(batch)
    assert lake.landed(batch) == [ANN]


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([], "nothing was sent of it"),
        (["0-1/4"], "end at byte 2 of 4"),
        (["2-3/4"], "leave a hole at byte 0"),
        (["0-0/4", "2-3/4"], "leave a hole at byte 1"),
        (["0-2/4", "2-3/4"], "overlap at byte 2"),
        (["0-1/4", "2-3/5"], "are of [4, 5] bytes"),
    ],
)
def test_holes_and_overlaps_are_refused_when_a_file_is_completed(
    lake: Lake, spans: list[str], reason: str
) -> None:
    batch = lake.create()
    lake.act_on_file(batch, "INITIALIZE")
    for span in spans:
        first, last = span.partition("/")[0].split("-")
        assert lake.part(batch, b"x" * (int(last) - int(first) + 1), span).status == 200
    answer = lake.act_on_file(batch, "COMPLETE")
    assert (answer.status, answer.rule) == (400, "batch_ingestion.act_on_file.ranges_fit")
    assert reason in answer.json["detail"]
    answer = lake.act(batch)
    assert answer.rule == "batch_ingestion.act_on_batch.no_upload_is_open"
    assert lake.status(batch) == "loading"


def test_ranges_say_what_they_are_of_a_file_that_was_begun(lake: Lake) -> None:
    batch = lake.create()
    rule = "batch_ingestion.upload_file_part"
    answer = lake.part(batch, b"x", "0-0/1")
    assert (answer.status, answer.rule) == (404, f"{rule}.file_is_begun")
    lake.act_on_file(batch, "INITIALIZE")
    for span in ("0-1/1", "1-1/1", "0-1/4", "x"):
        answer = lake.part(batch, b"x", span)
        assert (answer.status, answer.rule) == (400, f"{rule}.range_is_of_the_body")
    answer = lake.api.call("PATCH", lake.path(batch), content=b"x", Content_Type="text/plain")
    assert (answer.status, answer.rule) == (400, f"{rule}.range_is_sent")
    lake.put(batch, b"x")
    assert lake.part(batch, b"x", "0-0/1").rule == f"{rule}.file_is_open"


def test_actions_on_files_are_two(lake: Lake) -> None:
    batch, rule = lake.create(), "batch_ingestion.act_on_file"
    assert lake.act_on_file(batch, "ABORT").rule == f"{rule}.action_is_known"
    assert lake.api.call("POST", lake.path(batch)).rule == f"{rule}.action_is_known"
    answer = lake.act_on_file(batch, "COMPLETE")
    assert (answer.status, answer.rule) == (404, f"{rule}.file_is_begun")
    lowered = lake.act_on_file(batch, "initialize")
    assert (lowered.status, lowered.warnings) == (201, [f"{rule}.action_is_upper_case"])


# The life of a batch


def test_a_completed_batch_is_a_success_with_numbers(lake: Lake) -> None:
    batch = lake.ingest(ANN, BOB)
    found = lake.batch(batch)
    assert (found["status"], found["errors"], found["recordCount"]) == ("success", [], 2)
    assert found["metrics"]["recordsWritten"] == found["metrics"]["outputRecordCount"] == 2
    assert found["metrics"]["inputByteSize"] == len(lines(ANN, BOB))
    assert found["relatedObjects"] == [
        {"type": "dataSet", "id": lake.dataset},
        {"type": "dataSetFile", "id": f"{batch}-1"},
    ]
    shown = lake.api.ok("GET", f"{CATALOG}/dataSets/{lake.dataset}")[lake.dataset]
    assert (shown["lastBatchId"], shown["lastBatchStatus"]) == (batch, "success")


def test_completing_is_safe_to_repeat_and_the_uploads_are_gone(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    before = lake.batch(batch)
    answer = lake.act(batch, "complete")
    assert (answer.status, answer.content) == (200, b"")
    assert lake.batch(batch) == before
    assert lake.api.call("HEAD", lake.path(batch)).status == 404


def test_the_misspelt_key_of_an_action_is_understood(lake: Lake) -> None:
    batch = lake.create()
    answer = lake.api.call("POST", f"{BATCHES}/{batch}?actions=ABORT")
    assert answer.status == 200
    assert answer.warnings == ["batch_ingestion.act_on_batch.action_is_upper_case"]
    assert lake.status(batch) == "aborted"


@pytest.mark.parametrize("query", ["", "?action=DELETE", "?action="])
def test_an_unknown_action_is_refused(lake: Lake, query: str) -> None:
    batch = lake.create()
    answer = lake.api.call("POST", f"{BATCHES}/{batch}{query}")
    assert (answer.status, answer.rule) == (400, "batch_ingestion.act_on_batch.action_is_known")
    assert lake.status(batch) == "loading"


def test_an_action_on_an_unknown_batch_is_not_found(lake: Lake) -> None:
    answer = lake.act(UNKNOWN)
    assert (answer.status, answer.rule) == (404, "batch_ingestion.act_on_batch.batch_is_known")
    assert answer.json["title"] == "NotFoundError"


@pytest.mark.parametrize(("action", "status"), [("ABORT", "aborted"), ("FAIL", "failed")])
def test_a_loading_batch_is_given_up(lake: Lake, action: str, status: str) -> None:
    batch = lake.create()
    lake.put(batch, lines(ANN))
    assert lake.act(batch, action).status == 200
    assert lake.status(batch) == status
    assert lake.act(batch, action).status == 200
    assert lake.preview() == []
    rule = "batch_ingestion.act_on_batch.can_complete"
    assert lake.act(batch).rule == rule


def test_a_success_is_reverted_and_its_data_served_no_more(lake: Lake) -> None:
    kept, batch = lake.ingest(ANN), lake.ingest(BOB)
    assert lake.act(batch, "REVERT").status == 200
    assert lake.status(batch) == "inactive"
    assert lake.act(batch, "REVERT").status == 200
    assert lake.preview() == [ANN]
    assert lake.api.ok("GET", f"{EXPORT}/batches/{batch}/files")["data"] == []
    assert lake.api.call("GET", f"{EXPORT}/files/{batch}-1").status == 404
    assert list(lake.api.ok("GET", f"{CATALOG}/dataSetFiles")) == [f"{kept}-1"]


@pytest.mark.parametrize(
    ("steps", "action"),
    [
        ((), "REVERT"),
        (("COMPLETE",), "ABORT"),
        (("COMPLETE",), "FAIL"),
        (("ABORT",), "REVERT"),
        (("ABORT",), "FAIL"),
        (("FAIL",), "ABORT"),
        (("COMPLETE", "REVERT"), "COMPLETE"),
    ],
)
def test_an_action_out_of_turn_is_refused(lake: Lake, steps: tuple[str, ...], action: str) -> None:
    batch = lake.create()
    lake.put(batch, lines(ANN))
    for step in steps:
        assert lake.act(batch, step).status == 200
    before = lake.batch(batch)
    answer = lake.act(batch, action)
    assert (answer.status, answer.json["code"]) == (428, "ERR-BI-104")
    name = "can_still_abort" if action == "ABORT" else f"can_{action.lower()}"
    assert answer.rule == f"batch_ingestion.act_on_batch.{name}"
    assert action in answer.json["detail"]
    assert lake.batch(batch) == before


def test_a_batch_that_catalog_only_notes_takes_no_files(lake: Lake) -> None:
    related = [{"type": "dataSet", "id": lake.dataset}]
    body = {"status": "loading", "relatedObjects": related}
    noted = lake.api.ok("POST", f"{CATALOG}/batches", body)[0].removeprefix("@/batches/")
    for answer in (lake.put(noted, b"x"), lake.act(noted), preview(lake, noted)):
        assert answer.status == 400
        assert answer.rule.endswith(".batch_takes_files")
    assert lake.act(noted, "ABORT").status == 200


def test_a_batch_whose_data_set_is_deleted_while_it_waits_fails(
    make: Callable[..., AepClient],
) -> None:
    lake = Lake(make(batch_polls=1))
    batch = lake.ingest(ANN)
    lake.api.ok("PATCH", f"{CATALOG}/batches/{batch}", {"relatedObjects": []})
    assert [lake.status(batch) for _ in range(2)] == ["loaded", "failed"]


def test_tags_of_a_batch_may_be_single_values(lake: Lake) -> None:
    batch = lake.create()
    tags = {"acp_partialIngestionPercent": 50, "acp_enableErrorDiagnostics": True}
    lake.api.ok("PATCH", f"{CATALOG}/batches/{batch}", {"tags": tags})
    lake.put(batch, lines(ANN, BAD))
    lake.act(batch)
    codes = [error["code"] for error in lake.batch(batch)["errors"]]
    assert codes == ["INGEST-1212-400", "TypeCompatibilityException"]


def test_a_batch_without_files_succeeds_with_a_remark(lake: Lake) -> None:
    batch = lake.create()
    answer = lake.act(batch)
    assert answer.warnings == ["batch_ingestion.act_on_batch.there_is_a_file"]
    assert (lake.status(batch), lake.batch(batch)["recordCount"]) == ("success", 0)


def test_a_batch_replaces_what_it_replays(lake: Lake) -> None:
    old = lake.ingest(ANN)
    batch = lake.create(replay={"predecessors": [f"${old}"], "reason": "replace"})
    lake.put(batch, lines(BOB))
    assert lake.status(old) == "success"
    lake.act(batch)
    assert (lake.status(old), lake.status(batch)) == ("inactive", "success")
    assert lake.preview() == [BOB]
    body = {"datasetId": lake.dataset, "inputFormat": {"format": "json"}}
    answer = lake.api.call("POST", BATCHES, {**body, "replay": {"predecessors": [UNKNOWN]}})
    assert "batch_ingestion.create_batch.predecessors_are_known" in answer.warnings


def test_batches_can_take_some_polls_to_end(make: Callable[..., AepClient]) -> None:
    lake = Lake(make(batch_polls=3))
    batch = lake.ingest(ANN)
    listed = lake.api.ok("GET", f"{CATALOG}/batches")[batch]
    assert listed["status"] == "loaded"
    seen = [lake.status(batch) for _ in range(5)]
    assert seen == ["loaded", "staging", "staging", "success", "success"]
    assert lake.landed(batch) == [ANN]


def test_a_batch_that_is_processed_can_still_be_given_up(make: Callable[..., AepClient]) -> None:
    """One page allows it, another one does not, so it is remarked on."""
    lake = Lake(make(batch_polls=3))
    batch = lake.ingest(ANN)
    answer = lake.act(batch, "ABORT")
    assert (answer.status, answer.warnings) == (200, ["batch_ingestion.act_on_batch.can_abort"])
    assert [lake.status(batch) for _ in range(5)] == ["aborted"] * 5


class Hook:
    """Gives every batch the same policy, and holds those that wait for it."""

    def __init__(self, policy: CompletionPolicy | None) -> None:
        self.policy = policy
        self.holds = True

    def on_completion(self, sandbox: Sandbox, batch: JsonObject) -> CompletionPolicy | None:
        return self.policy

    def still_holds(self, holder: str) -> bool:
        return holder == "hook" and self.holds


def test_a_hook_decides_how_a_batch_ends() -> None:
    emulator = create_emulator(Settings())
    lake, hooks = Lake(aep_for(emulator)), emulator.platform.completion_hooks
    hooks[:] = [Hook(None), Hook(CompletionPolicy(None)), Hook(CompletionPolicy(0))]
    stuck = lake.ingest(ANN)
    assert [lake.status(stuck) for _ in range(3)] == ["loaded", "staging", "staging"]
    assert lake.act(stuck, "FAIL").status == 200
    assert [lake.status(stuck) for _ in range(2)] == ["failed", "failed"]
    hooks[:] = [Hook(CompletionPolicy(1, "0070000017", "Unknown error occurred."))]
    failing = lake.ingest(ANN)
    assert [lake.status(failing) for _ in range(2)] == ["loaded", "failed"]
    found = lake.batch(failing)
    assert found["errors"] == [{"code": "0070000017", "description": "Unknown error occurred."}]
    assert found["metrics"]["failureReason"] == "Unknown error occurred."
    assert lake.preview() == []


def test_a_batch_ends_once_no_hook_holds_it() -> None:
    emulator = create_emulator(Settings())
    lake, hook = Lake(aep_for(emulator)), Hook(CompletionPolicy(None, held_by="hook"))
    emulator.platform.completion_hooks[:] = [hook]
    batch = lake.ingest(ANN)
    assert [lake.status(batch) for _ in range(3)] == ["loaded", "staging", "staging"]
    hook.holds = False
    assert lake.status(batch) == "success"
    assert lake.landed(batch) == [ANN]


def test_batches_are_kept_apart_by_sandbox(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    elsewhere = {"x_sandbox_name": "dev"}
    assert lake.api.ok("GET", f"{CATALOG}/batches", headers=elsewhere) == {}
    assert (
        lake.api.call("POST", f"{BATCHES}/{batch}?action=REVERT", headers=elsewhere).status == 404
    )
    assert lake.api.call("GET", f"{EXPORT}/files/{batch}-1", headers=elsewhere).status == 404


# What the files are like


def test_one_array_counts_as_lines_whatever_the_flag_says(lake: Lake) -> None:
    batch = lake.create()
    lake.put(batch, b'[{"_id": "1"},\n {"_id": "2"}]')
    lake.act(batch)
    assert lake.landed(batch) == [{"_id": "1"}, {"_id": "2"}]


def test_multi_line_json_is_one_array(lake: Lake) -> None:
    batch = lake.create(inputFormat={"format": "json", "isMultiLineJson": True})
    lake.put(batch, b'[\n{\n"_id": "1"\n}\n]')
    lake.act(batch)
    assert lake.landed(batch) == [{"_id": "1"}]


def test_columns_of_csv_files_are_fields_or_paths(lake: Lake) -> None:
    format = {"format": "csv", "delimiter": ";"}
    batch = lake.create(inputFormat=format)
    lake.put(batch, b"_id;person.name.firstName;person/name/lastName\n7;Ann;\n", "a.csv")
    lake.act(batch)
    assert lake.landed(batch) == [{"_id": "7", "person": {"name": {"firstName": "Ann"}}}]


def test_csv_files_without_a_header_have_the_columns_of_the_schema(lake: Lake) -> None:
    batch = lake.create(inputFormat={"format": "csv", "header": False})
    lake.put(batch, b"first,second\n", "a.csv")
    lake.act(batch)
    (row,) = lake.landed(batch)
    assert list(row.values()) == ["first", "second"]


def test_parquet_files_are_read_and_written(api: AepClient) -> None:
    lake = Lake(api, "parquet")
    batch = lake.create("parquet")
    lake.put(batch, write_parquet([ANN, BOB]), "a.parquet")
    lake.act(batch)
    assert lake.preview() == [ANN, BOB]
    (name,) = lake.parts(batch)
    assert lake.read(batch, name).content[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("format", "content", "code"),
    [("json", b"", "106"), ("csv", b",,\n1,2,3\n", "118"), ("parquet", b"_id\n1\n", "200")],
)
def test_files_that_cannot_be_read_fail_their_batch(
    lake: Lake, format: str, content: bytes, code: str
) -> None:
    batch = lake.create(format, partialIngestionPercent=100)
    lake.put(batch, content)
    assert lake.act(batch).status == 200
    found = lake.batch(batch)
    assert (found["status"], found["errors"][0]["code"]) == ("failed", code)
    assert found["metrics"]["failureReason"] == found["errors"][0]["description"]


def test_one_bad_row_fails_a_batch_unless_some_may_fail(lake: Lake) -> None:
    strict = lake.ingest(ANN, BAD)
    assert lake.status(strict) == "failed"
    lenient = lake.ingest(ANN, BAD, partialIngestionPercent=50)
    found = lake.batch(lenient)
    assert (found["status"], found["failedRecordCount"]) == ("success", 1)
    assert [error["code"] for error in found["errors"]] == ["INGEST-1211-400"]
    assert "recordCount" not in found["errors"][0]
    assert lake.preview() == [ANN]
    shown = lake.api.ok("GET", f"{CATALOG}/dataSets/{lake.dataset}")[lake.dataset]
    assert (shown["lastFailedBatch"], shown["lastSuccessfulBatch"]) == (strict, lenient)


# Preview


def preview(lake: Lake, batch: str, query: str = "?format=json") -> Any:
    path = f"{BATCHES}/{batch}/datasets/{lake.dataset}/preview{query}"
    return lake.api.call("GET", path)


def test_a_loading_batch_can_be_previewed(lake: Lake) -> None:
    batch = lake.create()
    assert preview(lake, batch).json["preview"] == {"columns": [], "rows": []}
    lake.put(batch, lines({**ANN, "person": {"name": {"firstName": "Ann"}, "n": 0}}, BOB))
    found = preview(lake, batch).json
    assert found["formatParams"]["format"] == "json"
    columns = {column["name"]: column["cid"] for column in found["preview"]["columns"]}
    assert list(columns) == ["_id", "person/name/firstName", "person/n"]
    first, second = found["preview"]["rows"]
    assert first == {columns["_id"]: "1", columns["person/name/firstName"]: "Ann", "2": "0"}
    assert second == {columns["_id"]: "2", columns["person/name/firstName"]: "Bob"}
    assert len(preview(lake, batch, "?format=json&nrow=1").json["preview"]["rows"]) == 1


def test_a_preview_reads_csv_as_the_query_says(lake: Lake) -> None:
    batch = lake.create("csv")
    lake.put(batch, b"a|b\n1|'2|3'\n", "a.csv")
    found = preview(lake, batch, "?format=csv&delimiter=%7C&quote='").json
    assert found["preview"]["columns"] == [{"cid": "0", "name": "a"}, {"cid": "1", "name": "b"}]
    assert found["preview"]["rows"] == [{"0": "1", "1": "2|3"}]
    assert (found["formatParams"]["delimiter"], found["formatParams"]["quote"]) == ("|", "'")
    assert found["formatParams"]["header"] == "true"


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("?format=parquet", "files_can_be_read"),
        ("?format=csv&charset=klingon", "files_can_be_read"),
    ],
)
def test_a_preview_that_cannot_be_is_refused(lake: Lake, query: str, rule: str) -> None:
    batch = lake.create()
    lake.put(batch, lines(ANN))
    answer = preview(lake, batch, query)
    assert (answer.status, answer.rule) == (400, f"batch_ingestion.preview_batch.{rule}")


def test_a_preview_without_a_format_takes_the_batchs_own(lake: Lake) -> None:
    batch = lake.create()
    lake.put(batch, lines(ANN))
    answer = preview(lake, batch, "")
    assert answer.warnings == ["batch_ingestion.preview_batch.format_is_sent"]
    assert answer.json["preview"]["rows"][0]["0"] == "1"


# What the OpenAPI document shows instead


def test_an_edition_can_answer_as_the_reference_does(tmp_path: Any) -> None:
    shipped = json.loads((data_folder("contracts") / "editions.json").read_text("utf-8"))
    (latest,) = (edition for edition in shipped if edition.get("default"))
    documents = sorted(latest["documents"], key=lambda id: id != "batch-ingestion-openapi")
    own = {"name": "reference", "title": "The reference first", "documents": documents}
    (tmp_path / "editions.json").write_text(json.dumps([own]), "utf-8")
    emulator = create_emulator(Settings(contracts=tmp_path, edition="reference"))
    lake = Lake(aep_for(emulator))
    batch = lake.create()
    assert [lake.put(batch, lines(ANN)).status for _ in range(2)] == [201, 200]
    begun = lake.act_on_file(batch, "INITIALIZE", "b.json")
    assert (begun.status, begun.json) == (200, {"name": "b.json", "sizeInBytes": 0})
    lake.part(batch, lines(BOB), f"0-{len(lines(BOB)) - 1}/{len(lines(BOB))}", "b.json")
    done = lake.act_on_file(batch, "COMPLETE", "b.json")
    assert done.json == {"name": "b.json", "sizeInBytes": len(lines(BOB))}
    assert lake.act(batch).json["status"] == "success"


def test_rows_are_held_against_the_schema_as_it_is_now(api: AepClient) -> None:
    lake = Lake(api)
    bare = {"_id": "9"}
    before = lake.ingest(bare)
    add = [{"op": "add", "path": "/required", "value": ["person"]}]
    path = f"{SCHEMA_REGISTRY}/tenant/schemas/{quote(lake.schema, safe='')}"
    api.ok("PATCH", path, add, Accept="application/vnd.adobe.xed+json;version=1")
    after = lake.ingest(bare)
    assert (lake.status(before), lake.status(after)) == ("success", "failed")


# What was left out


def explained(lake: Lake, name: str) -> Any:
    return lake.api.ok("GET", f"/_emulator/batches/{quote(name, safe='')}")


def test_columns_that_the_schema_lacks_are_told_of_and_refuse_nothing(lake: Lake) -> None:
    batch = lake.create("csv")
    lake.put(batch, b"_id,person.name.firstName,person.name.lst,note\n7,Ann,,\n", "a.csv")
    (need,) = explained(lake, batch)["needed"]
    assert need.endswith(f"POST {IMPORT}/batches/{batch}?action=COMPLETE")
    lake.act(batch)
    assert (lake.status(batch), lake.batch(batch)["errors"]) == ("success", [])
    found = explained(lake, batch)
    told = "Columns   In a.csv, but not in the schema: person.name.lst, note"
    assert found["text"] == [
        f"Batch {batch} in prod: success",
        "",
        "Read      a.csv: 1 row",
        told,
        "Written   1 record to data set Leads",
    ]
    (columns,) = found["columns"]
    assert (columns["by"], columns["missing"], columns["unmappedCount"]) == ("schema", [], 2)
    dataset = lake.api.ok("GET", f"{CATALOG}/dataSets/{lake.dataset}")[lake.dataset]
    for name in ("last", lake.dataset, dataset["name"]):
        assert explained(lake, name) == found
    assert lake.api.call("GET", "/_emulator/batches/none").status == 404


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_members_that_the_schema_lacks_are_told_of(lake: Lake, format: str) -> None:
    name = {"firstName": "Ann", "lst": "x"}
    row = {"_id": "1", "nam": "x", "person": {"name": name}}
    batch = lake.create(format)
    lake.put(batch, lines(row) if format == "json" else write_parquet([row]), "a")
    lake.act(batch)
    (columns,) = explained(lake, batch)["columns"]
    assert columns["unmapped"] == ["nam", "person.name.lst"]


def test_rows_that_failed_are_explained(lake: Lake) -> None:
    batch = lake.ingest(ANN, BAD)
    found = explained(lake, batch)
    (cause,) = found["failed"]["causes"]
    assert [(one["file"], one["row"]) for one in cause["examples"]] == [("a.json", 2)]
    text = "\n".join(found["text"])
    assert f"a.json, row 2: {cause['examples'][0]['message']}" in text
    assert "Says      INGEST-1211-400" in text
