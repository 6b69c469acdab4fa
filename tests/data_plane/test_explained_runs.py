"""What a run says of its rows: links to them, its status, and its explanation."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from emulator.budgets import CAUSE_ROWS, ROW_CAUSES
from emulator.data_plane.columns import MAX_NAMES, SAMPLED, ColumnNotes
from emulator.data_plane.metrics import NOTHING_NEW, TOO_OLD
from emulator.data_plane.rows import Row
from tests.bodies import (
    CATALOG,
    CONVERSION,
    SCHEMA_REGISTRY,
    dataset,
    profile_schema,
    target_connection,
)
from tests.data_plane.test_runs import CORRUPT, HOUR, NOW, Plant, every, once

BORN = b'{"Id": "1", "Born": "2000-01-01"}\n{"Id": "2", "Born": "never"}\n'
WINDOW = {"startTime": NOW + HOUR, "windowStartTime": NOW, "windowEndTime": NOW + 1}
DIAGNOSED = {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 100}


@pytest.fixture
def plant() -> Plant:
    return Plant()


def explained(plant: Plant, id: str) -> Any:
    return plant.api.ok("GET", f"/_emulator/runs/{id}")


def mapped_flow(plant: Plant, rows: dict[str, str], path: str, **changes: Any) -> str:
    """Return a flow that reads JSON records and maps them: sources by destination."""
    mappings = [
        {"source": source, "sourceType": "EXPRESSION", "destination": destination}
        for destination, source in rows.items()
    ]
    output = {"schemaRef": {"id": plant.schema, "contentType": "1.0"}}
    sent = {"outputSchema": output, "mappings": mappings}
    id = plant.api.ok("POST", f"{CONVERSION}/mappingSets", sent)["id"]
    data = changes.pop("data", {"format": "json"})
    source = plant.source(data=data, params={"path": path})
    transformations = [{"name": "Mapping", "params": {"mappingId": id}}]
    return plant.flow(source, transformations=transformations, **changes)


def follow(plant: Plant, link: str) -> str:
    path = link.removeprefix("http://localhost")
    status, _, content = plant.api.send("GET", path, plant.api.headers, None)
    assert status == 200
    return content.decode()


def test_links_of_a_run_with_warnings_lead_to_the_rows_as_they_were_read(plant: Plant) -> None:
    plant.put("a.json", BORN)
    rows = {"_id": "Id", "person.birthDate": "date(Born)"}
    (run,) = plant.runs(mapped_flow(plant, rows, "a.json", options=DIAGNOSED))
    links = run["activities"][1]["statusSummary"]["extensions"]["manifest"]
    assert "mapping_errors_0.json" in follow(plant, links["failedRecords"])
    (row,) = follow(plant, links["failedRecords"] + "/mapping_errors_0.json").splitlines()
    (sample,) = json.loads(follow(plant, links["sampleErrors"]))
    assert json.loads(row) == sample
    assert (sample["Id"], sample["Born"], sample["_filename"]) == (
        "2",
        "never",
        "mapping_errors_0.json",
    )
    (error,) = sample["_errors"]
    assert (error["code"], error["column"]) == ("MAPPER-3700-400", "person.birthDate")
    assert "never" in error["message"]


def test_a_run_names_the_first_reasons_and_explains_warnings(plant: Plant) -> None:
    plant.put("a.json", BORN)
    rows = {"_id": "Id", "person.birthDate": "date(Born)"}
    (run,) = plant.runs(mapped_flow(plant, rows, "a.json"))
    message = run["metrics"]["statusSummary"]["extensions"]["message"]
    assert message.startswith("1 of 2 rows came with warnings: a.json, row 2: person.birthDate: ")
    found = explained(plant, run["id"])
    assert found["read"]["files"] == [{"path": "a.json", "rows": 2}]
    (cause,) = found["warned"]["causes"]
    assert cause["mapping"]["source"] == "date(Born)"
    assert [(one["file"], one["row"]) for one in cause["examples"]] == [("a.json", 2)]
    assert (found["failed"], found["written"]["records"]) == ({"rows": 0, "causes": []}, 2)
    text = "\n".join(found["text"])
    assert "1 row: person.birthDate, made from date(Born) (MAPPER-3700-400)" in text
    assert "values that date(Born) can take, for person.birthDate" in text
    assert "a success has such an error too" in text


def test_a_run_that_read_nothing_names_the_one_that_read_last(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    flow = plant.flow()
    (first,) = plant.runs(flow)
    order = {"flow": flow}
    for seconds in (90, 60):  # the run that read nothing is not named itself
        plant.clock.advance(seconds)
        run = plant.api.ok("POST", "/_emulator/runs", order)
    read = f"Run {first['id']} read 1 file, 2 rows, 150 s before"
    said = run["message"]
    assert said.endswith(f"{read}: aep-emulator explain run {first['id']}")
    found = explained(plant, run["id"])
    assert f"Says      {said}" in found["text"]
    assert found["needed"][0].startswith("a file at /leads/*.tsv that is new")


def test_where_no_run_has_read_anything_none_is_named(plant: Plant) -> None:
    plant.put("other.tsv")
    (run,) = plant.runs(plant.flow(plant.source(params={"path": "/leads/*.tsv"})))
    assert explained(plant, run["id"])["run"]["message"] == NOTHING_NEW


def test_files_from_before_the_start_are_told_of_where_the_flow_does_not_backfill(
    plant: Plant,
) -> None:
    for name in ("a", "b"):
        plant.put(f"leads/{name}.tsv")
    plant.clock.advance(10)
    schedule = {**every(start=NOW + 5), "backfill": False}
    flow = plant.flow(scheduleParams=schedule)
    told = f"2 files are {TOO_OLD}: leads/a.tsv and 1 more."
    plant.clock.advance(HOUR)
    for run in plant.runs(flow):  # also those after the first one
        found = explained(plant, run["id"])
        assert found["run"]["message"] == f"{NOTHING_NEW} {told}"
        assert any("backfill true" in need for need in found["needed"])
    plant.put("leads/c.tsv")
    plant.clock.advance(HOUR)
    last = explained(plant, plant.runs(flow)[-1]["id"])
    assert (last["read"]["fileCount"], last["run"]["message"]) == (1, "")


def test_files_that_an_order_has_read_are_not_passed_over(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    flow = plant.flow(scheduleParams={**every(start=NOW + 5), "backfill": False})
    plant.api.ok("POST", "/_emulator/runs", {"flow": flow})
    plant.clock.advance(10)
    ordered, scheduled = plant.runs(flow)
    assert explained(plant, ordered["id"])["read"]["fileCount"] == 1
    assert TOO_OLD not in explained(plant, scheduled["id"])["run"]["message"]


@pytest.mark.parametrize("path", ["/crm/customers.csv", "/crm/customers*", "/CRM"])
def test_where_nothing_is_at_the_path_the_nearest_files_are_named(plant: Plant, path: str) -> None:
    flow = plant.flow(plant.source(params={"path": path}))
    (run,) = plant.runs(flow)
    empty = "Blob has nothing yet: aep-emulator files put Blob FILE"
    assert explained(plant, run["id"])["needed"][0].endswith(f"; {empty}")
    for name in ("z/z.txt", "crm/customer.csv", "crm/old.csv", "a.csv"):
        plant.put(name)
    (need,) = explained(plant, run["id"])["needed"]
    assert "; Blob has crm/" in need
    assert need.endswith(" and 1 other: aep-emulator files ls Blob")
    plant.put(path.strip("/*"))
    assert "; " not in explained(plant, run["id"])["needed"][0]


def test_rows_that_failed_are_explained_with_what_they_needed(plant: Plant) -> None:
    plant.put("leads/a.tsv", CORRUPT)
    (run,) = plant.runs(plant.flow())
    found = explained(plant, run["id"])
    (cause,) = found["failed"]["causes"]
    assert (cause["rows"], found["written"]["dropped"]) == (1, 2)
    (example,) = cause["examples"]
    assert example == {
        "file": "leads/a.tsv",
        "row": 2,
        "message": "the row has 4 values for 3 columns",
    }
    assert any("partialIngestionPercent of 50" in need for need in found["needed"])
    why = "1 of them for what is in them"
    assert f"Failed    2 rows, {why}, the others since the batch failed as a whole" in found["text"]
    assert found["run"]["message"].startswith(f"2 of 2 rows failed, {why}: leads/a.tsv, row 2: ")
    assert (found["run"]["failed"], found["run"]["remark"]) == (2, "")
    assert explained(plant, "last") == found


def test_a_required_field_leads_to_its_mapping_or_to_none(plant: Plant) -> None:
    event = "https://ns.adobe.com/xdm/context/experienceevent"
    body = {**profile_schema("Visits"), "allOf": [{"$ref": event}], "meta:class": event}
    plant.schema = plant.api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", body)["$id"]
    sent = dataset(plant.schema, name="Visits", fileDescription={"format": "json"})
    plant.dataset = plant.api.ok("POST", f"{CATALOG}/dataSets", sent)[0].rpartition("/")[2]
    plant.target = plant.make("targetConnections", target_connection(plant.schema, plant.dataset))
    plant.put("a.json", b'{"Id": null}\n')
    (run,) = plant.runs(mapped_flow(plant, {"_id": "Id"}, "a.json"))
    assert [one["column"] for one in explained(plant, run["id"])["failed"]["causes"]] == [
        "_id",
        "timestamp",
    ]
    first, second, *_ = explained(plant, run["id"])["needed"]
    assert first == "a value of Id in every row, for the required _id"
    assert second == "a mapping to timestamp, or a value there: the schema requires it"


def test_rows_of_an_archive_are_found_in_its_files(plant: Plant) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("in/one.csv", "Id\n1\n")
        archive.writestr("in/two.csv", "Id\n1,2\n")
    plant.put("all.zip", content.getvalue())
    data = {"format": "delimited", "properties": {"compressionType": "zipDeflate"}}
    (run,) = plant.runs(plant.flow(plant.source(data=data, params={"path": "all.zip"})))
    found = explained(plant, run["id"])
    assert found["failed"]["causes"][0]["examples"][0]["file"] == "all.zip/in/two.csv"
    assert found["read"]["files"] == [{"path": "all.zip", "rows": 2}]


def test_a_file_that_cannot_be_read_is_named(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    plant.put("leads/b.tsv", b"")
    (run,) = plant.runs(plant.flow())
    summary = run["metrics"]["statusSummary"]
    assert summary["extensions"]["message"].startswith("leads/b.tsv: Dataset file is empty")
    failed = "Failed    2 rows, all of them since the batch failed as a whole"
    assert failed in explained(plant, run["id"])["text"]


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({}, "a file at /leads/*.tsv that is new"),
        ({"scheduleParams": once(NOW + HOUR)}, ""),
    ],
)
def test_a_run_that_read_nothing_or_waits_says_what_it_needs(
    plant: Plant, change: Any, needed: str
) -> None:
    flow = plant.flow(**change)
    if not needed:
        plant.make("runs", {"flowId": flow, "params": WINDOW})
    (run,) = plant.runs(flow)
    (need,) = explained(plant, run["id"])["needed"]
    assert need.startswith(needed or "time: it has not ended, and began or is due at 2020-09-13")


def test_what_is_kept_of_many_bad_rows_is_small(plant: Plant) -> None:
    rows = [{"Id": str(n), f"C{n % 90}": "x"} for n in range(900)]
    plant.put("a.json", b"\n".join(json.dumps(row).encode() for row in rows))
    fields = {"_id": "Id"} | {f"person.name.f{n}": f"to_integer(C{n})" for n in range(90)}
    (run,) = plant.runs(mapped_flow(plant, fields, "a.json"))
    found = explained(plant, run["id"])
    assert found["warned"]["rows"] == 900
    causes = found["warned"]["causes"]
    assert len(causes) == ROW_CAUSES + 1
    assert max(len(cause["examples"]) for cause in causes) == CAUSE_ROWS
    assert causes[-1]["code"] == ""
    assert len(found["needed"]) <= 20


def test_diagnostics_show_the_first_rows_with_warnings(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.data_plane.diagnostics.WARNED_ROWS", 2)
    plant.put("a.json", b'{"Id": "x"}\n' * 5)
    rows = {"_id": "Id", "person.birthYear": "to_integer(Id)"}
    (run,) = plant.runs(mapped_flow(plant, rows, "a.json", options=DIAGNOSED))
    links = run["activities"][1]["statusSummary"]["extensions"]["manifest"]
    shown = follow(plant, links["failedRecords"] + "/mapping_errors_0.json")
    assert len(shown.splitlines()) == 2
    assert explained(plant, run["id"])["warned"]["rows"] == 5


def test_an_explanation_goes_with_its_batch(plant: Plant) -> None:
    plant.put("leads/a.tsv", CORRUPT)
    (run,) = plant.runs(plant.flow())
    plant.api.ok("DELETE", f"/data/foundation/catalog/batches/{plant.batch(run)}")
    found = explained(plant, run["id"])
    assert found["failed"] == {"rows": 0, "causes": []}
    assert found["written"]["batch"] is None


def test_a_run_that_is_not_there_is_said(plant: Plant) -> None:
    for id in ("last", "none"):
        answer = plant.api.call("GET", f"/_emulator/runs/{id}")
        assert answer.status == 404
        assert "run" in answer.json["detail"]


def test_a_run_that_a_provider_tells_anything_of_is_explained() -> None:
    plant = Plant(enforce="observe")
    (run,) = plant.runs(plant.flow())
    odd = {"recordSummary": {"inputRecordCount": "many"}, "statusSummary": {"errors": [7, "x"]}}
    odd |= {"durationSummary": {"extensions": {"windowEnd": []}}, "fileSummary": 7}
    body = {"flowId": run["flowId"], "metrics": odd, "activities": 7}
    path = f"/data/foundation/flowservice/runs/{run['id']}"
    plant.api.ok("PUT", path, body, if_match=run["etag"])
    found = explained(plant, run["id"])
    assert (found["read"]["rows"], found["run"]["errors"]) == (None, [{}, {}])


def columns_told(
    plant: Plant, rows: dict[str, str], path: str, **sent: Any
) -> tuple[Any, list[str]]:
    """Return an explained run that maps a file, and what its text says of columns."""
    (run,) = plant.runs(mapped_flow(plant, rows, path, **sent))
    found = explained(plant, run["id"])
    return found, [line[10:] for line in found["text"] if line.startswith("Columns")]


def test_a_header_that_the_mapping_does_not_fit_is_told_of(plant: Plant) -> None:
    plant.put("crm/a.csv", b"id,firstname,birthday,note\n1,Ada\n")  # a short row lacks no column
    plant.put("crm/b.csv", b"id,firstname,birthday,note\n")  # without rows nothing is read of it
    rows = {
        "_id": "concat(customer_id, '-', id)",
        "person.name.firstName": "first_name",
        "person.birthDate": "birthday",
    }
    found, told = columns_told(plant, rows, "crm", data={"format": "delimited"})
    missing = "Mapped, but not in crm/a.csv: customer_id, first_name"
    assert told == [missing, "In crm/a.csv, but not mapped: firstname, note"]
    assert found["run"]["state"] == "success"
    assert found["run"]["message"] == f"{missing}."
    assert not any(line.startswith("Says") for line in found["text"])
    assert found["columns"] == [
        {
            "path": "crm/a.csv",
            "records": None,
            "by": "mapping",
            "missing": ["customer_id", "first_name"],
            "missingCount": 2,
            "unmapped": ["firstname", "note"],
            "unmappedCount": 2,
        }
    ]


def test_of_records_the_nested_sources_are_told_of_where_they_can_be_known(plant: Plant) -> None:
    record = {"Id": "1", "p": {"first": "Ada", "age": 3}, "n": None, "l": [{"a": 1, "b": 2}]}
    plant.put("a.json", json.dumps(record).encode() + b'\n{"Id": "2", "late": "x", "p": null}\n')
    rows = {
        "_id": "Id",
        "person.name.firstName": "p.firstName",
        "person.name.lastName": "n.last ?: late",  # behind a null, and in the second record
        "person.name.middleName": "l[0].a",
    }
    found, told = columns_told(plant, rows, "a.json")
    missing = "Mapped, but not in a.json: p.firstName"
    assert told == [missing, "In a.json, but not mapped: p.first, p.age, l.b"]
    assert found["run"]["message"] == f"{missing}."


def test_without_a_mapping_columns_that_the_schema_lacks_are_told_of(plant: Plant) -> None:
    name = {"firstName": "Ada", "frstName": "A", "x": {"y": 1}}
    record = {"_id": "1", "note": None, "person": {"name": name}}
    plant.put("a.json", json.dumps(record).encode() + b"\n")
    plant.put("b.json", b'{"_id": "2"}\n')
    source = plant.source(data={"format": "json"}, params={"path": "*.json"})
    (run,) = plant.runs(plant.flow(source, transformations=[]))
    found = explained(plant, run["id"])
    told = "In a.json, but not in the schema: note, person.name.frstName, person.name.x"
    assert [line[10:] for line in found["text"] if line.startswith("Columns")] == [told]
    assert (found["run"]["state"], found["run"]["message"]) == ("success", "")
    notes = ColumnNotes.of_schema(
        {
            "properties": {
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                "list": {"type": "array", "items": {"properties": {"a": {"type": "string"}}}},
            }
        }
    )
    list(notes.noted("a", (Row(1, {"map": {"any": "x"}, "list": [{"a": "x", "b": "y"}]}),)))
    assert [file["unmapped"] for file in notes.found] == [["list.b"]]


def test_a_null_in_one_record_hides_no_source_that_others_show_to_be_missing() -> None:
    notes = ColumnNotes(["p.name", "q.name"])
    list(notes.noted("a", (Row(1, {"p": None, "q": []}), Row(2, {"p": {"first": 1}}))))
    (found,) = notes.found
    assert (found["missing"], found["unmapped"]) == (["p.name"], ["p.first"])


def test_what_only_the_first_records_lack_is_said_of_them_alone(plant: Plant) -> None:
    plant.put("a.json", b'{"Id": "1"}\n' * SAMPLED + b'{"Id": "2", "first": "Ada"}\n')
    rows = {"_id": "Id", "person.name.firstName": "first"}
    found, told = columns_told(plant, rows, "a.json")
    assert told == [f"Mapped, but not in the first {SAMPLED} records of a.json: first"]
    assert found["run"]["message"] == ""


def test_files_with_the_same_columns_are_told_of_together_and_names_are_bounded(
    plant: Plant,
) -> None:
    header = ",".join(["Id", *(f"c{number}" for number in range(MAX_NAMES + 2))])
    for name in ("a", "b", "c"):
        plant.put(f"crm/{name}.csv", f"{header}\n{name}\n".encode())
    _, told = columns_told(plant, {"_id": "Id"}, "crm", data={"format": "delimited"})
    (line,) = told
    assert line.startswith("In crm/a.csv and 2 more files, but not mapped: c0, c1, ")
    assert line.endswith(f"c{MAX_NAMES - 1} and 2 more")


def test_where_a_mapping_cannot_be_read_nothing_is_said_of_what_it_leaves_out() -> None:
    notes = ColumnNotes(["a", "street\\.name", "${First Name}"], is_whole=False)
    rows = [Row(1, {"street.name": "x", "First Name": "y", "b": 1})]
    assert list(notes.noted("x.json", iter(rows))) == rows
    assert [(one["missing"], one["unmapped"]) for one in notes.found] == [(["a"], [])]
