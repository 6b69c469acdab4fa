"""Rules, reply cases and errors of the contract, explained in lines. Not a command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.contract.reply_cases import ReplyCase
    from emulator.json_types import JsonObject


def reply_json(contract: Contract, case: ReplyCase) -> JsonObject:
    """Return what is known of a reply case."""
    from emulator.contract.sources import describe_sources

    entries = contract.entries.values()
    return {
        "id": case.id,
        "operation": case.operation,
        "states": case.states,
        "documents": describe_sources(contract, case),
        "fulfils": {**({"reply": case.reply} if case.reply else {}), **case.values},
        "editions": [one.name for one in entries if case in contract.reply_cases.in_force(one)],
    }


def reply_lines(case: JsonObject) -> Iterator[str]:
    """Yield what is known of a reply case, the result of `reply_json`."""
    from emulator.json_types import dumps

    yield from _head(case)
    yield from _sources(case)
    yield f"fulfils    {dumps(case['fulfils']).decode()}"
    yield f"editions   {', '.join(case['editions'])}"


def _head(described: JsonObject) -> Iterator[str]:
    yield described["id"]
    yield f"  {described['states']}"
    yield ""
    yield f"operation  {described['operation']}"


def _sources(described: JsonObject) -> Iterator[str]:
    from emulator.journal.text import document_lines

    for document in described["documents"]:
        yield from document_lines(document, "", 10)


def rule_lines(rule: JsonObject) -> Iterator[str]:
    """Yield what is known of a rule, the result of `describe.rule`."""
    from emulator.json_types import dumps

    yield from _head(rule)
    yield f"severity   {rule['severity']}"
    yield f"evidence   {rule['evidence']}"
    yield from _sources(rule)
    yield f"judges     {rule['at'] or 'the whole request'}"
    yield f"check      {dumps(rule['check']).decode()}"
    if "structural" in rule:
        yield f"structural {rule['structural']}"
    if "fix" in rule:
        yield f"fix        {rule['fix']}"
    for mute in rule["mutes"]:
        where = f" ({mute['operation']})" if "operation" in mute else ""
        until = f" until {mute['until']}" if "until" in mute else ""
        yield f"muted      {mute['reason']}{where}{until}"
    yield ""
    yield "In the editions:"
    for name, said in rule["editions"].items():
        yield f"  {name:<9}{_said(said)}"
    if rule["problem"]:
        yield ""
        yield from problem_lines(rule["problem"])


def _said(said: JsonObject | None) -> str:
    if said is None:
        return "says nothing about it"
    return "has this rule" if said["same"] else f"{said['rule']}: {said['states']}"


def problem_lines(problem: JsonObject) -> Iterator[str]:
    """Yield what an entry of an error catalogue answers."""
    yield f"A refusal answers {problem['id']}:"
    for entry in problem["entries"]:
        sources = ", ".join(document["id"] for document in entry["documents"])
        words = " - ".join(part for part in (entry["code"], entry["title"]) if part)
        yield f"  {entry['status']}  {words}  ({entry['evidence']}: {sources})"
        yield f"       {entry['detail']}"
        for name in ("states", "fix"):
            if name in entry:
                yield f"  {name:<9}{entry[name]}"
