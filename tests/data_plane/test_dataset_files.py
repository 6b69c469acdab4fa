"""Parts of data set files: no part costs much more than its rows weigh."""

from __future__ import annotations

import pytest

from emulator.budgets import FILE_COLUMNS, PART_BYTES
from emulator.data_plane.dataset_files import ROWS_PER_PART, DatasetFileWriter
from emulator.data_plane.errors import OverBudget
from emulator.data_plane.readers import read_rows
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from tests.emulators import new_emulator

SANDBOX = Sandbox("ORG@AdobeOrg", "prod")


def written(rows: list[JsonObject], format: str = "parquet") -> list[list[JsonObject]]:
    """Write rows; return those of each part."""
    emulator = new_emulator()
    engine = emulator.engine
    scope = engine.scope(SANDBOX)
    writer = DatasetFileWriter(scope, "batch", format)
    for row in rows:
        writer.add(row)
    writer.close()
    blobs = engine.platform.blobs
    parts = [blobs.read(SANDBOX, key) or b"" for key in blobs.keys(SANDBOX)]
    assert (writer.files, writer.bytes) == (len(parts), sum(map(len, parts)))
    return [[row.value for row in read_rows(part, format)] for part in parts]


def test_rows_make_one_part() -> None:
    rows: list[JsonObject] = [{"_id": str(number), "a": {"b": [1]}} for number in range(1000)]
    assert written(rows) == [rows]


def test_a_part_has_so_many_rows_at_most() -> None:
    parts = written([{"a": number} for number in range(ROWS_PER_PART + 1)], "json")
    assert list(map(len, parts)) == [ROWS_PER_PART, 1]


def test_a_part_has_so_many_bytes_at_most() -> None:
    rows: list[JsonObject] = [{"a": "x" * (PART_BYTES // 3)}] * 5
    assert list(map(len, written(rows, "json"))) == [2, 2, 1]


@pytest.fixture
def few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.data_plane.dataset_files.PART_CELLS", 10_000)


@pytest.mark.usefixtures("few_cells")
@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_rows_of_ever_new_columns_make_many_parts(format: str) -> None:
    parts = written([{f"n{number}": 1} for number in range(350)], format)
    assert list(map(len, parts)) == [100, 100, 100, 50]


@pytest.mark.usefixtures("few_cells")
def test_columns_within_others_count() -> None:
    parts = written([{"a": [{f"n{number}": {"b": 1}}]} for number in range(350)])
    assert list(map(len, parts)) == [99, 99, 99, 53]


def test_a_row_of_too_many_columns_is_refused() -> None:
    with pytest.raises(OverBudget, match=f"more than {FILE_COLUMNS} columns"):
        written([{f"n{number}": 1 for number in range(FILE_COLUMNS + 1)}])


@pytest.mark.parametrize(
    "odd", [{}, [{}], {"a": {}}, {"a": [{"b": {}}]}, 2**64 - 1, [1, "a"], [[], [1.5], [None]]]
)
def test_what_parquet_has_no_type_for_is_text(odd: object) -> None:
    (part,) = written([{"_id": "1", "odd": odd}, {"_id": "2", "odd": None}])
    assert [row["_id"] for row in part] == ["1", "2"]
