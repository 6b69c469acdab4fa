"""Row filters of sources: what each condition keeps, and what runs and previews make of them."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from emulator.filters.pql import RowFilterError, decode_row_filter, parse_row_filter
from emulator.json_types import JsonObject
from tests.bodies import FLOW_SERVICE, base_connection
from tests.data_plane.test_runs import CRM_TO_AEP, NOW, Plant, counts, once, status

BIG_QUERY = "3c9b37f8-13a6-43d8-bad3-b863b941fedd"
CITIES = b"Id,FirstName,LastName,city\n1,Ada,L,DDN\n2,Alan,T,MUM\n3,Grace,H,DDN\n"


def apply(name: str, *params: Any) -> JsonObject:
    return {"nodeType": "fnApply", "fnName": name, "params": list(params)}


def field(name: str) -> JsonObject:
    return {"nodeType": "fieldLookup", "fieldName": name}


def literal(value: Any) -> JsonObject:
    return {"nodeType": "literal", "value": value}


def condition(name: str, operator: str, value: Any) -> JsonObject:
    return apply(operator, field(name), literal(value))


def pql(value: Any) -> JsonObject:
    return {"type": "PQL", "format": "pql/json", "value": value}


DDN = pql(condition("city", "=", "DDN"))


# Conditions


@pytest.mark.parametrize(
    ("value", "keeps"),
    [
        (condition("city", "=", "DDN"), True),
        (condition("city", "==", "DDN"), True),
        (condition("city", "=", "ddn"), False),
        (condition("CITY", "=", "DDN"), True),
        (condition("city", "!=", "DDN"), False),
        (condition("age", "=", 25), True),
        (condition("age", "=", "25"), True),
        (condition("age", ">", 9), True),
        (condition("age", "<", "100"), True),
        (condition("age", "<=", 24.5), False),
        (condition("age", ">=", 25), True),
        (condition("zip", "=", "7"), False),
        (condition("zip", "=", 7), False),
        (condition("adult", "=", True), True),
        (condition("adult", "=", "false"), False),
        (condition("joined", "=", "2022-06-22"), True),
        (condition("joined", ">", "2022-06-21T23:59:59Z"), True),
        (condition("joined", ">=", "2022-06-22T02:00:00+03:00"), True),
        (condition("age", "=", "x"), False),
        (condition("nothing", "=", ""), False),
        (condition("nothing", "!=", "x"), False),
        (condition("missing", "=", None), False),
        (condition("city", "like", "D%"), True),
        (condition("city", "like", "d%"), False),
        (condition("city", "like", "_D_"), True),
        (condition("city", "like", "D"), False),
        (condition("city", "like", "D.N"), False),
        (condition("age", "like", "2%"), True),
        (condition("share", "like", "5\\%"), True),
        (condition("share", "like", "5\\_"), False),
        (condition("nothing", "like", "%"), False),
        (condition("city", "in", ["MUM", "DDN"]), True),
        (condition("age", "in", [24, 25]), True),
        (condition("city", "in", []), False),
        (apply("between", field("age"), literal(20), literal(25)), True),
        (apply("between", field("age"), literal(26), literal(30)), False),
        (apply("between", field("nothing"), literal(1), literal(2)), False),
        (apply("isNull", field("nothing")), True),
        (apply("isNull", field("absent")), True),
        (apply("isNull", field("city")), False),
        (apply("NOT", apply("isNull", field("city"))), True),
        (apply("not", condition("city", "=", "MUM")), True),
        (apply("not", condition("nothing", "=", "x")), False),
        (apply("not", condition("nothing", "in", ["x"])), False),
        (apply("not", condition("city", "in", ["x", None])), False),
        (apply("AND", condition("city", "like", "D%")), True),
        (apply("and", condition("city", "=", "DDN"), condition("age", ">", 30)), False),
        (apply("and", condition("city", "=", "DDN"), condition("nothing", "=", 1)), False),
        (apply("or", condition("city", "=", "MUM"), condition("age", "<", 30)), True),
        (apply("or", condition("nothing", "=", 1), condition("city", "=", "DDN")), True),
        (apply("OR", condition("nothing", "=", 1), condition("city", "=", "MUM")), False),
        (condition("place.city", "=", "Dehradun"), True),
        (apply("=", literal(25), field("age")), True),
    ],
)
def test_a_condition_keeps_what_sql_would(value: JsonObject, keeps: bool) -> None:
    row: JsonObject = {
        "city": "DDN",
        "age": "25",
        "zip": "007",
        "adult": "true",
        "joined": "2022-06-22T00:00:00",
        "share": "5%",
        "nothing": None,
        "place": {"city": "Dehradun"},
    }
    assert parse_row_filter(pql(value)).keeps(row) is keeps


def nested(depth: int) -> JsonObject:
    value = condition("a", "=", 1)
    for _ in range(depth):
        value = apply("not", value)
    return value


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (None, "a filter is an object"),
        ([], "a filter is an object"),
        ({**DDN, "type": "SQL"}, "type is"),
        ({"type": "PQL", "value": DDN["value"]}, "format is null"),
        (pql(None), "is not a node fnApply"),
        (pql(field("city")), "is not a node fnApply"),
        (pql(apply("matches", field("a"), literal(1))), '"matches" is not one of'),
        (pql({"nodeType": "fnApply", "params": []}), "null is not one of"),
        (pql({"nodeType": "fnApply", "fnName": "="}), "no list of params"),
        (pql(apply("=", field("a"))), "= has 1 params"),
        (pql(apply("and")), "and has 0 params"),
        (pql(apply("in", field("a"), literal("b"))), "second param of in"),
        (pql(apply("in", field("a"), literal([[]]))), "second param of in"),
        (pql(apply("like", field("a"), literal(1))), "second param of like"),
        (pql(apply("like", field("a"), literal("x" * 100_000))), "too long"),
        (pql(apply("=", field(""), literal(1))), "is not a fieldLookup"),
        (pql(apply("=", field("a"), literal([]))), "is not a fieldLookup"),
        (pql(nested(60)), "50 levels"),
        (pql(apply("or", *(condition("a", "=", 1) for _ in range(1000)))), "1000 conditions"),
    ],
)
def test_what_cannot_be_carried_out_says_why(sent: Any, reason: str) -> None:
    with pytest.raises(RowFilterError, match=reason):
        parse_row_filter(sent)


@pytest.mark.parametrize("text", ["%%%", "e30", "bm90IGpzb24=", "W10=", "eyJ0eXBlIjogIlBRTCJ9"])
def test_a_query_parameter_that_is_no_filter_says_why(text: str) -> None:
    with pytest.raises(RowFilterError):
        decode_row_filter(text)


def test_base64_is_read_as_documents_and_clients_write_it() -> None:
    plain = json.dumps(pql(condition("city", "=", "ÿÿ>>??"))).encode()
    for text in (
        base64.b64encode(plain).decode(),
        base64.urlsafe_b64encode(plain).decode(),
        base64.b64encode(plain).decode() + "\\",
        base64.b64encode(plain).decode().replace("+", " "),
    ):
        assert decode_row_filter(text).keeps({"city": "ÿÿ>>??"})


def test_a_pattern_with_many_wildcards_takes_no_time() -> None:
    found = parse_row_filter(pql(condition("a", "like", "%a" * 40 + "b")))
    assert not found.keeps({"a": "a" * 20_000})


# Runs


def make_base(plant: Plant) -> None:
    params = dict.fromkeys(("project", "clientId", "clientSecret", "refreshToken"), "x")
    auth = {"specName": "Basic Authentication", "params": params}
    spec = {"id": BIG_QUERY, "version": "1.0"}
    plant.base = plant.make("connections", base_connection(auth=auth, connectionSpec=spec))


def flow_on(plant: Plant, params: Any, **changes: Any) -> str:
    """Return a flow on a table of a database, in whose area its file lies."""
    make_base(plant)
    plant.put("Cities.csv", CITIES)
    spec = {"id": BIG_QUERY, "version": "1.0"}
    source = plant.source(
        data={"format": "tabular"},
        params={"tableName": "Cities", **params},
        connectionSpec=spec,
    )
    return plant.flow(source, **{**table_changes(plant), **changes})


def table_changes(plant: Plant, column: str = "Id") -> dict[str, Any]:
    """Return what a flow on a table has in place of what one on files has."""
    mapping = {"name": "Mapping", "params": {"mappingId": plant.mapping, "mappingVersion": 0}}
    copy = {"name": "Copy", "params": {"deltaColumn": {"name": column}}}
    return {
        "flowSpec": {"id": CRM_TO_AEP, "version": "1.0"},
        "transformations": [copy, mapping],
        "scheduleParams": once(),
    }


def message(run: JsonObject) -> str:
    (error,) = run["metrics"]["statusSummary"]["errors"]
    return str(error["message"])


@pytest.fixture
def plant() -> Plant:
    return Plant()


def test_a_run_reads_the_rows_that_pass_the_filter(plant: Plant) -> None:
    """The field case: DDN, MUM, DDN filtered by `city` = `DDN`."""
    (run,) = plant.runs(flow_on(plant, {"filters": DDN}))
    assert run["state"] == "success"
    assert plant.ids(run) == ["1", "3"]
    assert counts(run) == (2, 2, 0)


def test_a_filter_and_a_delta_column_hold_together(plant: Plant) -> None:
    id = flow_on(plant, {"filters": DDN}, scheduleParams=once(NOW + 60))
    window = {"startTime": NOW, "windowStartTime": NOW - 9, "windowEndTime": NOW}
    plant.make("runs", {"flowId": id, "params": {**window, "deltaColumn": {"name": "Id"}}})
    (run,) = plant.runs(id)
    assert plant.ids(run) == ["1", "3"]


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (pql(condition("town", "=", "DDN")), "The source has no column town."),
        (pql(condition("city", "matches", "DDN")), '"matches" is not one of the functions'),
    ],
)
def test_a_filter_that_cannot_be_carried_out_fails_the_run(
    plant: Plant, filters: JsonObject, reason: str
) -> None:
    (run,) = plant.runs(flow_on(plant, {"filters": filters}))
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    assert reason in message(run)
    assert plant.api.ok("GET", "/data/foundation/catalog/batches") == {}


def test_a_patched_filter_holds_for_the_next_flow(plant: Plant) -> None:
    """As the page about one source does it: filters are added to a draft, which is published."""
    make_base(plant)
    spec = {"id": BIG_QUERY, "version": "1.0"}
    body = {"name": "a", "baseConnectionId": plant.base, "connectionSpec": spec}
    sent = {**body, "data": {"format": "tabular"}, "params": {"tableName": "Cities", "columns": []}}
    source = plant.make("sourceConnections", sent, "?mode=draft")
    plant.patch("sourceConnections", source, {"op": "add", "path": "/params/filters", "value": DDN})
    plant.api.ok("POST", f"{FLOW_SERVICE}/sourceConnections/{source}/action?op=publish")
    plant.put("Cities.csv", CITIES)
    (run,) = plant.runs(plant.flow(source, **table_changes(plant)))
    assert plant.ids(run) == ["1", "3"]


def test_only_the_listed_columns_are_read(plant: Plant) -> None:
    columns = [
        {"name": name, "type": "string", "xdm": {"type": "string"}} for name in ("id", "LastName")
    ]
    (run,) = plant.runs(flow_on(plant, {"columns": columns, "filters": DDN}))
    assert [(row["_id"], row["person"]["name"]) for row in plant.landed(run)] == [
        ("1", {"lastName": "L"}),
        ("3", {"lastName": "H"}),
    ]


def test_a_listed_column_that_is_not_there_fails_the_run(plant: Plant) -> None:
    column = {"name": "Town", "type": "string", "xdm": {"type": "string"}}
    (run,) = plant.runs(flow_on(plant, {"columns": [column]}))
    assert message(run).endswith("The source has no column Town.")
    said = run["metrics"]["statusSummary"]["extensions"]["message"]
    assert said.endswith(".csv: The source has no column Town.")


def test_a_delta_column_that_is_not_there_fails_the_run(plant: Plant) -> None:
    """It used to read nothing, and to call that a success."""
    (run,) = plant.runs(flow_on(plant, {}, **table_changes(plant, "Modified")))
    assert message(run).endswith("The source has no column Modified.")


# Previews


def preview(plant: Plant, filters: Any, **query: Any) -> Any:
    text = base64.b64encode(json.dumps(filters).encode()).decode()
    asked = {"objectType": "table", "object": "Cities", "preview": "true", "filters": text, **query}
    return plant.api.call(
        "GET", f"{FLOW_SERVICE}/connections/{plant.base}/explore?{urlencode(asked)}"
    )


def test_a_preview_shows_the_rows_that_pass_the_filter(plant: Plant) -> None:
    make_base(plant)
    plant.put("Cities.csv", CITIES)
    found = preview(plant, pql(condition("CITY", "like", "M%"))).json
    assert [row["Id"] for row in found["data"]] == ["2"]
    assert found["schema"] == preview(plant, DDN).json["schema"]
    assert preview(plant, pql(condition("city", "=", "x"))).json["data"] == []


def test_a_preview_whose_filter_cannot_be_carried_out_is_refused(plant: Plant) -> None:
    make_base(plant)
    plant.put("Cities.csv", CITIES)
    answer = preview(plant, {"type": "PQL"})
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "filters_can_be_carried_out")
    answer = preview(plant, pql(condition("town", "=", "x")))
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "object_can_be_read")
    assert "no column town" in answer.json["detail"]
