"""Claims: what a process has begun, so that others can end it if the process ends before.

A claim is a document beside the run or batch that it is about. It is written in the same step that
begins the work, and goes in the step that ends it; so what is claimed by nobody who lives has been
left behind, in the database or in a state file. Whoever has lost a claim may write nothing more:
others have ended the work, or it has been erased.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from emulator.ongoing import Interrupted
from emulator.sandbox import Sandbox
from emulator.scope import CLAIM, Scope
from emulator.store import Change

RUN = "run"
BATCH = "batch"
RUNNER = "runner"
"""The claim of a process that carries out runs in a sandbox; its key too."""
MOVER = "mover"
"""The claim of a process that moves the clock of an emulator."""

OF_AN_EMULATOR = Sandbox("", "emulator")
"""Where claims lie that are about an emulator as a whole."""

WAIT_SECONDS = 0.02
"""How long to wait before another process is asked again whether it has done."""

WORDS = (RUN, BATCH, RUNNER, MOVER)
"""What claims may be about."""


def claimed(scope: Scope, key: str, what: str) -> Change:
    """Return the change by which this process claims something."""
    platform = scope.platform
    body = {
        "what": what,
        "process": platform.processes.number,
        "number": next(platform.claim_numbers),
    }
    return scope.change(CLAIM, key, body)


def released(scope: Scope, key: str) -> Change:
    """Return the change by which a claim goes; this thread needs it no longer."""
    scope.platform.ongoing.let_go(scope.sandbox, key)
    return scope.change(CLAIM, key, None)


@contextmanager
def working_on(scope: Scope, key: str) -> Iterator[None]:
    """Work in the block on what this process has claimed.

    What ends with an error keeps its claim; it is ended later, as if the process had ended.

    Raises:
        Interrupted: The claim has been lost before or meanwhile.
    """
    platform = scope.platform
    claim = scope.read(CLAIM, key)
    if claim is None or claim["process"] != platform.processes.number:
        raise Interrupted
    with platform.ongoing.work(scope.sandbox, (key, claim)):
        try:
            yield
        except BaseException:
            platform.broken_claims.append((scope.sandbox, key, claim))
            raise


@contextmanager
def only(scope: Scope, what: str, *, waits: bool) -> Iterator[bool]:
    """Be the one process that does something in a sandbox; yields whether it is this one.

    The caller has seen to it that it is one thread of this process. With `waits` another process
    is waited for.

    Raises:
        Interrupted: The emulator ends while it waits.
    """
    platform, sandbox = scope.platform, scope.sandbox
    if any(place == sandbox and key == what for place, (key, _) in platform.ongoing.claims()):
        yield True
        return
    with platform.ongoing.work(sandbox):
        while not (is_ours := _becomes_only(scope, what)) and waits:
            platform.ongoing.check()
            time.sleep(WAIT_SECONDS)
            platform.processes.end_gone()
    if not is_ours:
        yield False
        return
    with working_on(scope, what):
        yield True
        # Without it nothing was lost: whoever has taken it releases it.
        with suppress(Interrupted), scope.exclusive():
            scope.write(released(scope, what))


def _becomes_only(scope: Scope, what: str) -> bool:
    with scope.exclusive():
        claim = scope.read(CLAIM, what)
        # One of this process has broken: its threads have let the caller through.
        is_free = claim is None or claim["process"] == scope.platform.processes.number
        if is_free:
            scope.write(claimed(scope, what, what))
        return is_free
