"""Resources, runs and files of a sandbox, read and changed without JavaScript."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.json_types import JsonObject
from emulator.page.parts_of_flow import schedule_text
from emulator.page.places import KINDS, RUN
from emulator.page.schema_tree import MAX_FIELDS, identities_of, tree_of
from emulator.sandbox import Sandbox
from emulator.store import Change
from tests.emulators import new_emulator
from tests.page.calls import FLOWS, HEADERS
from tests.page.markup import OWN, UI, Markup, follow, press, view

HERE = Sandbox(GIVEN["organization"], GIVEN["sandbox"])
AREA = "cc204a98-9749-4aee-90e3-0eb0e301b79f"


@pytest.fixture
def emulator() -> Any:
    made = new_emulator(scenario="failing-runs")
    yield made
    made.close()


def opened(client: FlaskClient, emulator: Emulator, kind: str) -> Markup:
    """Open the first resource of a kind by its link in the list."""
    listed = view(client, f"/resources/{kind}")
    first = next(emulator.platform.store.recent(HERE, kind))
    name = first.body.get("name") or first.body.get("title") or first.key
    return view(client, listed.links[name])


def test_every_kind_is_one_that_services_keep(emulator: Emulator) -> None:
    for kind in (*KINDS, RUN):
        assert emulator.platform.documents.find(kind) is not None, kind


def test_every_resource_of_a_scenario_can_be_opened(
    client: FlaskClient, emulator: Emulator
) -> None:
    store = emulator.platform.store
    counts = {kind: store.count(HERE, kind) for kind in KINDS}
    assert sum(counts.values()) > 8
    for kind in (kind for kind, count in counts.items() if count):
        page = opened(client, emulator, kind)
        assert KINDS[kind].noun in page.text


def test_kinds_are_counted(client: FlaskClient, emulator: Emulator) -> None:
    page = view(client, "/resources")
    assert "Flows 1" in page.links
    assert "Source connections 2" in page.links
    assert "Classes 0" in page.links
    assert "There are none in this sandbox" in view(client, "/resources/xdm_classes").text


def test_a_flow_shows_its_way_schedule_and_runs(client: FlaskClient, emulator: Emulator) -> None:
    page = opened(client, emulator, "flow")
    assert "every 30 minutes from 2020-08-18 20:58:18; the next one is due" in page.text
    assert "Source Leads as tab-separated values 1 azure-blob, Leads container 1" in page.text
    assert "FirstName → person.name.firstName" in page.text
    assert "Target Leads 1 data set, by Leads dataset 1" in page.text
    assert "failed 2 rows in, 0 out, 2 failed" in page.text
    assert "Runs of one flow" in view(client, page.links["All of its runs"]).text


def test_a_flow_whose_parts_are_gone_still_shows(client: FlaskClient, emulator: Emulator) -> None:
    for kind in ("connection", "dataset", "mapping_set"):
        for stored in list(emulator.platform.store.scan(HERE, kind)):
            emulator.platform.store.write(Change(HERE, kind, stored.key, None))
    page = opened(client, emulator, "flow")
    assert "Columns land under their own names." in page.text


def test_a_data_set_shows_its_rows(client: FlaskClient, emulator: Emulator) -> None:
    page = opened(client, emulator, "dataset")
    assert "_id person.name.firstName person.name.lastName 1 Ada Lovelace" in page.text
    assert page.links["Leads 1"].startswith(f"{UI}/resources/xdm_schemas/one?")


def test_a_schema_shows_its_resolved_fields(client: FlaskClient, emulator: Emulator) -> None:
    page = opened(client, emulator, "xdm_schemas")
    assert "person object Person name object Name firstName string First name" in page.text
    schema = next(emulator.platform.store.recent(HERE, "xdm_schemas"))
    identity = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema.key,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/person/name/firstName",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }
    path = "/data/foundation/schemaregistry/tenant/descriptors"
    assert client.post(path, headers=HEADERS, json=identity).status_code == 201
    page = opened(client, emulator, "xdm_schemas")
    assert "firstName string First name, primary identity (Email)" in page.text


def test_identities_of_items_of_arrays_are_noted() -> None:
    one: JsonObject = {"@type": "xdm:descriptorIdentity", "xdm:sourceSchema": "s"}
    one["xdm:namespace"] = "CRM"
    rows = [{**one, "xdm:sourceProperty": ["/orders/*/id"]}, {**one, "xdm:sourceSchema": "t"}]
    item = {"type": "object", "properties": {"id": {"type": "string"}}}
    schema = {"properties": {"orders": {"type": "array", "items": item}}}
    (orders,) = tree_of(schema, identities_of(rows, "s"))
    assert (orders.notes, orders.fields[0].notes) == ((), ("identity (CRM)",))


def test_a_connection_shows_no_secret(client: FlaskClient, emulator: Emulator) -> None:
    page = opened(client, emulator, "connection")
    assert "connectionString" in page.text
    assert "AccountKey=bm90" not in page.text


def test_a_batch_shows_the_rows_that_failed(client: FlaskClient, emulator: Emulator) -> None:
    failed = [
        stored.key
        for stored in emulator.platform.store.scan(HERE, "batch")
        if stored.body["failedRecordCount"]
    ]
    page = view(client, f"/resources/batch/one?id={failed[0]}")
    assert "Rows that failed" in page.text
    assert "leads/incoming/tuesday.tsv, row 2: the row has 4 values for 3 columns" in page.text
    assert "Row is corrupted and cannot be read, please fix and resend." in page.text
    assert "_corrupt_record 4 Anna Maria van Schurman" in page.text


def test_runs_show_why_they_failed(client: FlaskClient, emulator: Emulator) -> None:
    listed = view(client, "/runs")
    assert "5 runs, 2 of them without success" in listed.labels
    said = "2 of 2 rows failed, 1 of them for what is in them: leads/incoming/tuesday.tsv, row 2"
    assert said in listed.text
    pages = [view(client, link) for link in listed.links.values() if "/runs/one?" in link]
    runs = [
        view(client, f"/runs/one?id={stored.key}")
        for stored in emulator.platform.store.scan(HERE, RUN)
    ]
    assert pages
    assert any("Dataset file is empty" in run.text for run in runs)
    assert any("Rows that failed" in run.text for run in runs)
    assert any("Needed rows that can be read" in run.text for run in runs)
    assert any("Nothing was read" in run.text for run in runs)


def test_resources_are_found_by_words(client: FlaskClient) -> None:
    assert "Compressed leads 1" in view(client, "/resources/source_connection?q=archive").links
    page = view(client, "/resources/source_connection?q=archive")
    assert "Leads as tab-separated values 1" not in page.links
    assert "Nothing with these words" in view(client, "/resources/flow?q=zebra").text


def test_a_long_list_has_pages(client: FlaskClient, emulator: Emulator) -> None:
    emulator.seed(datasets=120)
    page = view(client, "/resources/dataset")
    seen: list[str] = []
    while True:
        seen += [link for link in page.links.values() if "/dataset/one?" in link]
        if "Older ones" not in page.links:
            break
        page = view(client, page.links["Older ones"])
    assert len(seen) == len(set(seen)) >= 120


def test_sandboxes_are_chosen_by_name(client: FlaskClient) -> None:
    client.post(
        "/data/foundation/flowservice/connections",
        json={"name": "Elsewhere"},
        headers={**HEADERS, "x-gw-ims-org-id": "FFFFFFFFFFFFFFFFFFFFFFFF@AdobeOrg"},
    )
    other = "organization=FFFFFFFFFFFFFFFFFFFFFFFF@AdobeOrg&sandbox=prod"
    page = view(client, f"/resources?{other}")
    assert page.forms[0].fields["organization"] == "FFFFFFFFFFFFFFFFFFFFFFFF@AdobeOrg"
    assert "Flows 0" in page.links


def test_a_sandbox_is_emptied(client: FlaskClient, emulator: Emulator) -> None:
    form = view(client, "/resources").form("Delete all that it holds")
    assert "The sandbox prod is empty." in follow(client, press(client, form)).text
    assert emulator.platform.store.sandboxes("flow") == []


def test_what_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert "is not in this sandbox" in view(client, "/resources/flow/one?id=none", 404).text
    assert "There is no kind" in view(client, "/resources/flow_agenda", 404).text
    assert "is not in this sandbox" in view(client, "/runs/one?id=none", 404).text


def test_files_are_put_and_taken_away(client: FlaskClient, emulator: Emulator) -> None:
    page = view(client, f"/files?area={AREA}")
    assert "leads/incoming/monday.tsv" in page.links
    form = page.form("Put it there")
    sent = {**form.fields, "folder": "leads/new/", "file": (io.BytesIO(b"a\n1\n"), "friday é.tsv")}
    answer = client.post(form.action, data=sent, headers=OWN)
    after = follow(client, answer)
    assert "leads/new/friday é.tsv is there, 4 bytes." in after.text
    kept = client.get(after.links["leads/new/friday é.tsv"])
    assert kept.data == b"a\n1\n"
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert kept.headers["Content-Type"] == "application/octet-stream"
    gone = follow(client, press(client, after.form("Delete leads/new/friday é.tsv")))
    assert "leads/new/friday é.tsv is gone." in gone.text
    assert "leads/new/friday é.tsv" not in gone.links


def test_a_file_that_is_too_large_is_refused(emulator: Emulator) -> None:
    small = new_emulator(max_upload=1000, max_body=1000)
    client = small.wsgi_app.test_client()
    form = view(client, "/files").form("Put it there")
    sent = {**form.fields, "file": (io.BytesIO(b"x" * 5000), "large.csv")}
    assert client.post(form.action, data=sent, headers=OWN).status_code == 413
    small.close()


def test_the_landing_zone_has_files_too(client: FlaskClient) -> None:
    form = view(client, "/files?area=dlz-user-container").form("Put it there")
    sent = {**form.fields, "file": (io.BytesIO(b"a"), "a.csv")}
    assert "a.csv" in follow(client, client.post(form.action, data=sent, headers=OWN)).links


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"startTime": "1597784298", "frequency": "once"}, "once, from 2020-08-18 20:58:18"),
        (
            {"startTime": "1597784298", "frequency": "hour", "interval": 1},
            "every hour from 2020-08-18 20:58:18",
        ),
        (
            {"startTime": "1597784298", "frequency": "day", "interval": 14},
            "every 2 weeks from 2020-08-18 20:58:18",
        ),
        ({"frequency": "day"}, ""),
        (None, ""),
    ],
)
def test_a_schedule_in_words(sent: Any, said: str) -> None:
    assert schedule_text(sent) == said


def test_a_schema_without_end_is_cut() -> None:
    fields = {f"f{number}": {"type": "string"} for number in range(MAX_FIELDS + 500)}
    tree = tree_of({"properties": fields})
    assert len(tree) == MAX_FIELDS + 1
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        deep = {"properties": {"a": deep}}
    assert "further fields are left out" in str(tree_of(deep))


def test_looking_changes_nothing(client: FlaskClient, emulator: Emulator) -> None:
    """Not even what is due is carried out."""
    client.get(FLOWS, headers=HEADERS)
    before = emulator.platform.store.dump()
    for path in ("/resources", "/resources/flow", "/runs", "/files", "/coverage", "/journal"):
        view(client, path)
    opened(client, emulator, "flow")
    assert emulator.platform.store.dump() == before


def test_rows_that_cannot_be_read_are_said(client: FlaskClient, emulator: Emulator) -> None:
    blobs = emulator.platform.blobs
    keys = [key for key in blobs.keys(HERE, "batches/") if "/data/" in key]
    blobs.put(HERE, keys[-1], b"not Parquet")
    page = opened(client, emulator, "dataset")
    assert "The rest cannot be read" in page.text


def test_the_files_of_a_folder_are_shown_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "Leads container 1"
    folder.mkdir()
    for number in range(120):
        (folder / f"{number:03d}.csv").write_text("a\n1\n", encoding="utf-8")
    made = new_emulator(scenario="failing-runs", files=tmp_path)
    client = made.wsgi_app.test_client()
    page = view(client, f"/files?area={AREA}")
    assert str(folder) in page.text
    older = view(client, page.links["Older files"])
    shown = {name for one in (page, older) for name in one.links if name.endswith(".csv")}
    assert len(shown) == 120
    assert client.get({**page.links, **older.links}["007.csv"]).data == b"a\n1\n"
    made.close()


def test_a_storage_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    endpoint = {"for": {"connection": "Leads container 1"}, "url": f"ftp://127.0.0.1:{port}"}
    storage = tmp_path / "storage.json"
    storage.write_text(json.dumps({"endpoints": [endpoint]}), encoding="utf-8")
    made = new_emulator(scenario="tutorial-complete", storage=storage)
    page = view(made.wsgi_app.test_client(), f"/files?area={AREA}")
    assert "refused" in page.text.lower()
    assert page.triggers == []
    made.close()


def test_secrets_in_texts_are_masked_in_every_view(client: FlaskClient, emulator: Emulator) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLWl0"
    signed = "https://leads.blob.core.windows.net/in/a.csv?sv=2020&sig=c2VjcmV0c2VjcmV0"
    store = emulator.platform.store
    for kind in ("flow", "source_connection"):
        for stored in list(store.scan(HERE, kind)):
            body = {**stored.body, "description": f"with {token}"}
            if kind == "source_connection":
                body["params"] = {"path": signed}
            store.write(Change(HERE, kind, stored.key, body))
    for stored in list(store.scan(HERE, "flow_parts")):
        source = {**stored.body["source"], "params": {"path": signed}}
        store.write(Change(HERE, "flow_parts", stored.key, {**stored.body, "source": source}))
    for kind in ("flow", "source_connection"):
        text = view(client, f"/resources/{kind}").text + opened(client, emulator, kind).text
        assert "with " in text
        assert token not in text
        assert "c2VjcmV0c2VjcmV0" not in text
