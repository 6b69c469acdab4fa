"""The form of a state file. It is imported when one is read, because it needs pydantic."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT = "aep-emulator-state"
VERSION = 1

_Counted = Annotated[int, Field(ge=1, le=2**53)]
_Moment = Annotated[int, Field(ge=0, le=253_402_300_799_999)]
_Counter = Annotated[int, Field(ge=0, le=2**53)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DocumentRow(_Strict):
    """One stored document. `version` counts its writes, `ordinal` orders its kind by creation."""

    key: str
    version: _Counted
    ordinal: _Counted
    body: Any


class BlobRow(_Strict):
    """Stored bytes: as `text` where they are UTF-8, else as `base64`."""

    key: str
    text: str | None = None
    base64: str | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.text is None) == (self.base64 is None):
            raise ValueError("a blob has either text or base64")
        self.content()
        return self

    def content(self) -> bytes:
        """Return the bytes.

        Raises:
            ValueError: `base64` is not base64.
        """
        if self.text is not None:
            return self.text.encode()
        return b64decode(self.base64 or "", validate=True)


class SandboxState(_Strict):
    """What one sandbox holds: documents by kind, blobs, and the counters that ids are made of."""

    counters: dict[str, _Counter] = {}
    documents: dict[str, list[DocumentRow]] = {}
    blobs: list[BlobRow] = []


class StateFile(_Strict):
    """A whole state: `organizations` has what each sandbox holds, by organization and sandbox.

    What does not belong to a sandbox, or to an organization, has an empty name.
    `clock` is in milliseconds since 1970, and missing where the emulator used the machine's time;
    `requests` counts the requests whose ids the emulator has made.
    """

    format: Literal["aep-emulator-state"]
    formatVersion: Literal[1]  # noqa: N815 - JSON is in camelCase
    emulator: str = ""
    seed: str = ""
    edition: str
    enforce: Literal["documented", "strict", "observe"]
    clock: _Moment | None = None
    requests: _Counter = 0
    organizations: dict[str, dict[str, SandboxState]]
