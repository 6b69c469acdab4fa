"""Ingesting files over a socket: by the library aepp, and by requests as the guide's curl calls."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.bodies import CATALOG, HEADERS, SCHEMA_REGISTRY, dataset, profile_schema
from tests.journeys.conftest import Running
from tests.journeys.library import Library
from tests.services.lake import ANN, BAD, BOB, EXPORT, IMPORT, lines


@pytest.fixture
def lake(library: Library, made: dict[str, str]) -> dict[str, Any]:
    """The library's modules for ingestion, and a data set of JSON files."""
    from aepp import dataaccess, ingestion

    body = dataset(made["schema"], name="Ingested", fileDescription={"format": "json"})
    (reference,) = library.catalog.createDataSet(data=body)
    return {
        "dataset": reference.removeprefix("@/dataSets/"),
        "ingestion": ingestion.DataIngestion(config=library.configuration),
        "access": dataaccess.DataAccess(config=library.configuration),
    }


def ingest(lake: dict[str, Any], rows: Any, **options: Any) -> str:
    client, target = lake["ingestion"], lake["dataset"]
    batch = client.createBatch(datasetId=target, format="json", **options)["id"]
    assert client.uploadSmallFile(batch, target, "rows.json", data=rows) == {}
    assert client.uploadSmallFileFinish(batch) == {}
    return str(batch)


def test_aepp_ingests_rows_and_reads_them_back(library: Library, lake: dict[str, Any]) -> None:
    access = lake["access"]
    batch = ingest(lake, [ANN, BOB])
    found = library.catalog.getBatch(batch)[batch]
    assert (found["status"], found["metrics"]["recordsWritten"]) == ("success", 2)
    (file,) = access.getBatchFiles(batch)
    (part,) = access.getFiles(file["dataSetFileId"])["data"]
    content = access.getFiles(file["dataSetFileId"], path=part["name"])
    assert [json.loads(line) for line in content.splitlines()] == [ANN, BOB]
    # It never shows what a HEAD answers, only that it was well.
    assert access.getHeadFile(file["dataSetFileId"], path=part["name"]) == {}
    assert access.getPreview(lake["dataset"]) == [ANN, BOB]


def test_aepp_previews_gives_up_and_reverts(library: Library, lake: dict[str, Any]) -> None:
    client, target = lake["ingestion"], lake["dataset"]
    batch = client.createBatch(datasetId=target, format="json", multiline=True)["id"]
    client.uploadSmallFile(batch, target, "a.json", data=[ANN])
    shown = client.getPreviewBatchDataset(batch, target)["preview"]
    assert shown["rows"] == [{"0": "1", "1": "Ann"}]
    assert client.headFileStatus(batch, target, "a.json") == {}
    assert client.uploadSmallFileFinish(batch, action="ABORT") == {}
    done = ingest(lake, [BOB])
    assert client.deleteBatch(done) == {}
    states = {id: found["status"] for id, found in library.catalog.getBatches().items()}
    assert states == {batch: "aborted", done: "inactive"}
    assert lake["access"].getPreview(target) == []


def test_aepp_finds_failed_batches_and_why(library: Library, lake: dict[str, Any]) -> None:
    batch = ingest(lake, [ANN, BAD], enableDiagnostic=True)
    frame = library.catalog.getFailedBatchesDF()
    assert list(frame.index) == [batch]
    assert frame.loc[batch, "dataSetId"] == lake["dataset"]
    assert frame.loc[batch, "errorCode"] == ["INGEST-1212-400", "TypeCompatibilityException"]
    failed = lake["access"].getBatchFailed(batch)
    assert [item["name"] for item in failed] == ["_SUCCESS", "part-00000.json"]
    meta = lake["access"].getBatchMeta(batch, path="row_errors")
    assert [item["name"] for item in meta["data"]] == ["conversion_errors_0.json"]
    samples = lake["access"].getBatchMeta(batch, path="row_errors_sample.json")
    assert samples[0]["_errors"][0]["column"] == "person.birthDate"
    last = library.catalog.getLastBatches(lake["dataset"])[lake["dataset"]]
    assert (last["lastBatchId"], last["lastBatchStatus"]) == (batch, "failed")


def test_aepp_lets_some_rows_fail(library: Library, lake: dict[str, Any]) -> None:
    batch = ingest(lake, [ANN, BAD], partialIngestionPercentage=50)
    found = library.catalog.getBatch(batch)[batch]
    assert (found["status"], found["failedRecordCount"]) == ("success", 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_aepp_sends_a_large_file_in_parts(library: Library, lake: dict[str, Any]) -> None:
    client, target = lake["ingestion"], lake["dataset"]
    content = lines(ANN, BOB)
    half, total = len(content) // 2, len(content)
    batch = client.createBatch(datasetId=target, format="json")["id"]
    client.uploadLargeFileStartEnd(batch, target, "large.json", action="INITIALIZE")
    for first, last in ((half, total - 1), (0, half - 1)):
        # Its method for parts reads an empty answer as JSON, and raises; the part has arrived.
        with pytest.raises(requests.exceptions.JSONDecodeError):
            client.uploadLargeFilePart(
                batch,
                target,
                "large.json",
                content[first : last + 1],
                f"bytes {first}-{last}/{total}",
            )
    client.uploadLargeFileStartEnd(batch, target, "large.json", action="COMPLETE")
    client.uploadSmallFileFinish(batch)
    assert lake["access"].getPreview(target) == [ANN, BOB]


class Curl:
    """The guide's calls, sent by requests."""

    def __init__(self, running: Running, session: requests.Session, organization: str) -> None:
        self.url = running.url
        self._session = session
        self._headers = {**HEADERS, "x-gw-ims-org-id": organization}

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {**self._headers, **options.pop("headers", {})}
        url = path if path.startswith("http") else self.url + path
        reply = self._session.request(method, url, headers=headers, timeout=30, **options)
        assert "x-emulator-self-check" not in reply.headers
        return reply


@pytest.mark.parametrize(
    ("format", "content"),
    [
        ("json", lines(ANN, BOB)),
        ("csv", b"_id,person.name.firstName\n1,Ann\n2,Bob\n"),
    ],
)
def test_a_file_comes_from_upload_to_reading(
    shared: Running, session: requests.Session, organization: str, format: str, content: bytes
) -> None:
    call = Curl(shared, session, organization)
    schema = call("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", json=profile_schema()).json()["$id"]
    body = dataset(schema, fileDescription={"format": "json"})
    (reference,) = call("POST", f"{CATALOG}/dataSets", json=body).json()
    target = reference.removeprefix("@/dataSets/")
    sent = {"datasetId": target, "inputFormat": {"format": format}}
    created = call("POST", f"{IMPORT}/batches", json=sent)
    assert created.status_code == 201
    batch = created.json()["id"]
    path = f"{IMPORT}/batches/{batch}/datasets/{target}/files/folder/people.{format}"
    octets = {"Content-Type": "application/octet-stream"}
    uploaded = call("PUT", path, data=content, headers=octets)
    assert (uploaded.status_code, uploaded.content) == (200, b"")
    done = call("POST", f"{IMPORT}/batches/{batch}?action=COMPLETE")
    assert (done.status_code, done.content) == (200, b"")
    found = call("GET", f"{CATALOG}/batches/{batch}").json()[batch]
    assert (found["status"], found["recordCount"]) == ("success", 2)
    (file,) = call("GET", f"{EXPORT}/batches/{batch}/files").json()["data"]
    (part,) = call("GET", file["_links"]["self"]["href"]).json()["data"]
    href = part["_links"]["self"]["href"]
    assert href.startswith(shared.url)
    whole = call("GET", href).content
    assert [json.loads(line) for line in whole.splitlines()] == [ANN, BOB]
    told = call("HEAD", href)
    assert (told.status_code, told.headers["Content-Length"]) == (200, str(len(whole)))
    cut = call("GET", href, headers={"Range": "bytes=5-9"})
    assert (cut.status_code, cut.content) == (206, whole[5:10])
    assert cut.headers["Content-Range"] == f"bytes 5-9/{len(whole)}"


def test_a_file_longer_than_other_bodies_may_be_is_taken(
    shared: Running, session: requests.Session, organization: str
) -> None:
    call = Curl(shared, session, organization)
    schema = call("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", json=profile_schema()).json()["$id"]
    (reference,) = call("POST", f"{CATALOG}/dataSets", json=dataset(schema)).json()
    target = reference.removeprefix("@/dataSets/")
    sent = {"datasetId": target, "inputFormat": {"format": "json"}}
    batch = call("POST", f"{IMPORT}/batches", json=sent).json()["id"]
    path = f"{IMPORT}/batches/{batch}/datasets/{target}/files/long.json"
    content = b" " * (17 * 1024**2)
    assert call("PUT", path, data=content).status_code == 200
    assert call("HEAD", path).headers["Range"] == f"bytes 0-{len(content) - 1}"
    other = call(
        "POST", f"{IMPORT}/batches", data=content, headers={"Content-Type": "application/json"}
    )
    assert other.status_code == 413
    assert call("POST", f"{IMPORT}/batches/{batch}?action=ABORT").status_code == 200
