"""Flow runs: how they come to be, are replaced and found. What they do is the engine's business.

Source: "Monitor dataflows" for their shape, "Create flow runs for on-demand ingestion" for orders.
"""

from __future__ import annotations

from emulator.claims import RUN as RUN_CLAIM
from emulator.claims import claimed, released
from emulator.json_types import JsonObject, as_object
from emulator.scope import Scope

RUN = "run"

_FIXED = (
    "id createdAt createdBy createdClient sandboxId sandboxName imsOrgId flowId flowSpec"
    " providerRefId"
).split()
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

_OF_THE_FLOW = ("createdBy", "updatedBy", "createdClient", "updatedClient")


class Runs:
    """The runs of every sandbox."""

    def find(self, scope: Scope, id: str) -> JsonObject | None:
        return scope.read(RUN, id)

    def create(
        self, scope: Scope, flow: JsonObject, sent: JsonObject, at: int, state: str
    ) -> JsonObject:
        """Store a run that has not been carried out and return it.

        Args:
            scope: Where.
            flow: Whose run; it says who ordered it, too.
            sent: What an order said; members that nobody documents are kept.
            at: When it was ordered or due, in milliseconds.
            state: `scheduled`, or `inProgress` if it is carried out now; then it is claimed.
        """
        run: JsonObject = {
            "id": scope.new_uuid(RUN),
            "createdAt": at,
            "updatedAt": at,
            **{name: flow[name] for name in _OF_THE_FLOW},
            "sandboxId": scope.sandbox_id,
            "sandboxName": scope.sandbox.name,
            "imsOrgId": scope.organization,
            **{name: value for name, value in sent.items() if name not in _SERVER_MADE},
            "flowId": flow["id"],
            "flowSpec": flow.get("flowSpec"),
            **{name: flow[name] for name in ("providerRefId",) if name in flow},
            "state": state,
            "metrics": {"statusSummary": {"status": state}},
            "activities": [],
        }
        _tag(scope, run, 1)
        changes = [scope.change(RUN, run["id"], run, expected=0)]
        if state == "inProgress":
            changes.append(claimed(scope, run["id"], RUN_CLAIM))
        scope.write(*changes)
        return run

    def claim(self, scope: Scope, id: str) -> None:
        """Claim a run that is carried out now."""
        scope.write(claimed(scope, id, RUN_CLAIM))

    def release(self, scope: Scope, id: str) -> None:
        """Let go of a run that is not carried out any more."""
        scope.write(released(scope, id))

    def write(self, scope: Scope, run: JsonObject) -> JsonObject:
        """Write a changed run, whose state follows its status, and return it with its new etag."""
        stored = scope.stored(RUN, run["id"])
        version = stored.version if stored else 0
        run["state"] = status_of(run)
        _tag(scope, run, version + 1)
        scope.write(scope.change(RUN, run["id"], run, expected=version, moves=True))
        return run

    def replace(self, scope: Scope, run: JsonObject, body: JsonObject) -> JsonObject:
        """Put what a provider tells of a run in place of what is known, and return it."""
        replaced: JsonObject = {
            **{name: run[name] for name in _FIXED if name in run},
            "activities": [],
            **{name: value for name, value in body.items() if name not in _SERVER_MADE},
            "metrics": _with_status(as_object(body.get("metrics")), run["state"]),
            "updatedAt": scope.now(),
            "updatedBy": scope.user_id,
            "updatedClient": scope.client,
        }
        return self.write(scope, replaced)


def _tag(scope: Scope, run: JsonObject, version: int) -> None:
    run["etag"] = scope.etag(run["id"], version, run["updatedAt"])


def _with_status(metrics: JsonObject, state: str) -> JsonObject:
    """Return metrics with a status: a provider that leaves it out means the one that was there."""
    summary = {"status": state, **as_object(metrics.get("statusSummary"))}
    return {**metrics, "statusSummary": summary}


def status_of(run: JsonObject) -> str:
    """Return a run's status in the form that reads show."""
    summary = as_object(as_object(run.get("metrics")).get("statusSummary"))
    sent = str(summary.get("status", "scheduled"))
    return _WORDS.get(sent.lower().replace("_", ""), sent)
