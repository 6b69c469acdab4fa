"""Tables of sources that are no storages: one file each in the connection's area.

The table `Accounts` is `Accounts.csv`, `.tsv`, `.json` or `.parquet`; what a database calls
`sales.orders` may be that name, or a folder: `sales/orders.csv` (an invention of this emulator).
"""

from __future__ import annotations

from emulator.data_plane.files import File
from emulator.data_plane.sources import Form

_FORMS = {
    "csv": Form("delimited", ","),
    "tsv": Form("delimited", "\t"),
    "json": Form("json"),
    "parquet": Form("parquet"),
}


def tables(files: list[File]) -> dict[str, File]:
    """Return the files that are tables, by the tables' paths."""
    found: dict[str, File] = {}
    for file in files:
        head, _, suffix = file.path.rpartition(".")
        if head and suffix.lower() in _FORMS:
            found.setdefault(head.replace("/", "."), file)
    return found


def table_form(path: str) -> Form:
    """Return the form of a table's file, by its suffix."""
    return _FORMS.get(path.rpartition(".")[2].lower(), Form())


def table_name(path: str) -> str:
    """Return a table's name without the schema that it is in."""
    return path.rpartition(".")[2]
