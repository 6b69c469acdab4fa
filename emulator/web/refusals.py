"""Refusals: what a finding, or an entry of an error catalogue, becomes on its way to the client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.json_types import Json, JsonObject
from emulator.problem import Problem
from emulator.web.call import Reply
from emulator.web.envelopes import ENVELOPES, Refusal

if TYPE_CHECKING:
    from emulator.contract import ProblemEntry
    from emulator.contract.lookup import Finding
    from emulator.web.exchange import Exchange

RULES = "/_emulator/rules/"
"""Where the control API explains a rule, or an entry of an error catalogue."""

_MAX_CHARACTERS = 500
"""So many characters of a value stand in the text of a refusal at most."""


def problem_of(finding: Finding) -> Problem:
    """Return the refusal that a finding is, with what its text may ask for."""
    place = finding.at.removeprefix("/").replace("/", ".") or "request"
    values = {
        "reason": finding.reason,
        "states": finding.rule.states,
        "place": place,
        "sub_errors": [_sub_error(finding)],
        **finding.values,
    }
    return Problem(finding.rule.problem, rule=finding.rule.id, **values)


def _sub_error(finding: Finding) -> JsonObject:
    """Return a finding as the Schema Registry lists it below its own error.

    That of a missing member is the one that was seen: pitchmuc/aepp, issue 18.
    """
    missing = finding.values.get("missing")
    if isinstance(missing, str):
        message = f"$.{missing}: is missing but it is required"
        return {"path": "$", "type": "required", "arguments": [missing], "message": message}
    steps = finding.at.removeprefix("/body").replace("/", ".")
    return {"path": f"${steps}", "message": f"${steps}: {finding.reason}"}


def refusal(problem: Problem, exchange: Exchange, now: int) -> Reply:
    """Return the reply that a problem is in an exchange's edition, in its service's own envelope.

    `now` is in milliseconds. The header `Link` leads to what explains it.
    """
    edition, service = exchange.edition, exchange.incoming.operation.service
    entry = edition.problem(problem.id, service)
    envelope = edition.envelope(problem.id, service)
    known = _texts(problem.values)
    if exchange.refused_by is None:
        exchange.said = (entry.reason or entry.detail).format_map(known)
    headers = {name: value.format_map(known) for name, value in entry.headers.items()}
    headers["x-emulator-rule"] = rule = problem.rule or problem.id
    headers["Link"] = f'<{exchange.incoming.base_url}{RULES}{rule}>; rel="help"'
    body = ENVELOPES[envelope](_fill(entry, problem.values, known, exchange.request_id, now))
    return Reply(entry.status, body, headers)


def _fill(
    entry: ProblemEntry,
    values: Mapping[str, object],
    known: Mapping[str, str],
    request_id: str,
    now: int,
) -> Refusal:
    return Refusal(
        status=entry.status,
        code=entry.code,
        title=entry.title.format_map(known),
        detail=entry.detail.format_map(known),
        request_id=request_id,
        now=now,
        report=_filled(entry.report, values, known),
    )


def _filled(template: Json, values: Mapping[str, object], known: Mapping[str, str]) -> Json:
    """Return a template with a refusal's values; `{name}` alone becomes the value as it is."""
    if isinstance(template, dict):
        return {name: _filled(item, values, known) for name, item in template.items()}
    if isinstance(template, list):
        return [_filled(item, values, known) for item in template]
    value = values.get(template[1:-1]) if isinstance(template, str) else None
    if isinstance(value, list) and template.startswith("{"):
        return value
    return template.format_map(known) if isinstance(template, str) else template


def _texts(values: Mapping[str, object]) -> Mapping[str, str]:
    """Return a refusal's values as its templates take them; what is not there is empty."""
    return defaultdict(str, {name: _short(value) for name, value in values.items()})


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…"
