"""OpenAPI documents, one for each service, of the contract in one edition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emulator.contract.judge import Edition
from emulator.contract.loader import Contract, ServiceEntry
from emulator.contract.model import Operation, Rule
from emulator.export.combining import as_sent_in_text, member_of
from emulator.export.replies import Replies
from emulator.export.requests import is_muted, request_schema
from emulator.json_types import Json, JsonObject

VERSION = "3.1.0"
TOKEN, KEY = "accessToken", "apiKey"
_BY_SECURITY = ("authorization", "x-api-key", "content-type")
"""Headers that OpenAPI does not describe as parameters."""

_PARAMETER = re.compile(r"\{(\w+)\*?\}")
_SECURITY: JsonObject = {
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token; the service ims issues some.",
    },
    KEY: {"type": "apiKey", "in": "header", "name": "x-api-key"},
}


def openapi(contract: Contract, edition: Edition, service: str) -> JsonObject:
    """Return the OpenAPI document of a service in an edition.

    Paths are relative to the service's base path, which is the only server; for another host,
    clients prepend it. Extensions hold what OpenAPI cannot express: `x-rules` lists the rules that
    judge an operation's requests, `x-problems` the meanings of a status.

    Raises:
        KeyError: The service is unknown.
    """
    entry = contract.services[service]
    replies = Replies(edition, contract.responses)
    paths: JsonObject = {}
    for operation in contract.operations.values():
        if operation.service == service:
            described = _operation(edition, operation, replies)
            # The alias "", a root without its slash, is not a path of OpenAPI.
            for number, path in enumerate((operation.path, *filter(None, operation.aliases))):
                item = paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})
                item[operation.method.lower()] = _aliased(described, number, path)
    return {
        "openapi": VERSION,
        "info": _info(entry, edition),
        "servers": [{"url": entry.base_path or "/"}],
        **_path_aliases(entry),
        "paths": paths,
        "components": {
            "schemas": dict(sorted(replies.schemas.items())),
            "securitySchemes": _SECURITY,
        },
    }


def _info(entry: ServiceEntry, edition: Edition) -> JsonObject:
    return {
        "title": entry.title,
        "version": edition.name,
        "description": f"As aep-emulator holds it, in the edition {edition.name}: "
        f"{edition.entry.title}",
    }


def _path_aliases(entry: ServiceEntry) -> JsonObject:
    """Return the spellings of first path segments that mean another, in any case."""
    return {"x-path-aliases": entry.path_aliases} if entry.path_aliases else {}


def _aliased(operation: JsonObject, number: int, path: str) -> JsonObject:
    """Return an operation under one of its paths; ids of operations are unique in a document."""
    if not number:
        return operation
    names = _PARAMETER.findall(path)
    parameters = [p for p in operation["parameters"] if p["in"] != "path" or p["name"] in names]
    id = f"{operation['operationId']}.{number}"
    return {**operation, "operationId": id, "parameters": parameters, "x-alias": True}


def _operation(edition: Edition, operation: Operation, replies: Replies) -> JsonObject:
    described: JsonObject = {"operationId": operation.id, "summary": operation.states}
    if not operation.emulated:
        described["description"] = f"Not emulated. {operation.reason}"
    request = request_schema(edition, operation)
    described["parameters"] = [*_parameters(operation, request)]
    if operation.body != "none":
        described["requestBody"] = _body(operation, request)
    described["responses"] = replies.of(operation)
    described["security"] = [{TOKEN: [], KEY: []}] if operation.gated else []
    described["x-rules"] = [
        _rule(edition, rule, operation) for rule in edition.rules_of(operation.id)
    ]
    return described


def _rule(edition: Edition, rule: Rule, operation: Operation) -> JsonObject:
    return {
        "id": rule.id,
        "states": rule.states,
        "severity": rule.severity,
        "evidence": rule.evidence,
        "documents": list(rule.documents),
        "status": edition.problems[rule.problem].status,
        **({"muted": True} if is_muted(edition, rule, operation) else {}),
    }


def _parameters(operation: Operation, request: JsonObject) -> Iterator[JsonObject]:
    path = member_of(request, "path")
    for name in dict.fromkeys(_PARAMETER.findall("".join((operation.path, *operation.aliases)))):
        schema = as_sent_in_text(member_of(path, name))
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    yield from _query(operation, member_of(request, "query"))
    headers = member_of(request, "headers")
    for name in _members(headers):
        if name not in _BY_SECURITY:
            yield {"name": name, "in": "header", **_said(headers, name)}


def _query(operation: Operation, query: JsonObject) -> Iterator[JsonObject]:
    for name in dict.fromkeys((*operation.query, *_members(query))):
        if name in operation.repeatable:
            listed = {"type": "array", "items": {"type": "string"}, **member_of(query, name)}
            yield {"name": name, "in": "query", "schema": listed}
        else:
            yield {"name": name, "in": "query", **_said(query, name)}


def _members(schema: JsonObject) -> list[str]:
    return [*dict.fromkeys((*schema.get("properties", ()), *schema.get("required", ())))]


def _said(schema: JsonObject, name: str) -> JsonObject:
    """Return whether a parameter is required, and its schema."""
    required = {"required": True} if name in schema.get("required", ()) else {}
    return {**required, "schema": as_sent_in_text(member_of(schema, name))}


def _body(operation: Operation, request: JsonObject) -> JsonObject:
    schema: Json = member_of(request, "body")
    media: JsonObject = {"schema": schema}
    if operation.example and "body" in operation.example:
        media["example"] = operation.example["body"]
    # Documents also write `json-patch+json`, which is not a media type.
    types = [name for name in operation.consumes if "/" in name]
    required = {"required": True} if "body" in request.get("required", ()) else {}
    return {**required, "content": dict.fromkeys(types, media)}
