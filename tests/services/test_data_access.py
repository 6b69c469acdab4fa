"""Data Access: files of batches and data sets, ranges, what failed, diagnostics; over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing.client import AepClient
from tests.bodies import HEADERS
from tests.services.lake import ANN, BAD, BOB, EXPORT, Lake, lines

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "0123456789abcdef01234567"


def data(lake: Lake, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lake.api.ok("GET", f"{EXPORT}/{path}")["data"]
    return found


def ndjson(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.splitlines()]


def test_a_batch_lists_its_data_set_file_in_texts(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    answer = lake.api.ok("GET", f"{EXPORT}/batches/{batch}/files")
    (file,) = answer["data"]
    assert answer["_page"] == {"limit": 100, "count": 1}
    assert "_links" not in answer
    assert file["dataSetFileId"] == f"{batch}-1"
    assert file["isValid"] is False
    assert file["created"] == "1600000000000"
    assert (file["records"], int(file["size"]) > 0) == ("1", True)
    dataset = lake.api.ok("GET", f"/data/foundation/catalog/dataSets/{lake.dataset}")
    assert file["dataSetViewId"] == dataset[lake.dataset]["viewId"]


def test_links_lead_to_the_emulator_and_can_be_called(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    (file,) = data(lake, f"batches/{batch}/files")
    href = file["_links"]["self"]["href"]
    assert href == f"http://localhost{EXPORT}/files/{batch}-1"
    (part,) = lake.api.ok("GET", href)["data"]
    answer = lake.api.call("GET", part["_links"]["self"]["href"])
    assert answer.content == lines(ANN)
    assert part["length"] == str(len(answer.content))


def test_parts_are_read_whole_or_in_ranges(lake: Lake) -> None:
    batch = lake.ingest(ANN, BOB)
    (name,) = lake.parts(batch)
    whole = lake.read(batch, name)
    assert (whole.status, whole.content) == (200, lines(ANN, BOB))
    assert whole.headers["content-type"] == "application/octet-stream"
    size = len(whole.content)
    for asked, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, size - 1),
        ("bytes=-5", size - 5, size - 1),
        (f"bytes=0-{size * 2}", 0, size - 1),
    ):
        answer = lake.read(batch, name, Range=asked)
        assert (answer.status, answer.content) == (206, whole.content[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=-"])
def test_what_is_no_range_is_passed_over(lake: Lake, asked: str) -> None:
    batch = lake.ingest(ANN)
    assert lake.read(batch, lake.parts(batch)[0], Range=asked).status == 200


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=1000-2000", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(lake: Lake, asked: str) -> None:
    batch = lake.ingest(ANN)
    answer = lake.read(batch, lake.parts(batch)[0], Range=asked)
    assert (answer.status, answer.rule) == (416, "data_access.get_file.range_can_be_satisfied")
    assert answer.headers["content-range"] == f"bytes */{len(lines(ANN))}"


def test_head_answers_size_and_media_type_without_the_bytes(api: AepClient) -> None:
    for format, kind in (("csv", "application/csv"), ("parquet", "application/parquet")):
        lake = Lake(api, format, title=format)
        batch = lake.ingest(ANN)
        (name,) = lake.parts(batch)
        answer = lake.api.call("HEAD", f"{EXPORT}/files/{batch}-1?path={name}")
        assert (answer.status, answer.content) == (200, b"")
        assert answer.headers["content-type"] == kind
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-length"] == str(len(lake.read(batch, name).content))


def test_parts_are_paged(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.data_plane.dataset_files.ROWS_PER_PART", 1)
    batch = lake.ingest(*[{"_id": str(n)} for n in range(5)])
    path = f"{EXPORT}/files/{batch}-1?limit=2"
    names: list[str] = []
    while path:
        answer = lake.api.ok("GET", path)
        assert answer["_page"] == {"limit": 2, "count": 5}
        names += [part["name"] for part in answer["data"]]
        links = answer.get("_links", {})
        assert ("page" in links) == ("next" in links)
        path = links.get("next", {}).get("href", "")
    assert names == lake.parts(batch)
    assert len(set(names)) == 5
    from_name = data(lake, f"files/{batch}-1?start={names[3]}")
    assert [part["name"] for part in from_name] == names[3:]
    assert data(lake, f"files/{batch}-1?start=nothing") == []


@pytest.mark.parametrize(("limit", "taken"), [("0", 100), ("101", 101), ("all", 100)])
def test_limits_out_of_range_are_remarked_on(lake: Lake, limit: str, taken: int) -> None:
    """The guide says that a hundred is the maximum by default and that limit changes it."""
    batch = lake.ingest(ANN)
    for path in (f"batches/{batch}/files", f"batches/{batch}/meta", f"files/{batch}-1"):
        answer = lake.api.call("GET", f"{EXPORT}/{path}?limit={limit}")
        assert (answer.status, answer.json["_page"]["limit"]) == (200, taken)
        assert [rule.rpartition(".")[2] for rule in answer.warnings] == ["limit_is_in_range"]


def test_a_batch_that_is_not_there_has_no_files(lake: Lake) -> None:
    for place in ("files", "failed"):
        answer = lake.api.call("GET", f"{EXPORT}/batches/{UNKNOWN}/{place}")
        assert (answer.status, answer.json["data"]) == (200, [])
        assert [rule.rpartition(".")[2] for rule in answer.warnings] == ["batch_is_known"]
    answer = lake.api.call("GET", f"{EXPORT}/batches/{UNKNOWN}/meta")
    assert (answer.status, answer.rule) == (404, "data_access.get_batch_meta.batch_is_known")


def test_a_strict_emulator_refuses_the_unknown_batch(strict: AepClient) -> None:
    answer = strict.call("GET", f"{EXPORT}/batches/{UNKNOWN}/files")
    assert (answer.status, answer.rule) == (404, "data_access.list_batch_files.batch_is_known")


def test_files_and_parts_that_are_not_there_are_not_found(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    for method, operation in (("GET", "get_file"), ("HEAD", "head_file")):
        for path, rule in (
            (f"files/{UNKNOWN}-1?path=x", "file_is_known"),
            (f"files/{batch}-2?path=x", "file_is_known"),
            (f"files/{batch}-1?path=part-00000.json", "part_is_known"),
        ):
            answer = lake.api.call(method, f"{EXPORT}/{path}")
            assert (answer.status, answer.rule) == (404, f"data_access.{operation}.{rule}")
    answer = lake.api.call("HEAD", f"{EXPORT}/files/{batch}-1")
    assert (answer.status, answer.rule) == (400, "data_access.head_file.path_is_sent")
    assert lake.api.call("GET", f"{EXPORT}/files/nothing").status == 404


def test_failed_rows_are_listed_and_read(lake: Lake) -> None:
    batch = lake.ingest(ANN, BAD)
    found = data(lake, f"batches/{batch}/failed")
    assert [(item["name"], item["length"] == "0") for item in found] == [
        ("_SUCCESS", True),
        ("part-00000.json", False),
    ]
    (row,) = ndjson(lake.api.call("GET", found[1]["_links"]["self"]["href"]).content)
    assert {name: row[name] for name in BAD} == BAD
    (error,) = row["_validationErrors"]
    assert (error["keyword"], error["pointerToViolation"]) == ("type", "#/person/birthDate")
    answer = lake.api.call("GET", f"{EXPORT}/batches/{batch}/failed?path=part-00001.json")
    assert (answer.status, answer.rule) == (404, "data_access.get_batch_failed.path_is_known")
    assert data(lake, f"batches/{lake.ingest(ANN)}/failed") == []


def broken(lake: Lake) -> str:
    """Ingest a good row, one that cannot be read and one that does not convert."""
    members: dict[str, Any] = {"enableErrorDiagnostics": True, "partialIngestionPercent": 70}
    batch = lake.create(**members)
    lake.put(batch, lines(ANN) + b'{missingQuotes: "v"}\n' + lines(BAD), "F1.json")
    lake.act(batch)
    return batch


def test_diagnostics_are_listed_and_read_below_meta(lake: Lake) -> None:
    batch = broken(lake)
    assert [item["name"] for item in data(lake, f"batches/{batch}/meta")] == [
        "input_files",
        "row_error_samples.json",
        "row_errors",
    ]
    found = data(lake, f"batches/{batch}/meta?path=row_errors")
    names = [item["name"] for item in found]
    assert names == ["conversion_errors_0.json", "parsing_errors_0.json"]
    href = found[1]["_links"]["self"]["href"]
    assert href.endswith("/meta?path=row_errors%2Fparsing_errors_0.json")
    (row,) = ndjson(lake.api.call("GET", href).content)
    assert row == {
        "_corrupt_record": '{missingQuotes: "v"}',
        "_errors": [
            {
                "code": "1401",
                "message": "Row is corrupted and cannot be read, please fix and resend.",
            }
        ],
        "_filename": "parsing_errors_0.json",
    }
    meta = f"{EXPORT}/batches/{batch}/meta?path="
    (input_files,) = data(lake, f"batches/{batch}/meta?path=input_files")
    content = lake.api.call("GET", f"{meta}input_files/{input_files['name']}").content
    assert ndjson(content) == [{"path": "F1.json"}]
    for spelling in ("row_error_samples.json", "row_errors_sample.json"):
        samples = json.loads(lake.api.call("GET", meta + spelling).content)
        assert [sample["_filename"] for sample in samples] == [
            "parsing_errors_0.json",
            "conversion_errors_0.json",
        ]
    errors = lake.batch(batch)["errors"]
    assert [error["code"] for error in errors] == [
        "INGEST-1212-400",
        "INGEST-1401-400",
        "TypeCompatibilityException",
    ]
    assert [error.get("recordCount") for error in errors] == [None, 1, 1]


def test_without_diagnostics_there_is_no_meta(lake: Lake) -> None:
    batch = lake.ingest(ANN, BAD)
    assert data(lake, f"batches/{batch}/meta") == []
    answer = lake.api.call("GET", f"{EXPORT}/batches/{batch}/meta?path=row_errors")
    assert (answer.status, answer.rule) == (404, "data_access.get_batch_meta.path_is_known")


def test_the_guide_of_march_2020_reads_diagnostics_among_the_failed(lake: Lake) -> None:
    batch = broken(lake)
    path = f"{EXPORT}/batches/{batch}/failed?path="
    for edition, remarks in (
        ("2020-03", []),
        ("latest", ["data_access.get_batch_failed.diagnostics_are_below_meta"]),
    ):
        answer = lake.api.call("GET", path + "parse_errors", x_emulator_edition=edition)
        assert answer.warnings == remarks
        assert ndjson(answer.content)[0]["_errors"][0]["code"] == "1401"
    answer = lake.api.call("GET", path + "conversion_errors", x_emulator_edition="2020-03")
    assert ndjson(answer.content)[0]["_errors"][0]["column"] == "person.birthDate"


def test_a_preview_has_the_first_hundred_rows(lake: Lake) -> None:
    assert lake.preview() == []
    lake.ingest(*[{"_id": str(n)} for n in range(60)])
    lake.ingest(*[{"_id": str(n)} for n in range(60, 120)])
    assert [row["_id"] for row in lake.preview()] == [str(n) for n in range(100)]
    other = Lake(lake.api, title="Others")
    assert other.preview() == []
    answer = lake.api.call("GET", f"{EXPORT}/datasets/{OTHER}/preview")
    assert (answer.status, answer.rule) == (404, "data_access.preview_dataset.dataset_is_known")


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_previews_read_every_format_that_data_lands_in(api: AepClient, format: str) -> None:
    lake = Lake(api, format)
    lake.ingest({"_id": "1"}, {"_id": "2"})
    assert lake.preview() == [{"_id": "1"}, {"_id": "2"}]


def test_a_preview_of_parquet_without_the_extra_says_so(
    api: AepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(api, "parquet")
    lake.ingest(ANN)
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    answer = lake.api.call("GET", f"{EXPORT}/datasets/{lake.dataset}/preview")
    assert answer.status == 501
    assert "extra parquet" in answer.json["detail"]


def test_the_gate_stands_before_files_too(make: Callable[..., AepClient]) -> None:
    api = make()
    for path in (f"{EXPORT}/batches/x/files", f"{EXPORT}/files/x-1"):
        headers = {name: value for name, value in HEADERS.items() if name != "x-api-key"}
        assert api.exchange("GET", path, headers).rule == "platform.gate.api_key_is_sent"
