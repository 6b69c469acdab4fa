"""Valid files of every format and compression, and damage done to them, the same for a seed."""

from __future__ import annotations

import bz2
import datetime as dt
import decimal
import gzip
import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq


class Sample(NamedTuple):
    """A valid file: `format` as Batch Ingestion names it, `compression` as sources do."""

    name: str
    format: str
    content: bytes
    compression: str = ""


ROWS = [
    {
        "_id": str(number),
        "person": {"name": {"firstName": f"Ann {number}"}, "birthDate": "1990-01-02"},
        "tags": ["a", "b" * number],
    }
    for number in range(40)
]


def _csv(charset: str = "utf-8") -> bytes:
    rows = "".join(f'{row["_id"]},"Ann ""{row["_id"]}""\nB",1990-01-02\n' for row in ROWS)
    return f"_id,person.name.firstName,person.birthDate\n{rows}".encode(charset)


def _json(*, array: bool) -> bytes:
    if array:
        return json.dumps(ROWS, indent=1).encode()
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def parquet(table: Any, **options: Any) -> bytes:
    """Return a table of Arrow as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def _table() -> Any:
    count = len(ROWS)
    moment = dt.datetime(2024, 5, 6, 7, 8, 9, 123456, dt.UTC)
    return pa.table(
        {
            "_id": pa.array([row["_id"] for row in ROWS]),
            "person": pa.array([row["person"] for row in ROWS]),
            "tags": pa.array([row["tags"] for row in ROWS]),
            "day": pa.array([moment.date(), None] * (count // 2)),
            "moment": pa.array([moment] * count, pa.timestamp("us", "UTC")),
            "nano": pa.array([1_700_000_000_123_456_789] * count, pa.timestamp("ns")),
            "price": pa.array([decimal.Decimal("1.50")] * count),
            "raw": pa.array([b"\x00\xff", None] * (count // 2)),
            "fixed": pa.array([b"1234"] * count, pa.binary(4)),
            "map": pa.array([[("a", 1)], None] * (count // 2), pa.map_(pa.string(), pa.int32())),
            "deep": pa.array([[[1.5], [None]]] * count, pa.list_(pa.list_(pa.float32()))),
            "flag": pa.array([True, None] * (count // 2)),
            "nothing": pa.nulls(count),
        }
    )


def _archive(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"in/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return sink.getvalue()


def _zip(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return sink.getvalue()


def samples() -> list[Sample]:
    """Return valid files: every format, and every compression of text."""
    text, rows = _csv(), _json(array=False)
    deltas = {"_id": "DELTA_BYTE_ARRAY", "tags.list.element": "DELTA_LENGTH_BYTE_ARRAY"}
    table = _table()
    return [
        Sample("a.csv", "csv", text),
        Sample("b.csv", "csv", _csv("utf-16")),
        Sample("a.json", "json", rows),
        Sample("b.json", "json", _json(array=True)),
        Sample("a.parquet", "parquet", parquet(table)),
        Sample("b.parquet", "parquet", parquet(table, compression="zstd", row_group_size=7)),
        Sample("c.parquet", "parquet", parquet(table, compression="gzip", data_page_version="2.0")),
        Sample("d.parquet", "parquet", parquet(table, compression="none", use_dictionary=False)),
        Sample(
            "e.parquet",
            "parquet",
            parquet(table, use_dictionary=False, column_encoding=deltas, version="2.6"),
        ),
        Sample("a.csv.gz", "csv", gzip.compress(text, mtime=0), "gzip"),
        Sample("a.csv.bz2", "csv", bz2.compress(text), "bzip2"),
        Sample("a.csv.zz", "csv", zlib.compress(text), "deflate"),
        Sample("a.zip", "csv", _zip(a=text, b=text), "zipDeflate"),
        Sample("a.tar", "csv", _archive(a=text, b=text), "tar"),
        Sample("a.tgz", "csv", gzip.compress(_archive(a=text, b=text), mtime=0), "tarGzip"),
        Sample("b.json.gz", "json", gzip.compress(rows, mtime=0), "gzip"),
    ]


def damaged(content: bytes, random: Random) -> bytes:
    """Return a file with one to four damages."""
    for _ in range(random.randint(1, 4)):
        content = random.choice(_DAMAGES)(content, random)
    return content


def _flip(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]


def _flip_at_the_end(content: bytes, random: Random) -> bytes:
    """Change what a footer or a directory lies in."""
    at = max(0, len(content) - 1 - random.randrange(900))
    return content[:at] + bytes([random.choice((0, 1, 127, 128, 255))]) + content[at + 1 :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _cut_out(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at + random.randrange(200) :]


def _put_in(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice(_ODD) + content[at:]


def _repeat(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at : at + 300] * random.randrange(4) + content[at:]


def _blank(content: bytes, random: Random) -> bytes:
    at, count = random.randrange(len(content) + 1), random.randrange(60)
    return content[:at] + bytes([random.choice((0, 255))]) * count + content[at + count :]


_ODD = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b'"',
    b"\\",
    b"\r",
    b"\n",
    b",",
    b"[" * 300,
    b'{"a":' * 300,
    b"1e999",
    b"9" * 400,
    b'"\\ud800"',
    b"NaN",
    b"PAR1",
    b"\x1f\x8b\x08",
    b"\xff\xff\xff\xff\x0f",
    b"\x80" * 12,
)

_DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip,
    _flip,
    _flip_at_the_end,
    _flip_at_the_end,
    _cut,
    _cut_out,
    _put_in,
    _repeat,
    _blank,
)
