"""States without the secrets of connections: what a state file has unless it is asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emulator.json_types import dumps, loads
from emulator.masking.masker import CONNECTIONS, Masker
from emulator.state.snapshot import State
from emulator.store import Row

KINDS = ("connection", "source_connection", "target_connection", "flow")
"""The kinds of documents that clients give credentials to."""


def without_secrets(state: State) -> State:
    """Return a state whose connections have masks in place of passwords, keys and tokens.

    Nothing that the emulator does depends on them, so connections work as before once the state
    has been loaded; a client that reads them back sees masks.
    """
    documents = {
        place: _masked_rows(rows) if place[1] in KINDS else rows
        for place, rows in state.store.documents.items()
    }
    return replace(state, store=state.store._replace(documents=documents))


def _masked_rows(rows: Mapping[str, Row]) -> dict[str, Row]:
    return {
        key: (ordinal, version, _masked(body)) for key, (ordinal, version, body) in rows.items()
    }


def _masked(body: bytes) -> bytes:
    masker = Masker(CONNECTIONS)
    value = loads(body)
    masked = masker.json(value)
    return body if masked == value else masker.found.absent_from_body(dumps(masked))
