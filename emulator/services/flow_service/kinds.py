"""The entities of the Flow Service and their names in paths."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of entity: its name among our kinds, and its collection in paths."""

    name: str
    collection: str


CONNECTION = Kind("connection", "connections")
SOURCE_CONNECTION = Kind("source_connection", "sourceConnections")
TARGET_CONNECTION = Kind("target_connection", "targetConnections")
FLOW = Kind("flow", "flows")
RUN = Kind("run", "runs")
KINDS = (CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION, FLOW)
