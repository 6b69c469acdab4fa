"""Bodies whose work grows with the square of their size: each ends, for as much as may come."""

from __future__ import annotations

import pytest

from emulator.budgets import COMPARED_NAMES, SCHEMA_FIELDS, SCHEMA_LEVELS
from emulator.clock import ManualClock
from emulator.contract.checks.names import documented_members, nearest
from emulator.contract.checks.patches import patch_keeps_items
from emulator.json_types import Json, JsonObject, among
from emulator.services.data_prep.suggestions import LAST_STEP, WHOLE_PATH, matched
from emulator.services.schema_registry.composition import normalised
from emulator.testing.client import AepClient
from emulator.xdm.compatibility import breaking_changes
from emulator.xdm.csv_template import unreadable
from emulator.xdm.resolution import resolve
from tests.attacks.effort import size
from tests.bodies import SCHEMA_REGISTRY
from tests.emulators import aep_for, new_emulator

MANY = size(20_000, 200_000)
NAMES = [f"name{number}" for number in range(MANY)]


class Nothing:
    """A lookup that finds nothing."""

    def __init__(self) -> None:
        self.request: JsonObject = {"path": {"id": "x"}}

    def find(self, kind: str, key: str) -> JsonObject | None:
        return {"tags": NAMES} if kind == "known" else None


def test_required_names_are_merged_in_one_pass() -> None:
    halves = [{"required": NAMES}, {"required": [*reversed(NAMES), "last"]}]
    resolved = resolve({"$id": "t", "allOf": halves, "properties": {}}, lambda id: None)
    assert resolved["required"] == [*NAMES, "last"]


def test_suggested_values_are_compared_in_one_pass() -> None:
    def schema(values: list[str]) -> JsonObject:
        return {"properties": {"a": {"type": "string", "enum": values}}}

    assert list(breaking_changes(schema(NAMES), schema([*reversed(NAMES), "more"]))) == []
    assert len(list(breaking_changes(schema(NAMES), schema(NAMES[1:])))) == 1


def test_tags_are_compared_in_one_pass() -> None:
    patch = [{"op": "replace", "path": "/tags", "value": [*reversed(NAMES)][:-1]}]
    arguments = {"kind": "known", "key": "/path/id", "field": "tags"}
    lookup: Json = Nothing()
    assert len(list(patch_keeps_items(patch, arguments, lookup))) == 1


def test_appended_tags_are_compared_in_one_pass() -> None:
    sent = {"title": "T", "meta:immutableTags": NAMES, "meta:immutableTags-": [*NAMES, "union"]}
    made = normalised(sent, "datatypes", "t", lambda id: None)
    assert made["meta:immutableTags"] == [*NAMES, "union"]


def test_values_are_among_others_as_lists_say() -> None:
    listed: list[Json] = [1, "a", None, {"a": 1, "b": [2]}, [3], True]
    is_among = among(listed)
    for value in (1, 1.0, True, "a", None, {"b": [2], "a": 1}, [3], 0, "b", {}, [], [4]):
        assert is_among(value) is (value in listed), value


def test_suggestions_look_at_every_field_once() -> None:
    schema = {"properties": {name: {"type": "string"} for name in NAMES}}
    sources = [*(name.upper() for name in NAMES), *(f"in.{name}" for name in NAMES), "NAME1"]
    found = matched(sources, schema)
    assert [match.score for match in found[:MANY]] == [WHOLE_PATH] * MANY
    assert all(match.score == 0 for match in found[MANY:])
    assert matched(
        ["in.a", "b.a", "a.b"],
        {"properties": {"x": {"type": "object", "properties": {"a": {"type": "string"}}}}},
    )[0] == ("in.a", "x.a", LAST_STEP)


def test_only_so_many_strange_names_are_compared() -> None:
    arguments = {"members": ["description", "title"], "near": True}
    lookup: Json = Nothing()
    body = {**dict.fromkeys(NAMES), "titel": 1}
    assert list(documented_members(body, arguments, lookup)) == []
    body = {**dict.fromkeys(NAMES[: COMPARED_NAMES - 1]), "titel": 1}
    assert [found.at for found in documented_members(body, arguments, lookup)] == ["/titel"]
    assert nearest("titel" * MANY, ["title"]) == ""


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("true," + "a" * 200_000, "cannot be read"),
        ("true,a\n" * (SCHEMA_FIELDS + 1), "more than 20,000 rows"),
    ],
)
def test_a_template_beyond_its_budget_cannot_be_read(rows: str, reason: str) -> None:
    assert reason in unreadable(f"isCustom,fieldPath\n{rows}")


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator(ManualClock(1_600_000_000_000)))


@pytest.mark.parametrize(
    "row", ["a" * 200_000, ".".join("a" * 5_000), ".".join("a" * (SCHEMA_LEVELS + 1))]
)
def test_a_template_with_such_a_row_is_refused(api: AepClient, row: str) -> None:
    fields = {
        "schema-class-id": "https://ns.adobe.com/xdm/context/profile",
        "schema-name": "T",
        "csv-file": f"isCustom,fieldPath,dataType\ntrue,{row},string\n",
    }
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    )
    answer = api.call(
        "POST",
        f"{SCHEMA_REGISTRY}/rpc/csv2schema",
        content=f"{parts}--b--\r\n".encode(),
        headers={"Content-Type": "multipart/form-data; boundary=b", "Accept": "application/json"},
    )
    assert answer.status == 400, answer
