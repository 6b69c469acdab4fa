"""What can be wrong with a file or with the source of a flow; codes and texts are documented."""

from __future__ import annotations

SOURCE_FAILED = "CONNECTOR-2001-500"
"""The code under which the documents show that an activity of a run failed."""


INTERNAL_ERROR = "EMULATOR-1000-500"
"""The code of a run or batch in which this emulator itself failed."""

NO_ROOM = "EMULATOR-ROOM"
"""The code of a run or batch for whose data there is no room; no document has one for that."""


class FileError(Exception):
    """A file that cannot be read at all. `code` and the text are those of the documents."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ParquetNotInstalled(FileError):
    """Parquet needs the extra `parquet`, which is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "EMULATOR-PARQUET",
            "Parquet needs pyarrow: install aep-emulator with its extra parquet.",
        )


class SourceError(FileError):
    """A source cannot be read: its path leads nowhere, or a file is not what it should be."""

    def __init__(self, text: str, code: str = SOURCE_FAILED) -> None:
        super().__init__(code, text)


class CopyFailed(Exception):
    """The source of a run cannot be read any more, whatever has come of it: its copying fails."""

    code = SOURCE_FAILED


class OverBudget(FileError):
    """A file that costs more than `emulator/budgets.py` lets it, which the text says."""

    def __init__(self, text: str) -> None:
        super().__init__("EMULATOR-BUDGET", text)
