"""Where resources lie: the sandboxes that hold any, and the one that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from emulator.fixtures.journey import GIVEN
from emulator.json_types import Json
from emulator.masking.masker import CONNECTIONS, Masker
from emulator.page.shown import Page
from emulator.sandbox import Sandbox
from emulator.scope import Scope

MAX_SHOWN = 200
"""How many sandboxes can be chosen by a list; others by their names."""


class Kind(NamedTuple):
    """A kind of document of the store that the page shows, and what people call several."""

    kind: str
    name: str
    noun: str


KINDS = {
    kind.kind: kind
    for kind in (
        Kind("flow", "Flows", "Flow"),
        Kind("connection", "Connections", "Connection"),
        Kind("source_connection", "Source connections", "Source connection"),
        Kind("target_connection", "Target connections", "Target connection"),
        Kind("mapping_set", "Mapping sets", "Mapping set"),
        Kind("dataset", "Data sets", "Data set"),
        Kind("batch", "Batches", "Batch"),
        Kind("xdm_schemas", "Schemas", "Schema"),
        Kind("xdm_classes", "Classes", "Class"),
        Kind("xdm_mixins", "Field groups", "Field group"),
        Kind("xdm_datatypes", "Data types", "Data type"),
        Kind("xdm_descriptor", "Descriptors", "Descriptor"),
    )
}
RUN = "run"


def masked(body: Json) -> Json:
    """Return a resource as it may be shown: without the secrets of connections, or in texts."""
    return Masker(CONNECTIONS).json(body)


class Place:
    """The sandbox that a view is about, as its address says, else the first that holds anything."""

    def __init__(self, page: Page, asked: Mapping[str, str]) -> None:
        self._page = page
        self.all = _sandboxes(page)
        chosen = Sandbox(asked.get("organization", ""), asked.get("sandbox", ""))
        first = self.all[0] if self.all else Sandbox(GIVEN["organization"], GIVEN["sandbox"])
        self.sandbox = chosen if chosen.organization and chosen.name else first
        page.platform.load()

    @property
    def scope(self) -> Scope:
        """The scope of this sandbox, in the edition in force."""
        return self._page.engine.scope(self.sandbox)

    @property
    def query(self) -> dict[str, str]:
        """What names it in addresses."""
        return {"organization": self.sandbox.organization, "sandbox": self.sandbox.name}

    def values(self) -> dict[str, Any]:
        """Return what every template about a sandbox is given."""
        return {
            "place": self.query,
            "sandboxes": self.all[:MAX_SHOWN],
            "is_known": self.sandbox in self.all,
            "ref": self._reference,
        }

    def _reference(self, kind: str, id: str) -> str:
        """Return the address of a resource."""
        if kind == RUN:
            return self._page.url("/runs/one", **self.query, id=id)
        return self._page.url(f"/resources/{kind}/one", **self.query, id=id)


def _sandboxes(page: Page) -> list[Sandbox]:
    store = page.platform.store
    return sorted({sandbox for kind in KINDS for sandbox in store.sandboxes(kind)})
