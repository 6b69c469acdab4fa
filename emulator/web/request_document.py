"""The request document that rules judge: headers, path, query, content and body, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.budgets import BODY_VALUES
from emulator.json_types import (
    MAX_DEPTH,
    MISSING,
    Json,
    JsonObject,
    has_more_values_than,
    is_deeper_than,
    loads,
)
from emulator.sandbox import DEFAULT_PRODUCTION, Sandbox
from emulator.web.call import read_query
from emulator.web.forms import read_form
from emulator.web.message import Request


def describe(incoming: Request) -> JsonObject:
    """Return a request as the rules see it.

    `content` says of the body what is known before anybody reads its meaning: media `type`, bytes
    (`length`), and whether it is `tooLong`, `tooMany` (values), `tooDeep` or `malformed` (with the
    parser's words).
    `sandboxless` is there, and true, where the operation belongs to no sandbox.
    """
    operation = incoming.operation
    document: JsonObject = {
        "headers": incoming.headers,
        "path": incoming.path,
        "query": read_query(incoming.query_string, operation.repeatable),
        "known_query": operation.query,
        "content": {},
    }
    if operation.sandboxless:
        document["sandboxless"] = True
    if incoming.body or incoming.too_long:
        content, body = _content(incoming)
        document["content"] = content
        if body is not MISSING:
            document["body"] = body
    if operation.body == "form":
        content_type = incoming.headers.get("content-type", "")
        document["body"] = read_form(document["query"], content_type, incoming.body)
    return document


def sandbox_of(request: JsonObject, default: str = "") -> Sandbox:
    """Return where a request belongs: without a name, to the organization itself.

    `default` is put into a request document that names no sandbox; without it, such a request
    belongs to the default production sandbox.
    """
    headers = request["headers"]
    if "sandboxless" in request:
        return Sandbox(headers.get("x-gw-ims-org-id", ""), "")
    if default and not headers.get("x-sandbox-name"):
        headers["x-sandbox-name"] = default
    return sandbox_named(headers, DEFAULT_PRODUCTION)


def sandbox_named(headers: Mapping[str, str], default: str) -> Sandbox:
    """Return the sandbox that headers name, or the default one of their organization."""
    name = headers.get("x-sandbox-name") or default or DEFAULT_PRODUCTION
    return Sandbox(headers.get("x-gw-ims-org-id", ""), name)


def _content(incoming: Request) -> tuple[JsonObject, Json]:
    content: JsonObject = {
        "type": incoming.headers.get("content-type", ""),
        "length": len(incoming.body),
        "accepted": list(incoming.operation.consumes),
    }
    if incoming.too_long:
        content["tooLong"] = True
        return content, MISSING
    if incoming.operation.body in ("none", "form", "bytes"):
        return content, MISSING
    if has_more_values_than(incoming.body, BODY_VALUES):
        content["tooMany"] = True
        return content, MISSING
    if is_deeper_than(incoming.body, MAX_DEPTH):
        content["tooDeep"] = True
        return content, MISSING
    try:
        return content, loads(incoming.body)
    except ValueError as error:
        content["malformed"] = str(error)[:200]
        return content, MISSING


def adds_documents(incoming: Request) -> bool:
    """Tell whether a request writes what is in its body; a file may take the place of another."""
    operation = incoming.operation
    return operation.writes and operation.body != "bytes" and incoming.method != "DELETE"
