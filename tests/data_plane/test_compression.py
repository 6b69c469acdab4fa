"""Compressed files: every documented type, several files in one, damage and bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest

from emulator.data_plane.compression import COMPRESSIONS, CompressionError, unpack

CONTENT = b"Id,Name\n1,Ann\n" * 100


def tar(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            member = tarfile.TarInfo(f"folder/{name}.csv")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return sink.getvalue()


def zipped(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/", b"")
        for name, content in files.items():
            archive.writestr(f"folder/{name}.csv", content)
    return sink.getvalue()


def bare_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def unpacked(
    name: str, content: bytes, compression: str = "", largest: int = 2_000_000
) -> list[tuple[str, bytes]]:
    """Return what a file holds, each read before the next one is asked for."""
    return [
        (file.name, file.content.read()) for file in unpack(name, content, compression, largest)
    ]


ALONE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "deflate": zlib.compress,
    "DEFLATE": bare_deflate,
}
ARCHIVES: dict[str, Callable[..., bytes]] = {
    "zipDeflate": zipped,
    "tar": tar,
    "tarGzip": lambda **files: gzip.compress(tar(**files)),
}


def test_every_documented_type_is_tried_here() -> None:
    assert {*ALONE, *ARCHIVES} - {"DEFLATE"} == set(COMPRESSIONS)


def test_without_compression_the_file_is_as_it_is() -> None:
    assert unpacked("a.csv", CONTENT) == [("a.csv", CONTENT)]


@pytest.mark.parametrize("compression", ALONE)
def test_a_file_compressed_alone(compression: str) -> None:
    packed = ALONE[compression](CONTENT)
    assert unpacked("in/a.csv.gz", packed, compression) == [("in/a.csv", CONTENT)]


@pytest.mark.parametrize("compression", ARCHIVES)
def test_an_archive_of_files(compression: str) -> None:
    packed = ARCHIVES[compression](a=CONTENT, b=b"x")
    assert unpacked("in/all.zip", packed, compression) == [
        ("folder/a.csv", CONTENT),
        ("folder/b.csv", b"x"),
    ]


@pytest.mark.parametrize("compression", [*ALONE, *ARCHIVES])
def test_another_kind_of_file_is_refused(compression: str) -> None:
    with pytest.raises(CompressionError):
        unpacked("a.csv.gz", CONTENT, compression)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "deflate", "DEFLATE", "tarGzip"])
def test_a_file_cut_short_is_refused(compression: str) -> None:
    packed = ALONE[compression](CONTENT) if compression in ALONE else gzip.compress(tar(a=CONTENT))
    with pytest.raises(CompressionError):
        unpacked("a", packed[: len(packed) // 2], compression)


@pytest.mark.parametrize("compression", [*ALONE, *ARCHIVES])
def test_no_more_is_unpacked_than_allowed(compression: str) -> None:
    many = dict.fromkeys("ab", b"\x00" * 600000)
    alone = ALONE.get(compression)
    packed = alone(b"\0" * 1_200_000) if alone else ARCHIVES[compression](**many)
    with pytest.raises(CompressionError, match="more than 1000000 bytes"):
        unpacked("bomb", packed, compression, largest=1_000_000)


def test_an_unknown_type_is_a_fault_of_the_caller() -> None:
    with pytest.raises(KeyError):
        unpacked("a", CONTENT, "zstd")
