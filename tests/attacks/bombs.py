"""Small files that become large ones."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa

from emulator.budgets import MIB
from tests.attacks.damaged import parquet
from tests.attacks.effort import IS_FULL, size


class Bomb(NamedTuple):
    """A file, and what a batch of it becomes; `compression` is as sources name it.

    The file is made when it is asked for: who only collects tests has no use for it.
    """

    name: str
    format: str
    make: Callable[[], bytes]
    compression: str = ""
    ends: str = "failed"

    @property
    def content(self) -> bytes:
        return self.make()


def texts() -> list[Bomb]:
    """Return text files with a giant in them."""
    many = size(1, 20) * 5 * MIB
    cells = size(100_000, 4_000_000)
    return [
        Bomb("cell", "csv", lambda: b"_id,b\n1," + b"x" * many + b"\n"),
        Bomb("quoted", "csv", lambda: b'_id,b\n1,"' + b"xxxxxxx\n" * (many // 128) + b'"\n'),
        Bomb(
            "columns",
            "csv",
            lambda: b"_id," + b",".join(b"c%d" % i for i in range(cells)) + b"\n1\n",
        ),
        Bomb("values", "csv", lambda: b"_id\n" + b"," * cells + b"\n"),
        Bomb("line", "json", lambda: b'{"_id": "' + b"x" * many + b'"}'),
        Bomb("string", "json", lambda: b'[{"_id": "1"},{"_id": "' + b'\\"' * (many // 2) + b'"}]'),
        Bomb("record", "json", lambda: b'[{"_id": [' + b"{}," * cells + b"0]}]"),
        Bomb("empties", "json", lambda: b'{"_id": [' + b"{}," * (3 * cells) + b"0]}"),
        Bomb("depth", "json", lambda: b'{"_id":' * 200 + b"1" + b"}" * 200),
        Bomb(
            "names",
            "json",
            lambda: b"".join(b'{"n%d":{"m%d":1}}\n' % (i, i) for i in range(cells)),
            ends="success",
        ),
        Bomb("blank", "csv", lambda: b" \n" * (many // 2)),
    ]


def parquets() -> list[Bomb]:
    """Return Parquet files whose pages hold little and decode to much."""
    items = size(1_000_000, 20_000_000)
    return [
        # In full this needs too much room.
        _bomb("text", _shared_text, ends="failed" if IS_FULL else "success"),
        _bomb("nulls", lambda: pa.nulls(size(50_000, 3_000_000), pa.string()), ends="success"),
        _bomb("items", lambda: _one_list(items, 1)),
        _bomb("plain", lambda: pa.repeat("x" * MIB, 200), use_dictionary=False, data_page_size=1),
        _bomb(
            "deltas",
            lambda: _one_list(200, "x" * MIB),
            use_dictionary=False,
            column_encoding={"_id.list.element": "DELTA_BYTE_ARRAY"},
        ),
        Bomb(
            "columns",
            "parquet",
            lambda: parquet(pa.table({f"c{i}": [1] for i in range(10_001)})),
        ),
    ]


def _bomb(name: str, column: Callable[[], Any], ends: str = "failed", **options: Any) -> Bomb:
    def make() -> bytes:
        return parquet(pa.table({"_id": column()}), compression="zstd", **options)

    return Bomb(name, "parquet", make, ends=ends)


def _shared_text() -> Any:
    rows = size(300, 200_000)
    places = pa.repeat(pa.scalar(0, pa.int32()), rows)
    return pa.DictionaryArray.from_arrays(places, pa.array(["x" * MIB]))


def _one_list(count: int, item: Any) -> Any:
    return pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), pa.repeat(item, count))


def archives() -> list[Bomb]:
    """Return compressed files that unpack to `size(16, 1000)` MiB, or have endless heads."""
    many = size(16, 1000)
    return [
        Bomb("gzip", "csv", lambda: _gzipped(many), "gzip"),
        Bomb("deflate", "csv", lambda: packed(many, zlib.compressobj(9)), "deflate"),
        Bomb("bzip2", "csv", lambda: packed(many, bz2.BZ2Compressor()), "bzip2"),
        Bomb("twice", "csv", lambda: gzip.compress(_gzipped(many)), "gzip"),
        Bomb("zip", "csv", lambda: _zip(many), "zipDeflate"),
        Bomb("directory", "csv", lambda: _zip_of_many(size(20_000, 60_000)), "zipDeflate"),
        Bomb("sparse", "csv", lambda: _sparse(many), "tar"),
        Bomb("sparse", "csv", lambda: gzip.compress(_sparse(many)), "tarGzip"),
        Bomb("heads", "csv", lambda: _tar_of_long_heads(many), "tar"),
        Bomb("heads", "csv", lambda: gzip.compress(_tar_of_long_heads(many)), "tarGzip"),
        Bomb("members", "csv", lambda: gzip.compress(_tar_of_many(10_001)), "tarGzip"),
    ]


def _gzipped(many: int) -> bytes:
    return packed(many, zlib.compressobj(9, wbits=31))


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
