"""What checks may see while they judge a request, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from emulator.contract.model import Mute, Rule
from emulator.json_types import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired on a request: where, why, and what the problem's text needs.

    One with a `mute` neither refuses nor counts as a violation; see `contract.mutes`.
    """

    rule: Rule
    at: str
    reason: str
    values: Mapping[str, object]
    mute: Mute | None = None


class Lookup(Protocol):
    """What lookup checks may see: read-only and bound to one sandbox and edition."""

    request: JsonObject

    def find(self, kind: str, key: str) -> JsonObject | None:
        """Return one resource."""

    def all(self, kind: str, texts: tuple[str, ...] = ()) -> list[JsonObject]:
        """Return every resource of a kind; those without one of some texts may be left out."""

    def ask(self, fact: str, *arguments: Json) -> Json:
        """Return what a fact, `service.function`, is of these arguments."""

    def resolved(self, resource: JsonObject) -> JsonObject:
        """Return the resolved form of an XDM resource as it would be. Do not change it."""

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        """Return what the rules of another operation say of a request."""


class Undecided(Exception):
    """A lookup cannot tell whether something is there, or all of it; the message says what."""


class CarefulLookup(Lookup, Protocol):
    """A lookup that may not know, and is told which rule asks."""

    rule: Rule
