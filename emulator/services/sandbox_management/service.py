"""Sandboxes: which an organization has, and how they come to be, change and go. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import DEFAULT_PRODUCTION, Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.store import ALL, Hint

ENTRY = "sandbox_entry"
"""The default production sandbox, which every organization has for ever."""

TYPES = ("production", "development")
REGION = "VA7"

_GIVEN_SINCE = 1_567_573_044_000
"""When the sandboxes that nobody created came to be: the time in the samples of the guide."""

_GIVEN_TITLES = {DEFAULT_PRODUCTION: "Production", "dev": "Development"}


class Sandboxes:
    """The sandboxes of every organization.

    Those of the settings are there without having been written; whatever has been created or
    changed lies in the store, in the organization's own place, which has no sandbox's name. So
    resetting an organization forgets them all, and resetting one sandbox only what it holds.
    """

    def __init__(self, platform: Platform) -> None:
        listed = platform.settings.sandboxes
        self._given = tuple(
            name for name in dict.fromkeys((DEFAULT_PRODUCTION, *listed)) if name != "*"
        )
        self._any_name = "*" in listed

    def finders(self) -> Mapping[str, Finder]:
        return {"sandbox": self._usable, ENTRY: self.find}

    def listers(self) -> Mapping[str, Lister]:
        return {ENTRY: self.all}

    def _usable(self, scope: Scope, name: str) -> JsonObject | None:
        """Return a sandbox that calls may name. It is asked on every call, so it makes little."""
        written = _written(scope, name)
        if written is not None:
            return written if written["state"] == "active" else None
        return {"name": name} if self._is_given(name) else None

    def holds_name(self, scope: Scope, name: str) -> bool:
        """Tell whether a name cannot be given to a new sandbox, be its holder deleted."""
        return name in self._given or _written(scope, name) is not None

    def _is_given(self, name: str) -> bool:
        if name in self._given:
            return True
        return self._any_name and name == name.lower() and name.replace("-", "").isalnum()

    def find(self, scope: Scope, name: str) -> JsonObject | None:
        """Return a sandbox in whatever state."""
        found = _written(scope, name)
        return _as_given(scope, name) if found is None and self._is_given(name) else found

    def all(self, scope: Scope, hint: Hint = ALL) -> list[JsonObject]:
        """Return every sandbox, deleted ones too."""
        return list(self.each(scope, hint))

    def each(self, scope: Scope, hint: Hint = ALL) -> Iterator[JsonObject]:
        """Yield every sandbox, deleted ones too: first the settings', then the created ones."""
        for name in self._given:
            yield _written(scope, name) or _as_given(scope, name)
        for row in scope.of_organization().scan(ENTRY, hint=hint):
            if row.key not in self._given:
                yield row.body

    def create(self, scope: Scope, sent: JsonObject) -> JsonObject:
        """Create a sandbox; it is ready at once."""
        name, title, type = (sent.get(member, "") for member in ("name", "title", "type"))
        return _write(scope, _new(scope, name, title, type, scope.user_id, scope.now()))

    def rename(self, scope: Scope, name: str, title: str) -> JsonObject:
        """Give a sandbox another title."""
        return self._change(scope, name, title=title)

    def reset(self, scope: Scope, name: str) -> JsonObject:
        """Forget what a sandbox holds."""
        _empty(scope, name)
        return self._change(scope, name)

    def delete(self, scope: Scope, name: str) -> JsonObject:
        """Close a sandbox for all calls and forget what it holds; its entry stays."""
        deleted = self._change(scope, name, state="deleted")
        _empty(scope, name)
        return deleted

    def _change(self, scope: Scope, name: str, **changes: str) -> JsonObject:
        old = self.find(scope, name)
        if old is None:
            raise LookupError(f"sandbox {name}")
        touched = {"modified": scope.now(), "modifiedBy": scope.user_id}
        return _write(scope, {**old, **changes, "eTag": old["eTag"] + 1, **touched})


def _written(scope: Scope, name: str) -> JsonObject | None:
    """Return a sandbox that has been created or changed."""
    return scope.of_organization().read(ENTRY, name)


def _write(scope: Scope, entry: JsonObject) -> JsonObject:
    organization = scope.of_organization()
    organization.write(organization.change(ENTRY, entry["name"], entry))
    return entry


def _empty(scope: Scope, name: str) -> None:
    sandbox = Sandbox(scope.organization, name)
    # The caller holds the organization's section; nobody in a sandbox's ever asks for that.
    with scope.platform.store.exclusive(sandbox):
        scope.platform.erase(*sandbox)


def _as_given(scope: Scope, name: str) -> JsonObject:
    """Return a sandbox of the settings."""
    title = _GIVEN_TITLES.get(name) or name.replace("-", " ").capitalize()
    type = "production" if name == DEFAULT_PRODUCTION else "development"
    user = scope.platform.derived.user_id("platform")
    return _new(scope, name, title, type, user, _GIVEN_SINCE)


def _new(scope: Scope, name: str, title: str, type: str, user: str, now: int) -> JsonObject:
    return {
        "id": scope.platform.derived.sandbox_id(Sandbox(scope.organization, name)),
        "name": name,
        "title": title,
        "state": "active",
        "type": type,
        "region": REGION,
        "isDefault": name == DEFAULT_PRODUCTION,
        "eTag": 1,
        "created": now,
        "modified": now,
        "createdBy": user,
        "modifiedBy": user,
    }
