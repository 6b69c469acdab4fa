"""Examine reply cases: their documents, operations and calls. For authors and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jsonschema_rs

from emulator.contract.loader import Contract
from emulator.contract.model import Operation
from emulator.contract.reply_cases import (
    NUMBER,
    ReplyCase,
    ReplyCases,
    Step,
    filled,
    placeholders,
    preparation_of,
)
from emulator.contract.sources import sources_of

_PARAMETER = re.compile(r"\{(\w+)\*?\}")


def check_replies(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each thing in the reply cases that does not hold together."""
    cases = contract.reply_cases
    in_force = {case.id for entry in contract.entries.values() for case in cases.in_force(entry)}
    for case in cases.by_id.values():
        yield from _check_case(contract, case)
        yield from _check_steps(contract, cases, case)
        if case.id not in in_force:
            yield f"{case.id}: in force in no edition"
    used = {preparation_of(case, name) for case in cases.by_id.values() for name in case.given}
    for name in cases.preparations.keys() - used:
        yield f"{name}: no reply case has this preparation"


def _check_case(contract: Contract, case: ReplyCase) -> Iterator[str]:
    if not case.id.startswith(f"{case.operation}."):
        yield f"{case.id}: a reply case's id starts with its operation"
    if not case.documents:
        yield f"{case.id}: names no document"
    unknown = [id for id in (*case.documents, *case.against) if id not in contract.documents]
    yield from (f"{case.id}: unknown document {id}" for id in unknown)
    for source in sources_of(contract, case) if not unknown else ():
        if not source.passage.strip() and contract.documents[source.id].kind != "house":
            yield f"{case.id}: {source.does} {source.id}: names no passage"
    if not (case.reply or case.values):
        yield f"{case.id}: says nothing of the reply"
    try:
        kept = dict.fromkeys(placeholders(case.reply), "a")
        jsonschema_rs.validator_for(filled(case.reply, kept))
    except ValueError as error:
        yield f"{case.id}: reply: {str(error).partition(chr(10))[0]}"


def _check_steps(contract: Contract, cases: ReplyCases, case: ReplyCase) -> Iterator[str]:
    lacking = [name for name in case.given if preparation_of(case, name) not in cases.preparations]
    if lacking:
        yield f"{case.id}: there is no preparation {', '.join(lacking)}"
        return
    kept: set[str] = set()
    for step in cases.steps_of(case):
        operation = contract.operations.get(step.operation or case.operation)
        if operation is None:
            yield f"{case.id}: unknown operation {step.operation or case.operation}"
            continue
        yield from (f"{case.id}: {fault}" for fault in _step_faults(operation, step))
        said = [step.path, step.query, step.headers, step.body, step.text, list(step.keep.values())]
        for name in sorted(placeholders(said) - kept - {NUMBER}):
            yield f"{case.id}: {operation.id}: nothing is kept as {name}"
        kept |= step.keep.keys()
    for name in sorted(placeholders([case.reply, case.values]) - kept):
        yield f"{case.id}: reply: nothing is kept as {name}"


def _step_faults(operation: Operation, step: Step) -> Iterator[str]:
    if not operation.emulated:
        yield f"{operation.id} is not emulated"
    wanted = set(_PARAMETER.findall(operation.path))
    if wanted != step.path.keys():
        yield f"{operation.id} has the path parameters {', '.join(sorted(wanted)) or 'of none'}"
