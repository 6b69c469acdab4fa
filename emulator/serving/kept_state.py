"""The state of a served emulator in a file: read at the start, written now and then and at the end.

The file is written by a thread of its own, beside its place, and renamed; so nobody waits for it,
and whoever reads it has a whole one.
"""

from __future__ import annotations

import glob
import logging
import threading
from pathlib import Path

from emulator.emulator import Emulator
from emulator.json_types import loads
from emulator.output import write_pieces
from emulator.state import State, take_settled
from emulator.state.file import StateError, from_json, to_pieces

_log = logging.getLogger("emulator")

WRITERS_SECONDS = 5.0
"""How long the file waits for whoever writes in a sandbox."""

LAST_WRITERS_SECONDS = 0.3
"""How long it waits at the end."""


class KeptState:
    """The state file of one emulator."""

    def __init__(self, emulator: Emulator, path: Path) -> None:
        """Read and write nothing yet."""
        self.path = path
        self._emulator = emulator
        self._saved: State | None = None
        self._saving = threading.Lock()
        self._ended = threading.Event()

    def load(self) -> None:
        """Begin with what the file says, if there is one, and make sure that it can be written.

        Raises:
            StateError: It is not a state file that this emulator can load.
            OSError: It cannot be read or written.
        """
        emulator = self._emulator
        if self.path.exists():
            try:
                raw = loads(self.path.read_bytes())
            except ValueError as error:
                raise StateError("it is not JSON") from error
            read = from_json(
                raw, emulator.contract, emulator.platform.documents, emulator.platform.ids
            )
            emulator.restore(read)
        self._remove_beginnings()
        self.save()

    def _remove_beginnings(self) -> None:
        """Remove what processes have left that were killed while they wrote the file."""
        place = self.path.resolve()
        for begun in place.parent.glob(f".{glob.escape(place.name[:60])}.*-*.tmp"):
            begun.unlink(missing_ok=True)

    def start(self, seconds: float) -> None:
        """Save it every so many seconds from now on, if something has changed."""

        def run() -> None:
            while not self._ended.wait(seconds):
                try:
                    self.save()
                except OSError as error:
                    _log.error("%s cannot be saved: %s", self.path, error.strerror)

        threading.Thread(target=run, name="kept-state", daemon=True).start()

    def finish(self) -> None:
        """Save it for the last time.

        Raises:
            OSError: It cannot be written.
        """
        self._ended.set()
        self.save(is_last=True)

    def save(self, *, is_last: bool = False) -> None:
        """Save it if something has changed; the last time, how many requests there were counts too.

        Raises:
            OSError: It cannot be written.
        """
        with self._saving:
            seconds = LAST_WRITERS_SECONDS if is_last else WRITERS_SECONDS
            state, saved = take_settled(self._emulator.engine, seconds), self._saved
            is_saved = saved is not None and state.holds_what(saved)
            if is_last and saved is not None:
                is_saved = is_saved and state.requests == saved.requests
            if not is_saved:
                seed = self._emulator.settings.seed
                write_pieces(self.path, to_pieces(state, seed), is_private=True)
                self._saved = state
