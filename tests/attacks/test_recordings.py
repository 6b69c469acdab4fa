"""Recordings and replies that are larger than they look, or larger than one call can be."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from emulator.traffic.judgement import _json_of
from emulator.traffic.reading import read_traffic
from emulator.traffic.recording import TrafficError
from emulator.traffic.wire import MAX_BODY_BYTES, decoded
from tests.attacks.bombs import packed
from tests.attacks.effort import size

GZIP = [("Content-Encoding", "gzip")]
SMALL = 100_000


@pytest.fixture
def small_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("reading", "recording"):
        monkeypatch.setattr(f"emulator.traffic.{module}.RECORDED_CALL_BYTES", SMALL)


def test_a_reply_that_unpacks_to_too_much_is_not_judged() -> None:
    for many in (17, size(40, 4600)):
        for bits in (31, 15):
            assert decoded(packed(many, zlib.compressobj(9, wbits=bits)), GZIP) is None
    most = packed(16, zlib.compressobj(9, wbits=31))
    assert len(decoded(most, GZIP) or b"") == MAX_BODY_BYTES


def test_a_reply_that_is_cut_short_is_not_judged() -> None:
    whole = packed(1, zlib.compressobj(9, wbits=31))
    assert decoded(whole[:-9], GZIP) is None
    assert decoded(b"no gzip", GZIP) is None


def test_a_reply_of_too_many_values_says_nothing() -> None:
    assert _json_of(b"[" + b"{}," * 1_000_000 + b"0]") is None
    assert _json_of(b"[{},0]") == [{}, 0]


def har(*texts: str) -> str:
    entries = [
        {
            "request": {
                "method": "POST",
                "url": "https://platform.adobe.io/x",
                "postData": {"text": text},
            },
            "response": {"status": 200, "content": {"text": ""}},
        }
        for text in texts
    ]
    return json.dumps({"log": {"entries": entries}})


@pytest.mark.usefixtures("small_calls")
def test_a_recording_may_be_long_but_no_call_of_it(tmp_path: Path) -> None:
    file = tmp_path / "calls.har"
    file.write_text(har(*["x" * (SMALL // 4)] * 40))
    assert len(list(read_traffic(file))) == 40
    file.write_text(har("x", "x" * 5 * SMALL))
    with pytest.raises(TrafficError, match=f"more than {SMALL} bytes"):
        list(read_traffic(file))
    file.write_text(f'{{"{"x" * 5 * SMALL}": 1, "log": {{}}}}')
    with pytest.raises(TrafficError, match=f"more than {SMALL} bytes"):
        list(read_traffic(file))


@pytest.mark.usefixtures("small_calls")
@pytest.mark.parametrize("start", ['{"request": {}, "a": "', '{"info": {}, "a": "'])
def test_a_file_that_is_read_whole_is_limited(tmp_path: Path, start: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(f'{start}{"x" * SMALL}"}}')
    for path in (file, tmp_path):
        with pytest.raises(TrafficError, match=f"more than {SMALL} bytes"):
            list(read_traffic(path))
