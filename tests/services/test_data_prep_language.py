"""Data Prep over HTTP: preview, validation of expressions, functions, operators, mappings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from emulator.testing.client import AepClient
from tests.bodies import CONVERSION, SCHEMA_REGISTRY, profile_schema
from tests.emulators import aep_for, new_emulator

SETS = f"{CONVERSION}/mappingSets"
LANGUAGE = f"{CONVERSION}/languages/el"
ATTRIBUTE = {"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"}
UPPER = {
    "sourceType": "EXPRESSION",
    "source": "upper(name.last)",
    "destination": "person.name.lastName",
}


@pytest.fixture
def schema(api: AepClient) -> str:
    id: str = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    return id


def mapped(schema: str, *mappings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"outputSchema": {"schemaRef": {"id": schema}}, "mappings": list(mappings), **more}


def previewed(api: AepClient, data: Any, mapping_set: dict[str, Any]) -> Any:
    return api.ok("POST", f"{SETS}/preview", {"data": data, "mappingSet": mapping_set})


# Preview


def test_a_preview_gives_values_the_types_of_the_schema(api: AepClient, schema: str) -> None:
    rows = [{"id": 1234, "name": {"last": "Bee"}}, {"id": "5", "name": {}}]
    assert previewed(api, rows, mapped(schema, ATTRIBUTE, UPPER)) == [
        {"data": {"_id": "1234", "person": {"name": {"lastName": "BEE"}}}, "errors": None},
        {"data": {"_id": "5"}, "errors": None},
    ]


def test_one_row_is_answered_as_an_array_too(api: AepClient, schema: str) -> None:
    wanted = [{"data": {"_id": "1234"}, "errors": None}]
    assert previewed(api, {"id": 1234}, mapped(schema, ATTRIBUTE)) == wanted
    assert previewed(api, [], mapped(schema, ATTRIBUTE)) == []


def test_a_preview_reads_the_older_vocabulary(api: AepClient, schema: str) -> None:
    mapping = {"sourceAttribute": "Id", "destinationXdmPath": "_id"}
    body = {"xdmSchema": schema, "mappings": [mapping]}
    assert previewed(api, [{"Id": 7}], body) == [{"data": {"_id": "7"}, "errors": None}]


def test_what_fails_is_told_for_each_row_and_the_others_go_on(api: AepClient, schema: str) -> None:
    born = {"sourceType": "ATTRIBUTE", "source": "born", "destination": "person.birthDate"}
    rows = [{"id": 1, "born": "soon"}, {"id": 2, "born": "1984-02-29"}]
    failed, fine = previewed(api, rows, mapped(schema, ATTRIBUTE, born))
    assert fine == {"data": {"_id": "2", "person": {"birthDate": "1984-02-29"}}, "errors": None}
    assert failed["data"] == {"_id": "1"}
    (error,) = failed["errors"]
    assert "soon" in error.pop("exception")
    assert error == {
        "destination": "person.birthDate",
        "source": "born",
        "columnName": "born",
        "sourceType": "text/x.schema-path",
    }


def test_a_mapping_that_cannot_be_read_fails_at_every_row(api: AepClient, schema: str) -> None:
    broken = {**UPPER, "source": "upper("}
    results = previewed(api, [{"id": 1}, {"id": 2}], mapped(schema, ATTRIBUTE, broken))
    assert [result["data"]["_id"] for result in results] == ["1", "2"]
    for result in results:
        (error,) = result["errors"]
        assert error["exception"] == "the expression ends too early (at character 7)"
        assert (error["source"], error["columnName"]) == ("upper(", None)


def test_nulls_are_written_where_the_set_allows_them(api: AepClient, schema: str) -> None:
    assert previewed(api, [{}], mapped(schema, ATTRIBUTE))[0]["data"] == {}
    allowing = mapped(schema, ATTRIBUTE, allowNullValues=True)
    assert previewed(api, [{}], allowing)[0]["data"] == {"_id": None}


def test_a_constant_and_what_is_invented_are_the_same_every_time(
    api: AepClient, schema: str
) -> None:
    constant = {"sourceType": "STATIC", "source": "CUSTOMER", "destination": "_id"}
    assert previewed(api, [{}], mapped(schema, constant))[0]["data"] == {"_id": "CUSTOMER"}
    invented = {**ATTRIBUTE, "sourceType": "EXPRESSION", "source": "uuid()"}
    first, again = (previewed(api, [{}, {}], mapped(schema, invented)) for _ in range(2))
    assert first == again
    assert first[0]["data"] != first[1]["data"]


def test_reserved_words_are_those_of_the_edition(api: AepClient, schema: str) -> None:
    body = mapped(schema, {**UPPER, "source": "upper(size)"})
    sent = {"data": [{"size": "xl"}], "mappingSet": body}
    api.headers["x-emulator-edition"] = "2020-09"
    (early,) = api.ok("POST", f"{SETS}/preview", sent)
    assert early == {"data": {"person": {"name": {"lastName": "XL"}}}, "errors": None}
    assert api.call("POST", SETS, body).status == 200
    api.headers["x-emulator-edition"] = "latest"
    (late,) = api.ok("POST", f"{SETS}/preview", sent)
    assert "reserved" in late["errors"][0]["exception"]
    refused = api.call("POST", SETS, body)
    assert refused.rule == "data_prep.create_mapping_set.expression_names_are_not_reserved"


def test_a_field_may_have_the_name_of_a_function_as_the_troubleshooting_guide_shows(
    api: AepClient, schema: str
) -> None:
    source = 'iif(date.equals("3/21/24"), iif(marketing_type.equals("push"), nullify(), "x"), "y")'
    body = mapped(schema, {**UPPER, "source": source})
    answer = api.call("POST", SETS, body)
    rule = "data_prep.create_mapping_set.expression_names_are_not_functions"
    assert (answer.status, answer.warnings) == (200, [rule])
    rows = [{"date": "3/21/24", "marketing_type": "sms"}, {"date": "1/1/24"}]
    made = api.ok("POST", f"{SETS}/preview", {"data": rows, "mappingSet": body})
    assert [row["data"]["person"]["name"]["lastName"] for row in made] == ["x", "y"]


def test_more_rows_than_the_user_interface_takes_are_remarked_on(
    api: AepClient, schema: str
) -> None:
    body = {"data": [{"id": 1}] * 101, "mappingSet": mapped(schema, ATTRIBUTE)}
    answer = api.call("POST", f"{SETS}/preview", body)
    assert (answer.status, len(answer.json)) == (200, 101)
    assert answer.warnings == ["data_prep.preview_mapping_set.rows_are_few"]


@pytest.mark.parametrize(
    "expression",
    [
        'to_bigint("123456789012345678901234567890")',
        "9223372036854775807 + 1",
        "1 / 0",
        "1e308 * 10",
        "99999999999 * 99999999999",
        'substr("\U0001f600", 0, 1)',
    ],
)
def test_every_result_can_be_answered_as_json(api: AepClient, expression: str) -> None:
    union = "https://ns.adobe.com/xdm/context/profile__union"
    mapping = {"sourceType": "EXPRESSION", "source": expression, "destination": "any.thing"}
    (result,) = previewed(api, [{}], mapped(union, mapping))
    assert set(result) == {"data", "errors"}


# Expressions


@pytest.mark.parametrize(
    "expression", ['concat("Hi, ", name)', "1 + 2", "${First Name}", "a[*].b", "iif(a, 1, 2)"]
)
def test_a_valid_expression_succeeds(api: AepClient, expression: str) -> None:
    wanted = {"validationStatus": "succeeded", "error": "none"}
    for sent in ({"expression": expression}, {"expression": {"expression": expression}}):
        assert api.ok("POST", f"{LANGUAGE}/validate", sent) == wanted


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("upper(", "the expression ends too early (at character 7)"),
        ("a ? b", "character"),
        ("uper(a)", "unknown function uper"),
        ("Upper(a)", "did you mean upper?"),
        ("upper(a, b)", "upper takes 1 argument, not 2"),
        ("", "the expression is empty"),
    ],
)
def test_an_invalid_expression_is_refused_with_its_place(
    api: AepClient, expression: str, reason: str
) -> None:
    for sent in ({"expression": expression}, {"expression": {"expression": expression}}):
        answer = api.call("POST", f"{LANGUAGE}/validate", sent)
        assert answer.status == 400
        assert answer.rule == "data_prep.validate_expression.expression_can_be_read"
        assert reason in answer.json["detail"]


def test_the_functions_are_listed_as_records(api: AepClient) -> None:
    rows = api.ok("GET", f"{LANGUAGE}/functions")
    assert len(rows) == 104
    date = next(row for row in rows if row["function"] == "date")
    assert date.pop("description")
    assert date == {
        "category": "Date / Time",
        "function": "date",
        "syntax": "ZonedDateTime date(String, String, ZonedDateTime)",
        "returns": "ZonedDateTime",
        "returnType": "java.time.ZonedDateTime",
        "example": "",
        "result": "",
        "params": [],
        "since": 1,
    }
    first = next(row for row in rows if row["function"] == "first")
    assert (first["syntax"], first["result"]) == ("T first(T...)", '"1"')
    (parameter,) = first["params"]
    assert (parameter["name"], parameter["dataType"]) == ("values", "[Ljava.lang.Object;")
    upper = next(row for row in rows if row["function"] == "upper")
    assert upper["syntax"] == "String upper(String)"


def test_the_operators_are_listed_as_records(api: AepClient) -> None:
    rows = api.ok("GET", f"{LANGUAGE}/operators")
    listed = {(row["operatorSymbol"], row["methodName"], row["numberOfOperands"]) for row in rows}
    shown = {("+", "add", 2), ("/", "divide", 2), ("~", "complement", 1), ("-", "negate", 1)}
    assert shown | {("!", "not", 1)} <= listed
    assert len(rows) == len(listed) == 21
    for row in rows:
        sent = {"expression": row["example"]}
        assert api.call("POST", f"{LANGUAGE}/validate", sent).status == 200, row


# Mapping sets


def test_validation_uses_the_compiler(api: AepClient, schema: str) -> None:
    broken = {**UPPER, "source": "upper(name"}
    body = mapped(schema, ATTRIBUTE, broken)
    fine, failed = api.ok("POST", f"{SETS}/validate", body)["validationResponse"]
    assert fine == {"status": "SUCCESS", "errors": None}
    assert failed == {
        "status": "FAILED",
        "errors": [
            {
                "destination": "person.name.lastName",
                "exception": "the expression ends too early (at character 11)",
                "source": "upper(name",
                "columnName": None,
                "sourceType": "text/x.aep-xl",
            }
        ],
    }
    kept = api.call("POST", SETS, body)
    rule = "data_prep.create_mapping_set.expression_can_be_read"
    assert (kept.status, kept.warnings) == (200, [rule])


def test_an_expression_that_cannot_be_read_is_refused_strictly() -> None:
    """Only validating documents a 400 for it, and our list of functions may lack later ones."""
    api = aep_for(new_emulator(enforce="strict"))
    schema = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    source = {"sourceType": "EXPRESSION", "destination": "person.name.lastName"}
    for name in ("source", "sourceExpression"):
        body = mapped(schema, {**source, name: "upper(name"})
        refused = api.call("POST", SETS, body)
        assert refused.rule == "data_prep.create_mapping_set.expression_can_be_read"
        assert f"mappings.0.{name}" in refused.json["detail"]


def test_an_error_names_the_column_that_an_expression_begins_from(
    api: AepClient, schema: str
) -> None:
    body = mapped(schema, {**UPPER, "destination": "person.nothing"})
    (row,) = api.ok("POST", f"{SETS}/validate", body)["validationResponse"]
    (failed,) = row["errors"]
    assert failed["columnName"] == "name.last"


def test_a_set_tells_what_its_expressions_read(api: AepClient, schema: str) -> None:
    combined = {**UPPER, "source": "concat(name.last, ${First Name}, name.last)"}
    id = api.ok("POST", SETS, mapped(schema, ATTRIBUTE, combined))["id"]
    attribute, expression = api.ok("GET", f"{SETS}/{id}")["mappings"]
    assert "expressionAttributes" not in attribute
    assert expression["expressionAttributes"] == ["name.last", "First Name"]
    rows = api.ok("GET", f"{SETS}/{id}/mappings")
    assert rows[1]["expressionAttributes"] == ["name.last", "First Name"]
    dated = api.ok("GET", f"{SETS}/{id}", x_emulator_edition="2020-03")
    assert "expressionAttributes" not in dated["mappings"][1]


def test_a_mapping_is_added_replaced_and_removed(api: AepClient, schema: str) -> None:
    id = api.ok("POST", SETS, mapped(schema, ATTRIBUTE))["id"]
    (first,) = api.ok("GET", f"{SETS}/{id}/mappings")
    added = api.ok("POST", f"{SETS}/{id}/mappings", UPPER)
    assert added["source"] == "upper(name.last)"
    assert api.ok("GET", f"{SETS}/{id}")["version"] == 1
    path = f"{SETS}/{id}/mappings/{first['id']}"
    replaced = api.ok("PUT", path, {**first, "source": "number"})
    assert (replaced["id"], replaced["source"]) == (first["id"], "number")
    assert api.ok("GET", path) == replaced
    rows = api.ok("GET", f"{SETS}/{id}/mappings")
    assert [row["id"] for row in rows] == [first["id"], added["id"]]
    answer = api.call("DELETE", path)
    assert (answer.status, answer.content) == (204, b"")
    assert [row["id"] for row in api.ok("GET", f"{SETS}/{id}/mappings")] == [added["id"]]
    assert api.call("DELETE", path).rule == "data_prep.delete_mapping.mapping_is_known"
    assert api.ok("GET", f"{SETS}/{id}")["version"] == 3
    assert [row["id"] for row in api.ok("GET", f"{SETS}/{id}?version=0")["mappings"]] == [
        first["id"]
    ]


def test_a_mapping_that_does_not_fit_its_set_is_refused(api: AepClient, schema: str) -> None:
    id = api.ok("POST", SETS, mapped(schema, ATTRIBUTE, UPPER))["id"]
    first, _ = api.ok("GET", f"{SETS}/{id}/mappings")
    for wrong, reason in (({**UPPER, "sourceType": "SCRIPT"}, "source_type_is_known"),):
        calls = (("POST", f"{SETS}/{id}/mappings"), ("PUT", f"{SETS}/{id}/mappings/{first['id']}"))
        for method, path in calls:
            answer = api.call(method, path, wrong)
            assert answer.status == 400
            assert reason in answer.json["detail"]
    assert api.ok("GET", f"{SETS}/{id}")["version"] == 0


# Robustness


ODD_BODIES: list[tuple[str, str, Any]] = [
    ("POST", "mappingSets/preview", {"data": {}, "mappingSet": {}}),
    ("POST", "mappingSets/preview", {"data": [{}], "mappingSet": {"mappings": ["a", {}]}}),
    (
        "POST",
        "mappingSets/preview",
        {
            "data": [{"a": 1}],
            "mappingSet": {
                "xdmSchema": {},
                "mappings": [{"source": [1], "destination": {}, "sourceType": {}}],
            },
        },
    ),
    ("POST", "languages/el/validate", {"expression": "upper("}),
    ("POST", "languages/el/validate", {"expression": "a" * 5000}),
    ("POST", "mappingSets/ID/mappings", {}),
    ("POST", "mappingSets/ID/mappings", {"source": {}, "destination": 5, "sourceType": []}),
    ("POST", "mappingSets/ID/mappings", {"sourceType": "EXPRESSION", "source": None}),
    ("POST", "mappingSets/ID/mappings", {"sourceType": "EXPRESSION", "source": {}}),
    ("POST", "schemas", {}),
    ("POST", "schemas", {"jsonSchema": 5, "sampleId": 5, "schemaRef": 5, "name": 5}),
    ("POST", "schemas", {"sampleId": {}}),
    ("POST", "schemas", {"schemaRef": {"id": 5}}),
    ("POST", "samples", {"sampleData": "", "sampleType": {}}),
]


@pytest.mark.parametrize(("method", "path", "body"), ODD_BODIES)
def test_observing_survives_whatever_it_accepts(method: str, path: str, body: Any) -> None:
    observing = aep_for(new_emulator(enforce="observe"))
    id = observing.ok("POST", SETS, {"mappings": []})["id"]
    observing.ok(method, f"{CONVERSION}/{path.replace('ID', id)}", body)
    for listed in ("mappingSets", "schemas?orderBy=??&limit=x", "samples", f"mappingSets/{id}"):
        observing.ok("GET", f"{CONVERSION}/{listed}")


def test_the_language_is_imported_with_the_first_expression() -> None:
    program = (
        "import sys; from emulator.app import create_emulator; from tests.emulators import aep_for;"
        "from tests.bodies import CONVERSION as c; api = aep_for(create_emulator());"
        "body = {'xdmSchema': 'https://ns.adobe.com/xdm/context/profile__union',"
        " 'mappings': [{'source': 'a', 'destination': 'b'}]};"
        "api.ok('POST', c + '/mappingSets', body); api.ok('GET', c + '/languages/el/operators');"
        "known = {'lark', 'emulator.mapping'}; assert not known & set(sys.modules);"
        "api.ok('POST', c + '/languages/el/validate', {'expression': 'a'});"
        "assert known <= set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
