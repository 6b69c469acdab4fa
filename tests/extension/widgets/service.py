"""The widgets of every sandbox. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.documents import TEXT, DocumentModel, members
from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.scope import Finder, Lister, Scope

WIDGET = "widget"

DOCUMENTS = (DocumentModel(WIDGET, members({"id": TEXT, "name": TEXT}), "{id}"),)


class Widgets:
    """A stored widget has an `id` and a `name`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def finders(self) -> Mapping[str, Finder]:
        return {WIDGET: lambda scope, id: scope.read(WIDGET, id)}

    def listers(self) -> Mapping[str, Lister]:
        return {WIDGET: lambda scope, hint: scope.bodies(WIDGET, hint)}

    def put(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Store a widget under an id and return it."""
        widget = {"id": id, "name": sent["name"]}
        scope.write(scope.change(WIDGET, id, widget))
        return widget

    def remove(self, scope: Scope, id: str) -> None:
        """Delete a widget."""
        scope.write(scope.change(WIDGET, id, None))
