"""What a source connection asks of its rows: the row filter and the columns in its `params`.

Both are carried out at the source, before anything is counted as read. Sources: "Filter row-level
data for a source using the Flow Service API" for `filters`; "Create a dataflow for database
sources" shows `columns`, and that only the listed ones are read is assumed, as that an empty list
means all of them (a connection that the platform's interface made shows one).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emulator.data_plane.errors import SourceError
from emulator.data_plane.readers import Row
from emulator.filters.pql import RowFilter, RowFilterError, parse_row_filter
from emulator.json_types import Json, JsonObject


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """Which rows of a source are read, and which of their columns; without `columns` all."""

    filter: RowFilter | None = None
    columns: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the source has to have."""
        return (*(self.filter.columns if self.filter else ()), *self.columns)

    def selected(self, rows: Iterable[Row]) -> Iterable[Row]:
        """Return the rows that pass the filter; one that cannot be read is for others to report."""
        found = self.filter
        if found is None:
            return rows
        return (row for row in rows if row.corrupt or found.keeps(row.value))

    def projected(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows with the wanted columns only, under the names that the source gives them."""
        wanted = {name.casefold() for name in self.columns}
        for row in rows:
            if not wanted or row.corrupt:
                yield row
                continue
            value = {name: item for name, item in row.value.items() if name.casefold() in wanted}
            yield Row(row.number, value)


def require_columns(asked: Iterable[str], known: Iterable[str]) -> None:
    """Find every column that a query names.

    Raises:
        SourceError: There is none of that name, as a database would say.
    """
    names = {name.casefold() for name in known}
    for name in asked:
        if name.casefold() not in names:
            raise SourceError(f"The source has no column {name}.")


def query_of(params: JsonObject) -> SourceQuery:
    """Return the query that the `params` of a source connection say.

    Raises:
        SourceError: It cannot be carried out.
    """
    columns = _columns(params.get("columns")) if "tableName" in params else ()
    if params.get("filters") is None:
        return SourceQuery(columns=columns)
    try:
        return SourceQuery(parse_row_filter(params["filters"]), columns)
    except RowFilterError as error:
        raise SourceError(f"The row filter cannot be carried out: {error}.") from error


def _columns(sent: Json) -> tuple[str, ...]:
    names = []
    for item in [] if sent is None else sent if isinstance(sent, list) else [sent]:
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str):
            raise SourceError("The columns of the source connection are not a list with names.")
        names.append(name)
    return tuple(names)
