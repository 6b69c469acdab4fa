"""Masking of the secrets of an exchange: tokens, passwords, keys and signed URLs.

A mask keeps the form of what it hides, so that rules judge a masked request as they judged the
original: text stays text, `Bearer` keeps its word, and empty values stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from emulator.json_types import (
    MAX_DEPTH,
    Json,
    JsonObject,
    dumps,
    is_deeper_than,
    loads,
    pointer_steps,
)

MASK = "******"

_SECRET_NAME = re.compile(
    r"(passwd|password|passphrase|secret|(?<!page)(?<!next)(?<!continuation)token"
    r"|connectionstring|sharedaccesssignature|signature|assertion"
    r"|(account|access|private|service|shared|storage|encryption)key"
    r"|sasuri)$|^(sas|sig|pwd|authorization|cookie)$"
)
"""Matches names in lower case without hyphens, underscores and spaces; not those of page tokens."""

_HARMLESS = frozenset(
    "accountname bucketname clustername database domain environmentid folderpath host "
    "hostname instanceurl port project region schema server servername storageaccountname "
    "subdomain tenant tenantid type url user username warehouse".split()
)
"""Authentication parameters that are not masked; all others are."""

_IN_TEXT = (
    (re.compile(r"([?&;]sig=)[^&;\s\"'<>]+", re.IGNORECASE), rf"\g<1>{MASK}"),
    (re.compile(r"\b(Bearer +)[!-~]+", re.IGNORECASE), rf"\g<1>{MASK}"),
    (re.compile(r"\b((?:Account|Shared)(?:Access)?(?:Key|Signature)=)[^;\s\"]+"), rf"\g<1>{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), MASK),
)
"""Secrets within any text: signatures in URLs, bearer tokens, account keys, JWTs."""

_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))
_MEMBER = re.compile(r'("([^"\\]{1,64})"\s*:\s*)"(?:[^"\\]|\\.)*"?')


def is_secret(name: str) -> bool:
    """Tell whether values of this name are secret."""
    plain = name.lower().replace("-", "").replace("_", "").replace(" ", "")
    return _SECRET_NAME.search(plain) is not None


def mask_api_key(key: str) -> str:
    """Return an API key cut to four characters: enough to recognize it, not to use it."""
    return key[:4] + MASK if len(key) > 8 else MASK if key else ""


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers, whose names are in lower case, with their secrets masked."""
    return {name: _mask_header(name, value) for name, value in headers.items()}


def _mask_header(name: str, value: str) -> str:
    if name == "x-api-key":
        return mask_api_key(value)
    if name in _HEADERS or is_secret(name):
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {MASK}" if space and scheme.isalpha() else _masked(value)
    return mask_text(value)


def mask_query(query_string: str) -> str:
    """Return a query string with the values of secret parameters masked."""
    if not query_string:
        return ""
    pairs = parse_qsl(query_string, keep_blank_values=True, errors="replace")
    masked = [(name, _mask_parameter(name, value)) for name, value in pairs]
    return query_string if masked == pairs else urlencode(masked, safe="*/:,=")


def _mask_parameter(name: str, value: str) -> str:
    # In JSON `code` is an error code; as a parameter it is an authorization code.
    return _masked(value) if is_secret(name) or name == "code" else mask_text(value)


def mask_body(body: bytes, content_type: str) -> bytes:
    """Return a body with its secrets masked: JSON, a form, or any other text."""
    if not body:
        return body
    if content_type.lower().startswith("application/x-www-form-urlencoded"):
        return mask_query(body.decode("utf-8", "replace")).encode()
    if is_deeper_than(body, MAX_DEPTH):
        return _mask_text_body(body)
    try:
        value = loads(body)
    except ValueError:
        return _mask_text_body(body)
    masked = mask_json(value)
    return body if masked == value else dumps(masked)


def mask_json(value: Json) -> Json:
    """Return a copy of a JSON value with its secrets masked."""
    if isinstance(value, dict):
        return _mask_object(value)
    if isinstance(value, list):
        return [mask_json(item) for item in value]
    return mask_text(value) if isinstance(value, str) else value


def _mask_object(value: JsonObject) -> JsonObject:
    patched = value.get("path")
    if isinstance(patched, str) and "value" in value and _leads_to_secret(patched):
        return {**value, "value": _mask_all(value["value"])}
    masked = {}
    for name, item in value.items():
        if name == "auth" and isinstance(item, dict) and "params" in item:
            masked[name] = {**mask_json(item), "params": _mask_parameters(item["params"])}
        elif is_secret(name) and not isinstance(item, dict):
            # An object of such a name is a definition, for example of a schema's field.
            masked[name] = _mask_all(item)
        else:
            masked[name] = mask_json(item)
    return masked


def _leads_to_secret(pointer: str) -> bool:
    """Tell whether a JSON Patch operation writes a secret, by the path that it writes to."""
    steps = pointer_steps(pointer)
    return bool(steps) and (is_secret(steps[-1]) or steps[:2] == ("auth", "params"))


def _mask_parameters(params: Json) -> Json:
    if not isinstance(params, dict):
        return _mask_all(params)
    return {
        name: mask_json(item) if name.lower() in _HARMLESS else _mask_all(item)
        for name, item in params.items()
    }


def _mask_all(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _mask_all(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_mask_all(item) for item in value]
    if isinstance(value, str):
        return _masked(value)
    return value if value is None or isinstance(value, bool) else 0


def _masked(value: str) -> str:
    return MASK if value else ""


def mask_text(text: str) -> str:
    """Return a text with those secrets masked that are recognized by their form."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _mask_text_body(body: bytes) -> bytes:
    """Mask a body that is not valid JSON, such as a truncated one, by patterns."""
    text = body.decode("utf-8", "surrogateescape")
    text = _MEMBER.sub(
        lambda match: f'{match[1]}"{MASK}"' if is_secret(match[2]) else match[0], text
    )
    return mask_text(text).encode("utf-8", "surrogateescape")
