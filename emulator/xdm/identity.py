"""The one identity of an XDM resource, whichever of its spellings names it.

Source: "Schema Registry API guide", getting started; altIds without the leading underscore are
those of "Collect cloud storage data through source connectors and APIs".
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from emulator.json_types import Json

ROOT = "https://ns.adobe.com/"
_OTHER_ROOTS = {"schema.org.": "http://schema.org/"}
"""Of standard resources that have another root: how their altIds begin, and their root."""

_OWNERS = ("adobecloud", "experience", "xdm")
"""What stands for a tenant in ids of the platform's own resources."""

_TENANTS = re.compile(r"(schemas|classes|mixins|fieldgroups|datatypes)/[^/]+")
_ENCODED = re.compile(r"https?%3a", re.IGNORECASE)
_SPELLING = re.compile(
    r"https?:/+(ns\.adobe\.com|schema\.org)/.+"
    r"|_[^\s./]+(\.[\w-]+)+/?"
    r"|xdm(\.[\w-]+){2,}/?"
    r"|[^\s./]+\.(schemas|classes|mixins|datatypes)\.[0-9a-f]{16,}/?"
)


def canonical(id: str) -> str:
    """Return the `$id` that any spelling of an id stands for.

    Spellings are the URI, the URI with its double slash merged by a proxy, `meta:altId`, and that
    without its underscore; each URL-encoded or not, with or without a slash at its end.
    """
    id = (unquote(id) if _ENCODED.match(id) else id).rstrip("/")
    for scheme in ("https:/", "http:/"):
        if id.startswith(scheme):
            return scheme + "/" + id[len(scheme) :].lstrip("/")
    plain = id.removeprefix("_")
    for start, root in _OTHER_ROOTS.items():
        if plain.startswith(start):
            return root + plain.removeprefix(start)
    return ROOT + plain.replace(".", "/")


def is_of_platform(id: str) -> bool:
    """Tell whether an id is one of the platform's own resources: of no tenant, and not local."""
    plain = canonical(id) if not id.startswith("#") else id
    if plain.startswith(tuple(_OTHER_ROOTS.values())):
        return True
    owner, _, rest = plain.removeprefix(ROOT).partition("/")
    is_tenants = _TENANTS.fullmatch(rest) and owner not in _OWNERS
    return id.startswith(("_", "http")) and plain.startswith(ROOT) and not is_tenants


def identity(value: Json) -> Json:
    """Return the `$id` of the XDM resource that a text spells, of a list for each of its texts.

    Whatever is not a spelling of such an id is returned as it is, so that two values name the same
    exactly if their identities are equal.
    """
    if isinstance(value, list):
        return [identity(item) for item in value]
    if not isinstance(value, str) or "." not in value:
        return value
    if _SPELLING.fullmatch(value) or _ENCODED.match(value):
        return canonical(value)
    return value


def is_spelling(text: str) -> bool:
    """Tell whether a text may name an XDM resource that has other spellings too."""
    return text.startswith("http") or identity(text) != text or bool(_SPELLING.fullmatch(text))


def alt_id(id: str) -> str:
    """Return the `meta:altId` of a `$id`."""
    for start, root in _OTHER_ROOTS.items():
        if id.startswith(root):
            return f"_{start}{id.removeprefix(root)}"
    return "_" + id.removeprefix(ROOT).replace("/", ".")


def spellings(id: str) -> list[str]:
    """Return every spelling under which a path may name a `$id`."""
    alternative = alt_id(id)
    plain = [id, id.replace("://", ":/"), alternative, alternative[1:]]
    return plain + [spelling + "/" for spelling in plain]
