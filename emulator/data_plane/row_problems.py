"""What went wrong with the rows of a batch, by cause, with the first rows of each.

Whatever comes in, what is kept is small: `emulator/budgets.py` limits causes and rows. It lies in
the blob store beside the batch, for whoever explains it: `emulator/batch_explanation.py`
and `emulator/run_explanation.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from emulator.budgets import CAUSE_ROWS, EXPLAINED_FILES, ROW_CAUSES
from emulator.data_plane.conform import RowError
from emulator.json_types import JsonObject, dumps, loads
from emulator.plurals import counted
from emulator.sandbox import Sandbox
from emulator.store import Blobs

MAX_REASON = 300
"""How many characters of a reason are kept."""

MAX_REASONS = 3
"""How many rows a run's status names."""

ON_THEIR_OWN = "for what is in them"
"""How rows failed that are at fault; the others failed since their batch did."""


class RowProblems:
    """Collects what is wrong with the rows of one batch."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        """How many rows were read, by file."""

        self._failed = _Causes()
        self._warned = _Causes()

    def failed(self, file: str, row: int, errors: Iterable[RowError], fault: str = "") -> None:
        """Note a row that did not land; `fault` is what its reader says of it."""
        self._failed.add(file, row, errors, fault)

    def warned(self, file: str, row: int, warnings: Iterable[RowError]) -> None:
        """Note a row in which transformations failed."""
        self._warned.add(file, row, warnings)

    def first_reasons(self, failed: int) -> str:
        """Return in words how many rows have problems, and the first ones; empty without any.

        Args:
            failed: How many rows did not land, also of those that have no problem of their own.
        """
        texts, total = [], self.rows.total()
        if bad := self._failed.rows:
            alone = "" if bad == failed else f", {bad} of them {ON_THEIR_OWN}"
            texts.append(f"{failed} of {total} rows failed{alone}: {self._failed.in_words()}.")
        if warned := self._warned.rows:
            texts.append(f"{warned} of {total} rows came with warnings: {self._warned.in_words()}.")
        return " ".join(texts)

    def to_json(self, files: Sequence[str], columns: Sequence[JsonObject] = ()) -> bytes:
        """Return what is kept: `files` with their rows, and the causes of what `failed` or warns.

        Args:
            files: The names of all files of the batch, also of those without rows.
            columns: What files and mapping lack of each other, which is kept too.
        """
        shown = [{"path": name, "rows": self.rows[name]} for name in files[:EXPLAINED_FILES]]
        return dumps(
            {
                "files": shown,
                "columns": list(columns),
                "failed": self._failed.to_json(),
                "warned": self._warned.to_json(),
            }
        )


def key_of(batch_id: str) -> str:
    """Return where the problems of a batch's rows lie in the blob store."""
    return f"batches/{batch_id}/rows.json"


def read_problems(blobs: Blobs, sandbox: Sandbox, batch_id: str) -> JsonObject:
    """Return what is kept of a batch; nothing of one that has been deleted or kept nothing.

    `files` have `path` and `rows`; `columns` is what `ColumnNotes` found of them; `failed` and
    `warned` have `rows`, how many there are, and `causes`: `code`, `column`, `source`, how many
    `rows`, and the first of them as `examples` with `file`, `row` (from 1, without a header) and
    `message`. The cause without a code is the rest.
    """
    content = blobs.read(sandbox, key_of(batch_id)) if batch_id else None
    nothing = {"rows": 0, "causes": []}
    kept: JsonObject = {"files": [], "columns": [], "failed": nothing, "warned": nothing}
    return kept if content is None else {**kept, **loads(content)}


def cause_lines(cause: JsonObject) -> Iterator[str]:
    """Yield the lines that tell a cause, as `read_problems` has it, with its first rows."""
    mapping = cause.get("mapping")
    made = f", made from {mapping['source']}" if mapping else ""
    column = f": {cause['column']}{made}" if cause["column"] else ""
    yield f"{counted(cause['rows'], 'row')}{column} ({cause['code'] or 'other causes'})"
    for example in cause["examples"]:
        yield f"  {example['file']}, row {example['row']}: {example['message']}"
    if more := cause["rows"] - len(cause["examples"]):
        yield f"  and {more} more"


class _Causes:
    """Rows with problems, by code and column."""

    def __init__(self) -> None:
        self.rows = 0
        self._known: dict[tuple[str, str, str], JsonObject] = {}

    def add(self, file: str, row: int, errors: Iterable[RowError], fault: str = "") -> None:
        self.rows += 1
        for error in {(one.code, one.column, one.source): one for one in errors}.values():
            cause = self._cause(error)
            cause["rows"] += 1
            if len(cause["examples"]) < CAUSE_ROWS:
                message = (fault or error.message)[:MAX_REASON]
                cause["examples"].append({"file": file, "row": row, "message": message})

    def _cause(self, error: RowError) -> JsonObject:
        key = (error.code, error.column, error.source)
        if key not in self._known and len(self._known) >= ROW_CAUSES:
            key = ("", "", "")
        code, column, source = (text[:MAX_REASON] for text in key)
        return self._known.setdefault(
            key, {"code": code, "column": column, "source": source, "rows": 0, "examples": []}
        )

    def in_words(self) -> str:
        """Return the first problems in words, each of another cause."""
        causes = list(self._known.values())[:MAX_REASONS]
        return "; ".join(_told(cause, cause["examples"][0]) for cause in causes)

    def to_json(self) -> JsonObject:
        return {"rows": self.rows, "causes": list(self._known.values())}


def _told(cause: JsonObject, example: JsonObject) -> str:
    """Return in words what is wrong with a row: `a.csv, row 2: age: …`."""
    place = f"{example['file']}, row {example['row']}"
    column = f" {cause['column']}:" if cause["column"] else ""
    return f"{place}:{column} {example['message'].rstrip('.')}"
