"""What faults do to the call that they hit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.faults.fault import STATUSES, Fault
from emulator.problem import Problem
from emulator.web.exchange import Exchange
from emulator.web.transport_fault import TransportFault

if TYPE_CHECKING:
    from emulator.ids import Ids


def transport_fault(faults: list[Fault], ids: Ids) -> TransportFault | None:
    """Return what goes wrong with a reply on its way, by the faults that hit its call."""
    made = TransportFault()
    for fault in faults:
        if fault.kind == "delay":
            jitter = (fault.get("jitter") or 0.0) * fault.chance(ids, "jitter")
            made = replace(made, delay=made.delay + (fault.get("seconds") or 0.0) + jitter)
        elif fault.kind in ("reset", "lostReply"):
            made = replace(made, reset=True)
        elif fault.kind == "truncate":
            made = replace(made, truncated=True, keep=fault.get("bytes"))
    return None if made == TransportFault() else made


def problem_of_fault(fault: Fault, exchange: Exchange) -> Problem:
    """Return the refusal of a fault; a reset has one too, for transports without a connection."""
    if fault.kind == "expiredToken":
        return Problem("platform.token_invalid")
    if fault.kind == "reset":
        return Problem("platform.service_unavailable")
    path = exchange.incoming.path
    id = next(iter(path.values()), "")
    known = {"reason": f"the fault {fault.id} asks for this error", "id": id, "value": id}
    known |= {"method": exchange.incoming.method, **path}
    return Problem(problem_id(fault), **(known | (fault.get("values") or {})))


def is_in(fault: Fault, exchange: Exchange) -> bool:
    """Tell whether the edition of a call has the error that a fault is, if it is one."""
    return fault.kind != "error" or problem_id(fault) in exchange.edition.problems


def problem_id(fault: Fault) -> str:
    """Return the id of the catalogue's entry that a fault is."""
    return str(fault.get("problem") or STATUSES[str(fault.get("status"))])
