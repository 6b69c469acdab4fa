"""Flow runs: how they come to be, are replaced and found. What they do is the engine's business.

Source: "Monitor dataflows" for their shape, "Create flow runs for on-demand ingestion" for orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder
from emulator.services.flow_service.kinds import RUN
from emulator.store import Change, Stored

_FIXED = (
    "id",
    "createdAt",
    "createdBy",
    "createdClient",
    "sandboxId",
    "sandboxName",
    "imsOrgId",
    "flowId",
    "flowSpec",
    "providerRefId",
)
_SERVER_MADE = (*_FIXED, "updatedAt", "updatedBy", "updatedClient", "version", "etag", "state")
_WORDS = {
    "completed": "success",
    "success": "success",
    "partialsuccess": "partialSuccess",
    "failed": "failed",
    "partialfailure": "partialFailure",
    "inprogress": "inProgress",
    "processing": "inProgress",
    "queued": "queued",
    "waiting": "queued",
    "scheduled": "scheduled",
}
"""The words of a run's status, by what providers and documents call them."""


class Runs:
    """The runs of every sandbox."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store

    def finders(self) -> Mapping[str, Finder]:
        return {
            RUN.name: lambda scope, key: self.find(scope.sandbox, key),
        }

    def find(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Return one run."""
        stored = self._store.read(sandbox, RUN.name, id)
        return stored.body if stored else None

    def scan(self, sandbox: Sandbox, after: int = 0) -> Iterator[Stored]:
        """Yield the runs in order of creation."""
        return self._store.scan(sandbox, RUN.name, after)

    def create(self, sandbox: Sandbox, flow: JsonObject, sent: JsonObject, at: int) -> JsonObject:
        """Store a run that has not been carried out and return it.

        Args:
            sent: What an order said; members that nobody documents are kept.
            at: When it was ordered or due, in milliseconds.
        """
        run: JsonObject = {
            "id": self._platform.new_uuid(sandbox, RUN.name),
            "createdAt": at,
            "updatedAt": at,
            **{name: flow[name] for name in _OF_THE_FLOW},
            "sandboxId": self._platform.sandbox_id(sandbox),
            "sandboxName": sandbox.name,
            "imsOrgId": sandbox.organization,
            **{name: value for name, value in sent.items() if name not in _SERVER_MADE},
            "flowId": flow["id"],
            "flowSpec": flow.get("flowSpec"),
            **{name: flow[name] for name in ("providerRefId",) if name in flow},
            "state": "scheduled",
            "metrics": {"statusSummary": {"status": "scheduled"}},
            "activities": [],
        }
        self._tag(run, 1)
        self._store.write(Change(sandbox, RUN.name, run["id"], run, expected=0))
        return run

    def write(self, sandbox: Sandbox, run: JsonObject) -> JsonObject:
        """Write a changed run, whose state follows its status, and return it with its new etag."""
        stored = self._store.read(sandbox, RUN.name, run["id"])
        version = stored.version if stored else 0
        run["state"] = status_of(run)
        self._tag(run, version + 1)
        self._store.write(Change(sandbox, RUN.name, run["id"], run, expected=version))
        return run

    def replace(
        self, sandbox: Sandbox, run: JsonObject, body: JsonObject, client: str
    ) -> JsonObject:
        """Put what a provider tells of a run in place of what is known, and return it."""
        replaced: JsonObject = {
            **{name: run[name] for name in _FIXED if name in run},
            "activities": [],
            **{name: value for name, value in body.items() if name not in _SERVER_MADE},
            "metrics": _told(_object(body.get("metrics")), run["state"]),
            "updatedAt": self._platform.clock.now(),
            "updatedBy": self._platform.user_id(client),
            "updatedClient": client,
        }
        return self.write(sandbox, replaced)

    def _tag(self, run: JsonObject, version: int) -> None:
        run["etag"] = self._platform.ids.etag(run["id"], version, run["updatedAt"])


_OF_THE_FLOW = ("createdBy", "updatedBy", "createdClient", "updatedClient")


def _told(metrics: JsonObject, state: str) -> JsonObject:
    """Return metrics with a status: a provider that leaves it out means the one that was there."""
    summary = {"status": state, **_object(metrics.get("statusSummary"))}
    return {**metrics, "statusSummary": summary}


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def status_of(run: JsonObject) -> str:
    """Return a run's status in the form that reads show."""
    summary = _object(_object(run.get("metrics")).get("statusSummary"))
    sent = str(summary.get("status", "scheduled"))
    return _WORDS.get(sent.lower().replace("_", ""), sent)
