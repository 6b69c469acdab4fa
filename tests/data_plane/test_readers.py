"""Readers: from the bytes of files to rows, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import sys
from typing import Any

import pytest

from emulator.budgets import ROW_BYTES
from emulator.data_plane.errors import FileError, ParquetNotInstalled
from emulator.data_plane.parquet import is_installed, write_parquet
from emulator.data_plane.readers import CORRUPT, ReadOptions, Row, column_names, read_rows
from emulator.json_types import JsonObject

TOO_LONG = f"the record has more than {ROW_BYTES} bytes"
MAGIC = "is not a Parquet file. expected magic number at tail [80, 65, 82, 49]"


def rows(content: str | bytes, format: str = "csv", **options: Any) -> list[Row]:
    data = content.encode() if isinstance(content, str) else content
    return list(read_rows(data, format, ReadOptions(**options)))


def values(content: str | bytes, format: str = "csv", **options: Any) -> list[dict[str, Any]]:
    found = rows(content, format, **options)
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    assert not any(row.corrupt for row in found), found
    return [row.value for row in found]


# Delimited text


def test_delimited_rows_have_their_columns_names() -> None:
    assert values("Id,Name\n1,Ann\r\n2,Bob") == [
        {"Id": "1", "Name": "Ann"},
        {"Id": "2", "Name": "Bob"},
    ]


def test_format_names_count_in_any_case() -> None:
    for format in ("CSV", "delimited", "Delimited"):
        assert values("a\n1\n", format) == [{"a": "1"}]
    with pytest.raises(KeyError):
        rows("a\n1\n", "avro")


def test_quotes_hold_delimiters_line_breaks_and_quotes() -> None:
    text = 'a,b\n"1,5","two\nlines"\n"say ""hi""","back\\"slash"\n'
    assert values(text) == [
        {"a": "1,5", "b": "two\nlines"},
        {"a": 'say "hi"', "b": 'back"slash'},
    ]


def test_delimiter_quote_and_escape_can_be_others() -> None:
    text = "a|b\n'x|y'|z^|z\n"
    assert values(text, delimiter="|", quote="'", escape="^") == [{"a": "x|y", "b": "z|z"}]


def test_without_quote_and_escape_their_signs_are_text() -> None:
    assert values('a\tb\n"x\t\\y\n', delimiter="\t", quote="", escape="") == [
        {"a": '"x', "b": "\\y"}
    ]


def test_blank_values_and_null_markers_stand_for_nothing() -> None:
    assert values("a,b,c\n,NULL,x\n", null_markers=("NULL",)) == [{"a": None, "b": None, "c": "x"}]


def test_rows_may_have_fewer_values_than_columns_and_blank_lines_are_none() -> None:
    assert values("a,b\n\n1\n\n2,3\n") == [{"a": "1"}, {"a": "2", "b": "3"}]


def test_a_row_with_more_values_than_columns_is_corrupt_and_the_next_is_not() -> None:
    first, second = rows("a,b\n1,2,3\n4,5\n")
    assert first == Row(1, {CORRUPT: "1,2,3"}, "the row has 3 values for 2 columns")
    assert second == Row(2, {"a": "4", "b": "5"}, "", ["a", "b"])


def test_a_broken_quote_makes_its_row_corrupt_alone() -> None:
    first, second, third = rows('a,b\n1,2\n"3"x,4\n5,6\n')
    assert (first.corrupt, third.corrupt) == ("", "")
    assert second.value == {CORRUPT: '"3"x,4'}
    assert "expected after" in second.corrupt


def test_a_quote_that_never_ends_makes_one_corrupt_row() -> None:
    found = rows('a,b\n1,2\n"3,4\n5,6\n')
    assert [bool(row.corrupt) for row in found] == [False, True]
    assert found[1].value == {CORRUPT: '"3,4\n5,6'}


def test_without_a_header_columns_have_given_names_or_numbers() -> None:
    assert values("1,2\n3\n", header=False) == [{"_c0": "1", "_c1": "2"}, {"_c0": "3"}]
    assert values("1,2\n", header=False, columns=("a", "b")) == [{"a": "1", "b": "2"}]
    (row,) = rows("1,2,3\n", header=False, columns=("a", "b"))
    assert row.corrupt


@pytest.mark.parametrize("charset", ["ISO-8859-1", "UTF-16", "utf8"])
def test_other_charsets_are_read(charset: str) -> None:
    assert values("a\nMüller\n".encode(charset), charset=charset) == [{"a": "Müller"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert values(b"\xef\xbb\xbfa\n1\n") == [{"a": "1"}]


def test_bytes_that_are_not_of_the_charset_make_their_row_corrupt() -> None:
    good, bad = rows(b"a\n1\nM" + b"\xfc" + b"ller\n")
    assert not good.corrupt
    assert bad.corrupt == "the row is not UTF-8"
    assert values("a\n\ufffd\n") == [{"a": "\ufffd"}]


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (b"", "106", "Dataset file is empty. Please upload file with data."),
        (b" \n", "106", "Dataset file is empty. Please upload file with data."),
        (b",,\n1,2,3\n", "118", "CSV file contains empty header row."),
    ],
)
def test_a_file_without_data_or_header_is_refused(content: bytes, code: str, text: str) -> None:
    with pytest.raises(FileError, match=text) as refused:
        rows(content)
    assert refused.value.code == code


def test_an_unknown_charset_is_refused() -> None:
    with pytest.raises(FileError, match="charset"):
        rows("a\n1\n", charset="klingon")


# JSON


def test_json_has_a_record_in_each_line() -> None:
    assert values('{"a": 1}\n\n{"a": {"b": [null]}}', "json") == [{"a": 1}, {"a": {"b": [None]}}]


def test_a_json_array_holds_all_records_with_or_without_the_flag() -> None:
    text = '\n[{"a": 1},\n {"a": 2}]\n'
    assert values(text, "json") == values(text, "JSON", is_multi_line_json=True)
    assert values(text, "json") == [{"a": 1}, {"a": 2}]


def test_multi_line_json_may_be_one_record() -> None:
    text = '{\n  "a": 1\n}'
    assert values(text, "json", is_multi_line_json=True) == [{"a": 1}]
    assert all(row.corrupt for row in rows(text, "json"))


def test_lines_that_are_no_objects_are_corrupt() -> None:
    found = rows('{"a": 1}\n{missingQuotes: "v"}\n3\n{"a": 2}\n', "json")
    assert [bool(row.corrupt) for row in found] == [False, True, True, False]
    assert found[1].value == {CORRUPT: '{missingQuotes: "v"}'}


def test_items_of_an_array_that_are_no_objects_are_corrupt() -> None:
    found = rows('[{"a": 1}, 3]', "json")
    assert found[1] == Row(2, {CORRUPT: "3"}, "the record is not an object")


def test_a_broken_array_is_one_corrupt_row() -> None:
    (row,) = rows('[{"a": 1}, ', "json")
    assert row.corrupt
    assert row.value == {CORRUPT: '[{"a": 1}, '}


def test_an_empty_json_file_is_refused() -> None:
    with pytest.raises(FileError, match="empty"):
        rows("\n", "json")


# Parquet


def test_parquet_rows_are_json() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    moment = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    table = pa.table(
        {
            "id": pa.array([1, None]),
            "moment": pa.array([moment, None], pa.timestamp("ms", "UTC")),
            "day": pa.array([moment.date(), None]),
            "price": pa.array([decimal.Decimal("1.50"), None]),
            "raw": pa.array([b"\x00\x01", None]),
            "names": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
            "person": pa.array([{"born": moment.date(), "age": 3}, None]),
            "days": pa.array([[moment.date()], None]),
            "plain": pa.array([{"x": [1]}, None]),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    first, second = values(sink.getvalue(), "parquet")
    assert first == {
        "id": 1,
        "moment": "2024-05-06T07:08:09Z",
        "day": "2024-05-06",
        "price": 1.5,
        "raw": "AAE=",
        "names": {"a": 1},
        "person": {"born": "2024-05-06", "age": 3},
        "days": ["2024-05-06"],
        "plain": {"x": [1]},
    }
    assert set(second.values()) == {None}
    assert column_names(sink.getvalue(), "parquet_xdm") == list(first)


def test_what_is_written_as_parquet_is_read_again() -> None:
    given: list[JsonObject] = [{"a": 1, "b": {"c": ["x"]}}, {"a": 2, "d": None}]
    found = values(write_parquet(given), "parquet")
    assert found == [
        {"a": 1, "b": {"c": ["x"]}, "d": None},
        {"a": 2, "b": None, "d": None},
    ]
    mixed = values(write_parquet([{"a": 1}, {"a": "x"}, {"b": 1}]), "parquet")
    assert [row["a"] for row in mixed] == ["1", '"x"', None]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1 no more than that PAR1"])
def test_what_is_no_parquet_is_refused(content: bytes) -> None:
    with pytest.raises(FileError, match="Error in validating schema") as refused:
        rows(content, "parquet")
    assert refused.value.code == "200"
    assert (MAGIC in str(refused.value)) == (not content.endswith(b"PAR1"))


def test_without_the_extra_parquet_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = write_parquet([{"a": 1}])
    assert is_installed()
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    assert not is_installed()
    with pytest.raises(ParquetNotInstalled, match="extra parquet"):
        rows(content, "parquet")
    with pytest.raises(ParquetNotInstalled):
        write_parquet([{"a": 1}])


# Columns


def test_columns_are_named_without_reading_rows() -> None:
    assert column_names(b"a, b\n", "csv") == ["a", "b"]
    assert column_names(b"1,2\n", "csv", ReadOptions(header=False)) == ["_c0", "_c1"]
    assert column_names(b'nothing\n{"a": 1, "b": 2}', "json") == ["a", "b"]
    assert column_names(b"nothing\n", "json") == []


# Budgets


def test_a_text_of_undecodable_bytes_is_shown_with_marks() -> None:
    (bad,) = rows(b"a\nM\xfcller\n")
    assert bad.value == {CORRUPT: "M\ufffdller"}


@pytest.mark.parametrize("charset", ["unicode_escape", "hex", "idna", "x" * 500, "a\0b"])
def test_what_is_no_charset_of_files_is_refused(charset: str) -> None:
    with pytest.raises(FileError, match="charset"):
        rows("a\n\\ud800\n", charset=charset)


def test_a_row_that_is_too_long_is_corrupt_alone() -> None:
    long = "x" * ROW_BYTES
    for text in (f'a\n1\n"{long}"\n2\n', f"a\n1\n{long}x\n2\n"):
        first, bad, last = rows(text)
        assert (first.value, last.value) == ({"a": "1"}, {"a": "2"})
        assert bad.corrupt
        assert len(str(bad.value)) < 10_000
    first, bad, last = rows(f'{{"a": 1}}\n{{"a": "{long}"}}\n{{"a": 2}}', "json")
    assert (first.value, bad.corrupt, last.value) == ({"a": 1}, TOO_LONG, {"a": 2})


def array(*items: str) -> str:
    """An array that is too large to be read at once."""
    return f"[{','.join((*items, json.dumps('x' * 1_200_000)))}]"


def test_a_large_array_is_read_record_by_record() -> None:
    given: list[Any] = [{"a": '],[\\"{'}, {"b": [{"c": [1, [2]]}]}, {"d": "\u20ac"}, 3]
    found = rows(array(*map(json.dumps, given)), "json")
    assert [row.value for row in found[:3]] == given[:3]
    assert [row.corrupt for row in found[3:]] == ["the record is not an object"] * 2
    indented = json.dumps([*given[:3], {"e": "x" * 2_000_000}], indent=3)
    assert values(indented, "json")[:3] == given[:3]
    assert len(values(" " * 2_000_000 + "[]", "json")) == 0


def test_a_record_of_a_large_array_may_be_too_long() -> None:
    long = '{"a": "' + '\\"' * ROW_BYTES + '"}'
    first, bad, last, _ = rows(array('{"b": 1}', long, '{"c": ["}"]}'), "json")
    assert (first.value, bad.corrupt, last.value) == ({"b": 1}, TOO_LONG, {"c": ["}"]})


@pytest.mark.parametrize(
    ("items", "end"),
    [(["{}", "{]"], ""), (["{}", ""], ""), (["{}"], "x"), (["{}", "}"], ""), (["{}"], ", 1")],
)
def test_a_large_array_that_is_broken_is_refused(items: list[str], end: str) -> None:
    with pytest.raises(FileError, match=r"Row 2|behind the array") as refused:
        rows(array(*items) + end, "json")
    assert refused.value.code == "INGEST-1401-400"


def test_a_record_may_be_too_deep_or_have_too_many_values() -> None:
    deep, many = '{"a":' * 101 + "1" + "}" * 101, '{"a": [' + "{}," * 250_000 + "{}]}"
    for text in (deep, many):
        for content in (f'{text}\n{{"b": 1}}', array(text, '{"b": 1}')):
            bad, good = rows(content, "json")[:2]
            assert bad.corrupt
            assert good.value == {"b": 1}


def test_parquet_values_that_python_cannot_have_make_their_row_corrupt() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    days = pa.array([0, 2**31 - 1, 1], pa.int32()).cast(pa.date32())
    sink = io.BytesIO()
    pq.write_table(pa.table({"day": days, "a": [1, 2, 3]}), sink)
    first, bad, last = rows(sink.getvalue(), "parquet")
    assert (first.value, last.value) == (
        {"day": "1970-01-01", "a": 1},
        {"day": "1970-01-02", "a": 3},
    )
    assert bad.corrupt
    assert bad.value == {CORRUPT: ""}


def test_parquet_moments_lose_what_python_has_not() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    nanos = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": nanos, "b": pa.array([[1]], pa.list_(pa.duration("ns")))}), sink)
    assert values(sink.getvalue(), "parquet") == [{"a": "2023-11-14T22:13:20.123456Z", "b": [0.0]}]


def test_parquet_rows_stay_right_whatever_their_pages_are_like() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [f"{number}" * 30 for number in range(3000)]
    given = [{"a": text, "b": {"c": [text, "x"]}, "d": number} for number, text in enumerate(texts)]
    options: list[dict[str, Any]] = [
        {"row_group_size": 700, "data_page_size": 100},
        {"dictionary_pagesize_limit": 2000, "compression": "gzip"},
        {"use_dictionary": False, "data_page_version": "2.0"},
        {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}},
        {"compression": "brotli", "dictionary_pagesize_limit": 2000, "row_group_size": 999},
    ]
    for option in options:
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(given), sink, **option)
        assert values(sink.getvalue(), "parquet") == given
