"""Small files that become large ones."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
import zlib
from typing import Any, NamedTuple

import pyarrow as pa

from emulator.budgets import MIB
from tests.attacks.damaged import parquet
from tests.attacks.effort import IS_FULL, size


class Bomb(NamedTuple):
    """A file, and what a batch of it becomes; `compression` is as sources name it."""

    name: str
    format: str
    content: bytes
    compression: str = ""
    ends: str = "failed"


def texts() -> list[Bomb]:
    """Return text files with a giant in them."""
    many = size(1, 20) * 5 * MIB
    cells = size(100_000, 4_000_000)
    return [
        Bomb("cell", "csv", b"_id,b\n1," + b"x" * many + b"\n"),
        Bomb("quoted", "csv", b'_id,b\n1,"' + b"xxxxxxx\n" * (many // 128) + b'"\n'),
        Bomb("columns", "csv", b"_id," + b",".join(b"c%d" % i for i in range(cells)) + b"\n1\n"),
        Bomb("values", "csv", b"_id\n" + b"," * cells + b"\n"),
        Bomb("line", "json", b'{"_id": "' + b"x" * many + b'"}'),
        Bomb("string", "json", b'[{"_id": "1"},{"_id": "' + b'\\"' * (many // 2) + b'"}]'),
        Bomb("record", "json", b'[{"_id": [' + b"{}," * cells + b"0]}]"),
        Bomb("empties", "json", b'{"_id": [' + b"{}," * (3 * cells) + b"0]}"),
        Bomb("depth", "json", b'{"_id":' * 200 + b"1" + b"}" * 200),
        Bomb(
            "names",
            "json",
            b"".join(b'{"n%d":{"m%d":1}}\n' % (i, i) for i in range(cells)),
            ends="success",
        ),
        Bomb("blank", "csv", b" \n" * (many // 2)),
    ]


def parquets() -> list[Bomb]:
    """Return Parquet files whose pages hold little and decode to much."""
    rows = size(300, 200_000)
    text, items = pa.array(["x" * MIB]), size(1_000_000, 20_000_000)
    shared = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), text)
    one = pa.array([0, items], pa.int32())
    return [
        _bomb("text", shared, ends="failed" if IS_FULL else "success"),  # it needs too much room
        _bomb("nulls", pa.nulls(size(50_000, 3_000_000), pa.string()), ends="success"),
        _bomb("items", pa.ListArray.from_arrays(one, pa.repeat(1, items))),
        _bomb("plain", pa.repeat("x" * MIB, 300), use_dictionary=False, data_page_size=1),
        _bomb(
            "deltas",
            pa.ListArray.from_arrays(pa.array([0, 300], pa.int32()), pa.repeat("x" * MIB, 300)),
            use_dictionary=False,
            column_encoding={"_id.list.element": "DELTA_BYTE_ARRAY"},
        ),
        Bomb("columns", "parquet", parquet(pa.table({f"c{i}": [1] for i in range(10_001)}))),
    ]


def _bomb(name: str, column: Any, ends: str = "failed", **options: Any) -> Bomb:
    content = parquet(pa.table({"_id": column}), compression="zstd", **options)
    return Bomb(name, "parquet", content, ends=ends)


def archives() -> list[Bomb]:
    """Return compressed files that unpack to `size(16, 1000)` MiB, or have endless heads."""
    many = size(16, 1000)
    return [
        Bomb("gzip", "csv", packed(many, zlib.compressobj(9, wbits=31)), "gzip"),
        Bomb("deflate", "csv", packed(many, zlib.compressobj(9)), "deflate"),
        Bomb("bzip2", "csv", packed(many, bz2.BZ2Compressor()), "bzip2"),
        Bomb("twice", "csv", gzip.compress(packed(many, zlib.compressobj(9, wbits=31))), "gzip"),
        Bomb("zip", "csv", _zip(many), "zipDeflate"),
        Bomb("directory", "csv", _zip_of_many(size(20_000, 60_000)), "zipDeflate"),
        Bomb("sparse", "csv", _sparse(many), "tar"),
        Bomb("sparse", "csv", gzip.compress(_sparse(many)), "tarGzip"),
        Bomb("heads", "csv", _tar_of_long_heads(many), "tar"),
        Bomb("heads", "csv", gzip.compress(_tar_of_long_heads(many)), "tarGzip"),
        Bomb("members", "csv", gzip.compress(_tar_of_many(10_001)), "tarGzip"),
    ]


def packed(many: int, packer: Any) -> bytes:
    """Return so many MiB of nothing, compressed."""
    pieces = [packer.compress(bytes(MIB)) for _ in range(many)]
    return b"".join([*pieces, packer.flush()])


def _zip(many: int) -> bytes:
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as file,
    ):
        for _ in range(many):
            file.write(bytes(MIB))
    return sink.getvalue()


def _zip_of_many(count: int) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.csv", b"")
    return sink.getvalue()


def _sparse(many: int) -> bytes:
    """Return a tape archive of one file that is nothing but a hole."""
    head = bytearray(tarfile.TarInfo("a.csv").tobuf(tarfile.GNU_FORMAT))
    head[156:157] = b"S"
    head[386:410] = b"%011o\0" % 0 * 2
    head[483:495] = b"%011o\0" % (many * MIB)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + bytes(1024)


def _tar_of_long_heads(many: int) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a.csv")
        member.pax_headers = {"comment": "x" * min(many, 100) * MIB}
        archive.addfile(member)
    return sink.getvalue()


def _tar_of_many(count: int) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for number in range(count):
            archive.addfile(tarfile.TarInfo(f"{number}.csv"))
    return sink.getvalue()
