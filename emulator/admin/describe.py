"""The contract in words: operations, editions and rules for the control API and commands."""

from __future__ import annotations

from emulator.contract import Contract, Mute, Operation, Rule
from emulator.contract.sources import describe_document, describe_sources
from emulator.json_types import JsonObject


def operations(contract: Contract) -> JsonObject:
    """Return every documented operation with what the emulator does about it."""
    rows = [_operation(operation) for operation in contract.operations.values()]
    emulated = sum(row["emulated"] for row in rows)
    return {
        "counts": {
            "documented": len(rows),
            "emulated": emulated,
            "notEmulated": len(rows) - emulated,
        },
        "operations": rows,
    }


def _operation(operation: Operation) -> JsonObject:
    row = {
        "id": operation.id,
        "service": operation.service,
        "method": operation.method,
        "path": operation.base_path + operation.path,
        "states": operation.states,
        "emulated": operation.emulated,
    }
    return row if operation.emulated else {**row, "reason": operation.reason}


def editions(contract: Contract, current: str) -> JsonObject:
    """Return the editions with their documents in order of precedence."""
    return {
        "current": current,
        "default": contract.default_edition,
        "editions": [
            {
                "name": entry.name,
                "title": entry.title,
                "documents": [document(contract, id) for id in entry.documents],
            }
            for entry in contract.entries.values()
        ],
    }


def document(contract: Contract, id: str) -> JsonObject:
    """Return what is known of a document."""
    row, note = describe_document(contract, id), contract.documents[id].note
    return {**row, "note": note} if note else row


def rule_line(rule: Rule) -> JsonObject:
    """Return a rule in short."""
    return {
        "id": rule.id,
        "operation": rule.operation,
        "topic": rule.topic,
        "severity": rule.severity,
        "states": rule.states,
    }


def rule(contract: Contract, id: str) -> JsonObject | None:
    """Return a rule explained: statement, documents, problem, cases, and what editions say.

    Ids of error catalogue entries are explained too; None if nothing has this id.
    """
    found = contract.rules.get(id)
    if found is None:
        return _problem(contract, id)
    return {
        **rule_line(found),
        "at": found.at,
        "check": found.check,
        "evidence": found.evidence,
        "about": contract.subjects[found.about].states if found.about else "",
        "documents": describe_sources(contract, found),
        "problem": _problem(contract, found.problem),
        **({"structural": found.structural} if found.structural else {}),
        **({"fix": found.fix} if found.fix else {}),
        "mutes": [mute(one) for one in contract.mutes if one.rule == id],
        "editions": _by_edition(contract, found),
        "cases": {"accepts": found.cases.accepts, "refuses": found.cases.refuses},
    }


def explained_ids(contract: Contract) -> list[str]:
    """Return the ids of what can be explained: rules, and entries of error catalogues."""
    return list(dict.fromkeys((*contract.rules, *(entry.id for entry in contract.problems))))


def mute(found: Mute) -> JsonObject:
    """Return why a rule is muted, and where and until when that is limited."""
    row = {"rule": found.rule, "reason": found.reason}
    return {**row, **{n: v for n in ("operation", "until") if (v := getattr(found, n))}}


def _by_edition(contract: Contract, rule: Rule) -> JsonObject:
    """Return which rule each edition has on this rule's topic, and what it states."""
    said: JsonObject = {}
    for name in contract.entries:
        for other in contract.edition(name).rules_of(rule.operation):
            if other.topic == rule.topic and not said.get(name, {}).get("same"):
                row = {"rule": other.id, "states": other.states, "same": other.id == rule.id}
                said[name] = {**row, "severity": other.severity}
    return {name: said.get(name) for name in contract.entries}


def _problem(contract: Contract, id: str) -> JsonObject | None:
    entries = [entry for entry in contract.problems if entry.id == id]
    if not entries:
        return None
    return {
        "id": id,
        "entries": [
            {
                "status": entry.status,
                "code": entry.code,
                "title": entry.title,
                "detail": entry.detail,
                **({"states": entry.states} if entry.states else {}),
                **({"fix": entry.fix} if entry.fix else {}),
                "evidence": entry.evidence,
                "documents": [document(contract, name) for name in entry.documents],
            }
            for entry in entries
        ],
    }
