"""Names whose values are secret: of headers, parameters, members, fields of forms."""

from __future__ import annotations

import re
from functools import lru_cache

from emulator.json_types import JsonObject

_LONGEST = 64
"""How many characters of a name are looked at, from its end."""

_SECRET = re.compile(
    r"(passwd|password|passphrase|passcode|secret|secretvalue|credentials?|jwt|sasuri|connectionstring"
    r"|(?<!page)(?<!next)(?<!continuation)token|sharedaccesssignature|signature|assertion"
    r"|(account|access|api|client|encryption|function|master|principal|private|sas|secret|service|shared|ssh"
    r"|storage|subscription)key|(key|keyfile)content)$"
    r"|^(sas|sig|pwd|pass|authorization|proxyauthorization|cookie|setcookie|bearer)$"
)
"""Matches names in lower case without hyphens, underscores and spaces; not those of page tokens."""

_HARMLESS = frozenset(
    "accesstokenurl accountname apiversion authenticationrequired authenticationtype "
    "authorizationtesturl authorizeddate bucketname catalog clustername database datatype domain "
    "enablessl endpoint environmentid environmenturl eventhubname expirationdate folderpath host "
    "hostname httppath inletid inleturl instanceurl largeresultsdatasetid maxconcurrentconnections "
    "name namespace port project region role schema server servername serviceuri serviceurl "
    "sourceid specid specname sslmode storageaccountname subdomain subscriptionname tenant "
    "tenantid tokenendpoint topicname type url user userid username warehouse".split()
)
"""Authentication parameters that are not masked; all others are."""

_AUTH = "auth"
_SCHEMA_TYPES = frozenset("string object array integer number boolean null".split())
_SCHEMA_WORDS = ("$ref", "properties", "allOf", "items", "format", "meta:xdmType")


def plain(name: str) -> str:
    """Return a name in lower case without hyphens, underscores and spaces; of a long one its end.

    The end tells what a value is: `x-amz-security-token`.
    """
    name = name[-_LONGEST:].lower()
    return name.replace("-", "").replace("_", "").replace(" ", "")


def is_secret(name: str) -> bool:
    """Tell whether values of this name are secret."""
    return _is_secret(name[-_LONGEST:])


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    return _SECRET.search(plain(name)) is not None


def is_harmless(name: str) -> bool:
    """Tell whether an authentication parameter of this name is shown."""
    return plain(name) in _HARMLESS


def is_like_auth(name: str) -> bool:
    """Tell whether a member of a connection is its `auth`, or meant to be: one letter may differ.

    `authSpec` is not: it defines parameters and has none.
    """
    name = plain(name)
    if name.startswith(_AUTH):
        return not name.startswith("authspec") and name not in ("author", "authors")
    return _differ_by_one(name, _AUTH)


def _differ_by_one(name: str, word: str) -> bool:
    """Tell whether one letter is left out, added or replaced, or two neighbours are swapped."""
    if abs(len(name) - len(word)) > 1 or name == "path":
        return False
    start = 0
    while start < min(len(name), len(word)) and name[start] == word[start]:
        start += 1
    left, right = name[start:], word[start:]
    return (
        left[1:] == right[1:]
        or left == right[1:]
        or left[1:] == right
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )


def is_definition(value: JsonObject) -> bool:
    """Tell whether an object of a secret's name is a definition, such as of a schema's field."""
    said = value.get("type")
    names = said if isinstance(said, list) else [said]
    return any(name in _SCHEMA_TYPES for name in names if isinstance(name, str)) or any(
        word in value for word in _SCHEMA_WORDS
    )
