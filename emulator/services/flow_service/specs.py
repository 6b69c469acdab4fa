"""Connection specs and flow specs: the platform's, and over them an organization's own.

All sandboxes of an organization see the same specs.
"""

from __future__ import annotations

import json
import shlex
from difflib import get_close_matches

from emulator.fixtures.library import CUSTOM
from emulator.json_types import JsonObject
from emulator.scope import Finder, Scope

_SERVER_MADE = (
    "id createdAt updatedAt createdBy updatedBy createdClient updatedClient x-emulator"
).split()


CONNECTION_SPEC = "connection_spec"
FLOW_SPEC = "flow_spec"
SPEC_KINDS = (CONNECTION_SPEC, FLOW_SPEC)


def spec_finder(kind: str) -> Finder:
    """Return what finds the specs of a kind by id."""

    def find(scope: Scope, key: str) -> JsonObject | None:
        own = scope.of_organization().read(kind, key)
        return own or scope.fixtures.get(f"{kind}s", key)

    return find


def all_specs(scope: Scope, kind: str) -> list[JsonObject]:
    """Return the platform's specs in their order, replaced or not, and then the added ones."""
    own = {row.key: row.body for row in scope.of_organization().scan(kind)}
    shipped = [own.pop(spec["id"], spec) for spec in scope.fixtures.all(f"{kind}s")]
    return [*shipped, *own.values()]


def create_spec(scope: Scope, kind: str, body: JsonObject) -> JsonObject:
    """Store a new spec and return it."""
    organization = scope.of_organization()
    spec = {
        "id": organization.new_uuid(kind),
        "createdAt": scope.now(),
        "createdBy": scope.user_id,
        "createdClient": scope.client,
        **_content(scope, body),
        "x-emulator": CUSTOM,
    }
    organization.write(organization.change(kind, spec["id"], spec, expected=0))
    return spec


def replace_spec(scope: Scope, kind: str, spec: JsonObject, body: JsonObject) -> JsonObject:
    """Put a whole new content into a spec, for this organization only, and return it."""
    kept = {name: spec[name] for name in _SERVER_MADE if name in spec}
    replaced = {**kept, **_content(scope, body)}
    organization = scope.of_organization()
    organization.write(organization.change(kind, spec["id"], replaced))
    return replaced


def _content(scope: Scope, body: JsonObject) -> JsonObject:
    """Return what a request may set of a spec, and who set it."""
    return {
        "version": "1.0",
        **{name: value for name, value in body.items() if name not in _SERVER_MADE},
        "updatedAt": scope.now(),
        "updatedBy": scope.user_id,
        "updatedClient": scope.client,
    }


def explain_unknown(scope: Scope, kind: str, id: str) -> str:
    """Return why a spec may be unknown, as the end of a sentence, and how to add it.

    The platform knows specs that no public document names. So the sentence says how many the
    emulator knows and as of when, and which of them is the nearest by id or name.
    """
    folder, specs = f"{kind}s", scope.fixtures.all(f"{kind}s")
    known = {key: spec for spec in specs for key in (spec["id"], spec["name"])}
    close = get_close_matches(id, known, 1, cutoff=0.75)
    nearest = "none of them is near"
    if close:
        found = known[close[0]]
        nearest = f"the nearest is {found['name']}, {found['id']}"
    file = f"own/{folder}/mine.json"
    content = shlex.quote(json.dumps({"id": id, "name": "mine"}))
    return (
        f" among the {len(specs)} that the emulator knows as of {scope.fixtures.date(folder)};"
        f" {nearest}. If the platform has it, two lines add it:\n"
        f"mkdir -p own/{folder} && echo {content} > {file}\n"
        "aep-emulator serve --fixtures own"
    )


def storage_role(scope: Scope) -> str:
    """Return the role that a storage has to let in for an organization's connections."""
    owner = scope.of_organization().sandbox
    digits = scope.platform.ids.hex(owner, "account", 0, 16)
    return f"arn:aws:iam::{int(digits, 16) % 10**12:012}:role/aep-emulator"
