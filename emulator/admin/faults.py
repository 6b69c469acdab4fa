"""Setting, listing and clearing faults, as calls of the control API."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import Routes, answer, error, nothing, read_object
from emulator.faults import FaultError, Faults


def routes(faults: Faults) -> Routes:
    """Return path, method and view of each call."""
    views = FaultViews(faults)
    return [
        ("/faults", "GET", views.set_ones),
        ("/faults", "POST", views.add),
        ("/faults", "DELETE", views.clear),
        ("/faults/<id>", "DELETE", views.remove),
        ("/faults/schema", "GET", views.schema),
    ]


class FaultViews:
    """The views of the faults."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def set_ones(self) -> Response:
        """List the faults that are set, with how often each has fired."""
        return answer({"faults": self._faults.listed()})

    def add(self) -> Response:
        """Set one fault, or those of a list under `faults`; all or none."""
        sent = read_object()
        if sent is None:
            return error(400, "invalid fault", "expected an object")
        several = sent.get("faults") if set(sent) == {"faults"} else [sent]
        if not isinstance(several, list):
            return error(400, "invalid fault", "faults: expected a list")
        try:
            made = self._faults.add_all(several)
        except FaultError as wrong:
            return error(400, "invalid fault", str(wrong))
        return answer({"faults": [fault.to_json() for fault in made]}, 201)

    def clear(self) -> Response:
        """Take all faults away."""
        self._faults.clear()
        return nothing()

    def remove(self, id: str) -> Response:
        """Take one fault away."""
        if not self._faults.remove(id):
            return error(404, "unknown fault", f"there is no fault {id}")
        return nothing()

    def schema(self) -> Response:
        """Return the JSON Schema of a fault's definition."""
        from emulator.faults.model import schema

        return answer(schema())
