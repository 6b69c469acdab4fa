"""What services need of one another, and the record of all of them.

Services do not import one another: each of these protocols is a small part of a service's domain
class, which its `SERVICE` is checked against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope


class Domain(Protocol):
    """A service's domain object; one without resources inherits from it."""

    def finders(self) -> Mapping[str, Finder]:
        """Return how rules and other services find one resource, by kind."""
        return {}

    def listers(self) -> Mapping[str, Lister]:
        """Return how rules and other services see all resources of a kind."""
        return {}


class CatchingUp(Protocol):
    """A service in which something becomes due as time passes or as it is looked at."""

    def is_due(self, scope: Scope) -> bool:
        """Tell whether something is to be carried out before a sandbox is looked at."""

    def catch_up(self, scope: Scope, *, waits: bool = False) -> int:
        """Carry out what is due in a sandbox; return how much has ended.

        If somebody else is at it, this does nothing, unless it `waits` for them.
        """


class Batches(Protocol):
    """Catalog's batches."""

    def create(self, scope: Scope, members: Mapping[str, object], id: str = "") -> JsonObject:
        """Make a batch of the scope's client."""

    def update(self, scope: Scope, id: str, members: Mapping[str, object]) -> JsonObject:
        """Set members of a batch and count its version on."""

    def finish(
        self, scope: Scope, id: str, members: Mapping[str, object], lands: bool
    ) -> JsonObject:
        """End a batch: its state, and its data set files if data lands.

        Raises:
            Interrupted: It has been ended or deleted by somebody else.
        """

    def give_up(self, scope: Scope, id: str, errors: list[JsonObject]) -> bool:
        """End a batch as failed; tell whether it was still open."""

    def withdraw(self, scope: Scope, id: str, status: str) -> None:
        """Take a batch's data out of reach."""


def dataset_ids(batch: JsonObject) -> list[str]:
    """Return the ids of the data sets that a batch is for."""
    related = batch.get("relatedObjects") or ()
    return [item["id"] for item in related if item.get("type") == "dataSet" and "id" in item]


class DatasetFiles(Protocol):
    """The files that batches have brought into data sets."""

    def served(self, scope: Scope, batch_id: str) -> list[JsonObject]:
        """Return the data set files of a batch whose data can be read."""


class Catalog(Domain, Protocol):
    """Batches, and the data set files that they have made."""

    @property
    def batches(self) -> Batches:
        """The batches."""

    @property
    def files(self) -> DatasetFiles:
        """The data set files."""


FIRST_DUE = "flow_agenda_first"
"""The kind and key of the document that says when something is due first in a sandbox.

It is there only where something is due at all, now or later: `{"at": milliseconds}`.
"""


class QueueEntry(NamedTuple):
    """Something that is due at a time, in milliseconds: a flow's next run, or a run itself."""

    id: str
    at: int
    what: str


class RunQueue(Protocol):
    """What is due when, and how far each flow has come."""

    def first(self, scope: Scope, after: int = -1) -> int | None:
        """Return when something is due first, in milliseconds, later than a time; None if never."""

    def due(self, scope: Scope, by: int | None = None) -> list[QueueEntry]:
        """Return what is due by now, or by another time, the earliest first."""

    def planned(self, scope: Scope, id: str) -> int | None:
        """Return when a flow or a run is due; None if it is not in the queue."""

    def settle(self, scope: Scope) -> None:
        """Note what is due first."""

    def plan(self, scope: Scope, flow_id: str, at: int | None) -> None:
        """Put a flow's next run into the queue; None if there is none."""

    def wait(self, scope: Scope, run_id: str, at: int) -> None:
        """Have a run carried out at a time, in milliseconds."""

    def drop(self, scope: Scope, id: str) -> None:
        """Take something out of the queue."""

    def progress(self, scope: Scope, flow_id: str) -> JsonObject:
        """Return how far a flow has come."""

    def note(self, scope: Scope, flow_id: str, progress: JsonObject) -> None:
        """Remember, beside what is known, how far a flow has come."""


class Runs(Protocol):
    """Flow runs."""

    def find(self, scope: Scope, id: str) -> JsonObject | None:
        """Return one run."""

    def create(
        self, scope: Scope, flow: JsonObject, sent: JsonObject, at: int, state: str
    ) -> JsonObject:
        """Store a run that has not been carried out and return it."""

    def claim(self, scope: Scope, id: str) -> None:
        """Claim a run that is carried out now."""

    def release(self, scope: Scope, id: str) -> None:
        """Let go of a run that is not carried out any more."""

    def write(self, scope: Scope, run: JsonObject) -> JsonObject:
        """Write a changed run and return it with its new etag."""


class FlowService(Domain, CatchingUp, Protocol):
    """Flows and their runs."""

    def order(self, scope: Scope, flow: JsonObject, sent: JsonObject) -> JsonObject:
        """Make a run of a flow that was ordered and return it; it waits if it is for later."""

    def carry_out(self, scope: Scope, run: JsonObject, *, again: bool = False) -> JsonObject:
        """Carry out a run now, for the first time or again, and return it."""

    def pass_over(self, scope: Scope, until: int) -> None:
        """Pass over the runs that nobody would carry out if all were due that are until then."""

    def end_left_behind(self, scope: Scope, run_id: str) -> None:
        """End a run that nobody carries out any more, as one that was interrupted."""

    @property
    def queue(self) -> RunQueue:
        """What is due when."""

    @property
    def runs(self) -> Runs:
        """The runs."""

    def parts_of(self, scope: Scope, flow_id: str) -> JsonObject:
        """Return a flow's `source` and `target` connection, each None if it has none."""

    def keep_delta_column(self, scope: Scope, flow: JsonObject, column: JsonObject) -> JsonObject:
        """Put the delta column of a flow's first run into its transformation Copy."""

    def note_run(self, scope: Scope, run: JsonObject) -> None:
        """Show a run that has ended as its flow's last one."""


class BatchIngestion(Domain, Protocol):
    """Batches that clients fill with files."""

    def is_waiting(self, scope: Scope) -> bool:
        """Tell whether a completed batch of a sandbox waits to be read."""

    def advance(self, scope: Scope, id: str) -> None:
        """Bring a waiting batch one step nearer to its end, since a client reads it."""

    def end_left_behind(self, scope: Scope, id: str) -> None:
        """End a batch that nobody ingests any more, as one that was interrupted."""


class Part(Protocol):
    """One part of a data set file."""

    @property
    def name(self) -> str:
        """Its name."""


class DataAccess(Domain, Protocol):
    """What can be read of batches."""

    def files(self, scope: Scope, batch_id: str) -> list[JsonObject]:
        """Return the data set files of a batch."""

    def rows(self, scope: Scope, dataset_id: str) -> Iterator[JsonObject]:
        """Yield the rows of a data set, the oldest batch's first.

        Raises:
            FileError: One of its files cannot be read.
        """

    def parts(self, scope: Scope, file_id: str) -> Sequence[Part]:
        """Return the parts of a data set file."""

    def part(
        self, scope: Scope, file_id: str, name: str, start: int = 0, length: int | None = None
    ) -> bytes:
        """Return the bytes of a part."""


class DataPrep(Domain, Protocol):
    """Mapping sets."""

    def version(self, scope: Scope, id: str, number: int) -> JsonObject:
        """Return a mapping set as one of its versions was."""


class DatasetService(Domain, Protocol):
    """Usage labels of data sets."""

    def payload(self, labels: JsonObject) -> JsonObject:
        """Return labels as a request sends them."""

    def keyed(self, scope: Scope, labels: JsonObject) -> JsonObject:
        """Return labels under the name of their data set, as the guides of 2020 print them."""

    def put(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Give a data set these labels in place of all that it had."""

    def remove(self, scope: Scope, id: str) -> None:
        """Take all labels away from a data set."""


class Connectors(Domain, Protocol):
    """The data landing zone."""

    def account(self, name: str) -> tuple[Sandbox, list[tuple[str, str, str]]] | None:
        """Return whose a storage account is, and what opens it: container, `si` and `sig`."""


class Ims(Domain, Protocol):
    """Access tokens."""

    def issue(self, client_id: str, scope: str) -> str:
        """Return a new access token."""


class Services:
    """The services of a platform that others call, each under its name."""

    batch_ingestion: BatchIngestion
    catalog: Catalog
    connectors: Connectors
    data_access: DataAccess
    data_prep: DataPrep
    dataset_service: DatasetService
    flow_service: FlowService
    ims: Ims
