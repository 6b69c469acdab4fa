"""What tests put into an emulator and read from it without calling the platform's APIs."""

from __future__ import annotations

from pathlib import Path

from emulator.by_name import one_named
from emulator.data_plane.errors import FileError
from emulator.data_plane.files import LANDING_ZONE, ConnectionFiles, clean_path
from emulator.due import carry_out_due, catch_up, run_now
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.flow_service.shapes import shown_run
from emulator.store import NoRoom
from emulator.testing.connection import Connection

_ON_CONNECTIONS = ("source_connection", "target_connection")


class DataConnection(Connection):
    """The files, runs and rows of an emulator; none of this is in its journal.

    Connections, flows and data sets are named by their ids or their names. `sandbox` is the name of
    a sandbox; by default it is that of `headers`.
    """

    def put_file(
        self, connection: str, path: str, content: bytes | str | Path, *, sandbox: str = ""
    ) -> None:
        """Put a file where the storage of a connection would have it, for its flows to read.

        Args:
            connection: A base connection, one that is made on it, or `dlz-user-container`, the
                landing zone.
            path: Its place, such as `leads/incoming/leads.csv`. A table of a database or CRM is the
                file `TABLE.csv`.
            content: What is in it: bytes, text that is written as UTF-8, or a file on the disk.
            sandbox: Where.

        Raises:
            ValueError: There is no such connection or more than one, the path names no file, or
                there is no room.
            OSError: The file on the disk cannot be read.
        """
        scope = self._scope(sandbox)
        container = connection
        if connection != LANDING_ZONE:
            found = one_named(scope, "connection", connection, also=_ON_CONNECTIONS)
            container = found.get("baseConnectionId") or found["id"]
        if not clean_path(path):
            raise ValueError(f"the path {path!r} names no file")
        if isinstance(content, Path):
            content = content.read_bytes()
        raw = content.encode() if isinstance(content, str) else content
        with scope.platform.store.exclusive(scope.sandbox):
            try:
                ConnectionFiles(scope.platform).put(scope.sandbox, container, path, raw)
            except NoRoom as error:
                raise ValueError(f"{error}, as the setting max_stored says") from error

    def run(self, flow: str, *, sandbox: str = "") -> JsonObject:
        """Run a flow now, whatever its schedule says, and return the run when it has ended.

        Returns:
            The run, as `runs` does. It may have failed: `metrics.statusSummary` says why.

        Raises:
            ValueError: There is no such flow or more than one, or it is not enabled.
        """
        scope = self._scope(sandbox)
        run = run_now(self.emulator.engine, scope, one_named(scope, "flow", flow))
        return shown_run(run, scope.edition, self.url)

    def runs(self, flow: str = "", *, sandbox: str = "") -> list[JsonObject]:
        """Return the runs of a flow, or of all flows of a sandbox, in the order of their creation.

        As whenever somebody looks at runs, those that are due are carried out first.

        Returns:
            Each as `GET /data/foundation/flowservice/runs/ID` shows it: `state` is `success`,
            `partialSuccess`, `failed`, `inProgress` or `scheduled`, `metrics.recordSummary` counts
            rows, times are in milliseconds since 1970.

        Raises:
            ValueError: There is no such flow or more than one.
        """
        scope = self._scope(sandbox)
        id = one_named(scope, "flow", flow)["id"] if flow else ""
        catch_up(self.emulator.engine, scope)
        kept = [run for run in scope.bodies("run") if id in ("", run["flowId"])]
        kept.sort(key=lambda run: run["createdAt"])
        return [shown_run(run, scope.edition, self.url) for run in kept]

    def records(self, dataset: str, *, sandbox: str = "") -> list[JsonObject]:
        """Return all rows of a data set, those of the oldest batch first.

        Runs that are due are carried out first. Batches that have failed, are still open or were
        deleted have no rows.

        Returns:
            Each row as an object, by the fields of the schema; what a row does not have is left
            out, or null as its file has it.

        Raises:
            ValueError: There is no such data set or more than one, or a file cannot be read.
        """
        scope = self._scope(sandbox)
        id = one_named(scope, "dataset", dataset, "data set")["id"]
        catch_up(self.emulator.engine, scope)
        try:
            return list(self.emulator.platform.services.data_access.rows(scope, id))
        except FileError as error:
            raise ValueError(
                f"a file of the data set {dataset!r} cannot be read: {error}"
            ) from error

    def tick(self) -> int:
        """Carry out the runs that are due now, in all sandboxes; return how many ended."""
        self.emulator.platform.load()
        return carry_out_due(self.emulator.engine)

    def _scope(self, sandbox: str) -> Scope:
        engine, headers = self.emulator.engine, self.headers
        engine.platform.load()
        place = Sandbox(headers["x-gw-ims-org-id"], sandbox or headers["x-sandbox-name"])
        return engine.scope(place, headers["x-api-key"])
