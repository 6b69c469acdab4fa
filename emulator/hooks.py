"""What others can have a say in: the lists of hooks of a platform, and what a hook may answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox

RunHook = Callable[[Sandbox, JsonObject, JsonObject], JsonObject | None]
"""Asked with sandbox, flow and run before a run is carried out; None lets it.

What it returns instead becomes the run's `statusSummary`, and nothing is read: for example
`{"status": "failed", "errors": [{"code": …, "message": …}]}`. A run that has not ended then
(`inProgress`, `queued`, `scheduled`) is asked for again each time a call reads runs or flows.
"""

BatchHook = Callable[[Sandbox, JsonObject], JsonObject | None]
"""Asked with sandbox and data set before a batch is read; None lets it.

What it returns instead, `{"code": …, "message": …}`, is why the batch fails.
"""

EraseHook = Callable[[str | None, str | None], object]
"""Called with the organization and sandbox that have been erased, None for all of them."""


class CompletionPolicy(NamedTuple):
    """How a completed batch ends, and when.

    Args:
        polls: So many times the batch is read as waiting before it ends: 0 ends it at once, None
            lets it wait for ever.
        code: The code with which it fails whatever its data is like; empty lets the data decide.
        description: The text to that code.
        held_by: What lets it wait. Once no hook says any more that this still holds batches, the
            batch ends when it is read next. Empty if only the polls count.
    """

    polls: int | None = 0
    code: str = ""
    description: str = ""
    held_by: str = ""


class CompletionHook(Protocol):
    """Has a say in when and how uploaded batches end."""

    def on_completion(self, sandbox: Sandbox, batch: JsonObject) -> CompletionPolicy | None:
        """Return the policy of a batch that has just been completed; None for the usual one.

        Args:
            sandbox: Where the batch is.
            batch: The batch as Catalog keeps it.
        """

    def still_holds(self, holder: str) -> bool:
        """Tell whether what a policy names in `held_by` still lets batches wait."""
