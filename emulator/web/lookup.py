"""What rules may see of the world: one sandbox, one edition, read-only, remembered for the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.contract.mutes import mark
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox

if TYPE_CHECKING:
    from emulator.contract.judge import Edition, Finding
    from emulator.platform import Platform


class BoundLookup:
    """Finds resources of every service for the rules of one request."""

    def __init__(
        self, platform: Platform, edition: Edition, sandbox: Sandbox, request: JsonObject
    ) -> None:
        self.platform = platform
        self.edition = edition
        self.sandbox = sandbox
        self.request = request
        self.fixtures = platform.fixtures_of(edition)
        self._found: dict[tuple[str, str], JsonObject | None] = {}

    def find(self, kind: str, key: str) -> JsonObject | None:
        place = (kind, key)
        try:
            return self._found[place]
        except KeyError:
            found = self.platform.find(self.sandbox, self.fixtures, kind, key)
            self._found[place] = found
            return found

    def all(self, kind: str) -> list[JsonObject]:
        return self.platform.all(self.sandbox, self.fixtures, kind)

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        within = BoundLookup(self.platform, self.edition, self.sandbox, request)
        findings = self.edition.judge(operation, request, within)
        now = self.platform.clock.now()
        marked = mark(findings, self.edition.mutes, operation, now)
        return [finding for finding in marked if finding.mute is None]
