"""Sandboxes: which an organization has, and how they come to be, change and go. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.store import Change

ENTRY = "sandbox_entry"
DEFAULT = "prod"
"""The default production sandbox, which every organization has for ever."""

TYPES = ("production", "development")
REGION = "VA7"

_GIVEN_SINCE = 1_567_573_044_000
"""When the sandboxes that nobody created came to be: the time in the samples of the guide."""

_GIVEN_TITLES = {DEFAULT: "Production", "dev": "Development"}


class Sandboxes:
    """The sandboxes of every organization.

    Those of the settings are there without having been written; whatever has been created or
    changed lies in the store, in the organization's own place, which has no sandbox's name. So
    resetting an organization forgets them all, and resetting one sandbox only what it holds.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        listed = platform.settings.sandboxes
        self._given = tuple(name for name in dict.fromkeys((DEFAULT, *listed)) if name != "*")
        self._any_name = "*" in listed

    def finders(self) -> Mapping[str, Finder]:
        return {"sandbox": self._usable, ENTRY: self._entry}

    def listers(self) -> Mapping[str, Lister]:
        return {ENTRY: lambda scope: self.all(scope.sandbox.organization)}

    def _usable(self, scope: Scope, name: str) -> JsonObject | None:
        """Return a sandbox that calls may name. It is asked on every call, so it makes little."""
        stored = self._store.read(_place(scope.sandbox.organization), ENTRY, name)
        if stored is not None:
            return stored.body if stored.body["state"] == "active" else None
        return {"name": name} if self._is_given(name) else None

    def _entry(self, scope: Scope, name: str) -> JsonObject | None:
        return self.find(scope.sandbox.organization, name)

    def holds_name(self, organization: str, name: str) -> bool:
        """Tell whether a name cannot be given to a new sandbox, be its holder deleted."""
        stored = self._store.read(_place(organization), ENTRY, name)
        return stored is not None or name in self._given

    def _is_given(self, name: str) -> bool:
        if name in self._given:
            return True
        return self._any_name and name == name.lower() and name.replace("-", "").isalnum()

    def find(self, organization: str, name: str) -> JsonObject | None:
        """Return a sandbox in whatever state."""
        stored = self._store.read(_place(organization), ENTRY, name)
        if stored is not None:
            found: JsonObject = stored.body
            return found
        return self._as_given(organization, name) if self._is_given(name) else None

    def all(self, organization: str) -> list[JsonObject]:
        """Return every sandbox, deleted ones too: first the settings', then the created ones."""
        written = {row.key: row.body for row in self._store.scan(_place(organization), ENTRY)}
        given = [
            written.pop(name, None) or self._as_given(organization, name) for name in self._given
        ]
        return [*given, *written.values()]

    def _as_given(self, organization: str, name: str) -> JsonObject:
        title = _GIVEN_TITLES.get(name) or name.replace("-", " ").capitalize()
        type = "production" if name == DEFAULT else "development"
        return self._new(organization, name, title, type, "platform", _GIVEN_SINCE)

    def _new(
        self, organization: str, name: str, title: str, type: str, client: str, now: int
    ) -> JsonObject:
        user = self._platform.user_id(client)
        return {
            "id": self._platform.sandbox_id(Sandbox(organization, name)),
            "name": name,
            "title": title,
            "state": "active",
            "type": type,
            "region": REGION,
            "isDefault": name == DEFAULT,
            "eTag": 1,
            "created": now,
            "modified": now,
            "createdBy": user,
            "modifiedBy": user,
        }

    def create(self, organization: str, client: str, sent: JsonObject) -> JsonObject:
        """Create a sandbox; it is ready at once."""
        name, title, type = (sent.get(member, "") for member in ("name", "title", "type"))
        entry = self._new(organization, name, title, type, client, self._platform.clock.now())
        self._store.write(Change(_place(organization), ENTRY, name, entry))
        return entry

    def rename(self, organization: str, client: str, name: str, title: str) -> JsonObject:
        """Give a sandbox another title."""
        return self._change(organization, client, name, title=title)

    def reset(self, organization: str, client: str, name: str) -> JsonObject:
        """Forget what a sandbox holds."""
        self._empty(Sandbox(organization, name))
        return self._change(organization, client, name)

    def delete(self, organization: str, client: str, name: str) -> JsonObject:
        """Close a sandbox for all calls and forget what it holds; its entry stays."""
        deleted = self._change(organization, client, name, state="deleted")
        self._empty(Sandbox(organization, name))
        return deleted

    def _empty(self, sandbox: Sandbox) -> None:
        # The caller holds the organization's section; nobody in a sandbox's ever asks for that.
        with self._store.exclusive(sandbox):
            self._platform.erase(*sandbox)

    def _change(self, organization: str, client: str, name: str, **changes: Any) -> JsonObject:
        old = self.find(organization, name)
        if old is None:
            raise LookupError(f"sandbox {name}")
        entry = {
            **old,
            **changes,
            "eTag": old["eTag"] + 1,
            "modified": self._platform.clock.now(),
            "modifiedBy": self._platform.user_id(client),
        }
        self._store.write(Change(_place(organization), ENTRY, name, entry))
        return entry


def _place(organization: str) -> Sandbox:
    """Return where an organization keeps what belongs to none of its sandboxes."""
    return Sandbox(organization, "")
