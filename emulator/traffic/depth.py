"""A file of JSON that is read only as long as it is not nested too deeply for its readers."""

from __future__ import annotations

from itertools import accumulate
from typing import BinaryIO

from emulator.budgets import RECORDING_DEPTH
from emulator.traffic.recording import TrafficError

_BRACKETS = b"[]{}"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class ShallowFile:
    """Passes bytes on and counts brackets outside of texts.

    The cost of a streaming parser grows with the square of the depth, and building what it finds
    takes a stack.
    """

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self._raw = raw
        self._name = name
        self._depth = 0
        self._is_in_text = False
        self._is_escaped = False

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Raises:
            TrafficError: What they open is nested too deeply.
        """
        data = self._raw.read(size)
        brackets = self._outside(data).translate(None, _OTHERS)
        if self._depth + len(brackets) > RECORDING_DEPTH:
            depths = accumulate(map(_STEP.__getitem__, brackets), initial=self._depth)
            if max(depths) > RECORDING_DEPTH:
                deep = f"nested more than {RECORDING_DEPTH} levels deep"
                raise TrafficError(f"{self._name}: not a recording: {deep}")
        self._depth += sum(map(_STEP.__getitem__, brackets))
        return data

    def _outside(self, data: bytes) -> bytes:
        """Return what of some bytes is outside of texts."""
        if self._is_escaped:
            data = data[1:]
        ends_in = len(data) - len(data.rstrip(b"\\"))
        self._is_escaped = ends_in % 2 == 1
        # Without its escapes a text ends at the next quote.
        plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = plain.split(b'"')
        outside = b"".join(parts[1::2] if self._is_in_text else parts[::2])
        self._is_in_text ^= len(parts) % 2 == 0
        return outside
