"""A batch explained: what of its files was left out or failed, and why."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from flask import Response

from emulator.admin.places import catch_up_all
from emulator.admin.replies import QueryError, Routes, answer, error, read_query
from emulator.by_name import named
from emulator.scope import Scope
from emulator.services.interfaces import dataset_ids
from emulator.store import Hint, Stored
from emulator.web.engine import Engine


def routes(engine: Engine) -> Routes:
    """Return path, method and view of the call."""
    return [("/batches/<path:id>", "GET", _Views(engine).explained)]


class _Views:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def explained(self, id: str) -> Response:
        """Explain a batch by its id, the last of a data set by its id or name, or of all: `last`.

        A batch that waits for its end is not brought nearer to it.
        """
        # it knows how rows are read and judged, which the start does without
        from emulator.batch_explanation import explain_batch

        try:
            asked, _ = read_query(("organization", "sandbox"), 1, 1)
        except QueryError as problem:
            return error(400, "invalid query", str(problem))
        where = (asked.get("organization"), asked.get("sandbox"))
        catch_up_all(self._engine, *where)
        places = list(self._engine.scopes("batch", *where))
        read = ((scope, scope.read("batch", id)) for scope in places)
        found = next(((scope, batch) for scope, batch in read if batch is not None), None)
        if found is None:
            latest = merge(*(_batches(scope, id) for scope in places), key=_age)
            found = next(((scope, stored.body) for scope, stored in latest), None)
        if found is None:
            said = "there is no batch" if id == "last" else f"unknown batch {id[:200]!r}"
            wanted = "expected a batch's id, a data set's id or name, or last"
            return error(404, "unknown batch", f"{said}; {wanted}")
        return answer(explain_batch(*found))


def _batches(scope: Scope, name: str) -> Iterator[tuple[Scope, Stored]]:
    """Yield the batches of a data set of a sandbox, or all for `last`, the last first."""
    if name == "last":
        yield from ((scope, stored) for stored in scope.recent("batch"))
        return
    ids = {dataset["id"] for dataset in named(scope, "dataset", name)}
    for id in ids:
        for stored in scope.recent("batch", hint=Hint(texts=(id,))):
            if id in dataset_ids(stored.body):
                yield scope, stored


def _age(found: tuple[Scope, Stored]) -> int:
    return -int(found[1].body.get("created") or 0)
