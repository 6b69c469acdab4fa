"""One exchange as data, whoever saw it: an emulator itself, or a recording of other traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.json_types import JsonObject

GATE = "platform.gate"
BODY = "platform.body"
SHARED = (GATE, BODY)
"""Groups of rules that stand before those of every operation."""

TEST_HEADER = "x-emulator-test"
"""The request header by which a test names itself."""

EXPECTS_HEADER = "x-emulator-expects"
"""The request header by which a test says which rules it breaks on purpose; `*` is any."""


@dataclass(frozen=True, slots=True)
class EntryFinding:
    """A rule that a request broke, or the error that refused it without a rule.

    Args:
        at: A JSON pointer into the request document.
        refused: Whether this answered the call.
        is_rule: False for an entry of an error catalogue, `platform.unknown_path` for one.
        mute_reason: Why an overlay has muted the rule; then the finding is not a violation.
    """

    rule: str
    severity: str
    at: str = ""
    reason: str = ""
    refused: bool = False
    is_rule: bool = True
    mute_reason: str = ""


@dataclass(slots=True)
class Entry:
    """What was asked, what was answered, and what the rules said of it.

    Nothing in it is masked; what is shown or kept of it is (`journal.entry_json`).

    Args:
        number: Its place among all exchanges, from 1.
        time: When it was answered, in milliseconds since 1970-01-01 UTC.
        operation: Id of the operation, or `""` for a path or method that no document knows.
        path: The path as it was asked for, without the query string.
        headers: Of the request, with names in lower case.
        judged: The groups of rules that had their say: `platform.gate`, `platform.body`, operation.
        document: The request as the rules saw it; None where they never did.
        findings: In the order of refusal.
        faults: The ids of the faults that hit it on purpose.
        undecided: Rules of which a recording does not tell whether they were broken.
        deviations: Where the response differs from the documents: looked for in recordings, and in
            the emulator's own responses if its self-check is on.
        source: Where in a recording it stands.
    """

    number: int
    time: int
    operation: str
    service: str
    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    base_url: str = ""
    organization: str = ""
    sandbox: str = ""
    edition: str = ""
    enforce: str = ""
    judged: tuple[str, ...] = ()
    document: JsonObject | None = None
    findings: tuple[EntryFinding, ...] = ()
    body_truncated: bool = False
    response_truncated: bool = False
    faults: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    source: str = ""

    @property
    def test(self) -> str:
        """The test that sent it, by its own word, or `""`."""
        return self.headers.get(TEST_HEADER, "")

    @property
    def expects(self) -> tuple[str, ...]:
        """The rules that the sender breaks on purpose."""
        sent = self.headers.get(EXPECTS_HEADER)
        if not sent:
            return ()
        return tuple(name for part in sent.split(",") if (name := part.strip()))

    @property
    def user_agent(self) -> str:
        """The client's user agent."""
        return self.headers.get("user-agent", "")

    @property
    def refusal(self) -> EntryFinding | None:
        """What refused the request, if anything did."""
        return next((item for item in self.findings if item.refused), None)

    def classifications(self) -> dict[str, str]:
        """Return how each broken rule counts: `expected`, `unexpected`, `incidental` or `muted`.

        A request that breaks the rule it was to break may break others beside it: such a test
        sends no more than it needs. Incidental findings count as neither covered nor violated.
        """
        expects = self.expects
        broken = {item.rule for item in self.findings}
        otherwise = "unexpected" if broken.isdisjoint(expects) else "incidental"
        found = {}
        for item in self.findings:
            meant = item.rule in expects or "*" in expects
            if item.mute_reason:
                found[item.rule] = "muted"
            else:
                found.setdefault(item.rule, "expected" if meant else otherwise)
        return found

    @property
    def unmet_expectations(self) -> tuple[str, ...]:
        """The rules that the sender said it would break, and did not.

        A rule of another operation does not count: whoever announces it for a whole test also
        sends what leads there, the call for a token for one.
        """
        expects = self.expects
        if not expects:
            return ()
        broken = {item.rule for item in self.findings}
        return tuple(
            name
            for name in expects
            if self._concerns(name) and name not in broken and not (name == "*" and broken)
        )

    def _concerns(self, rule: str) -> bool:
        if rule.startswith("platform."):
            return self.service != "ims"
        return rule == "*" or not self.operation or rule.startswith(f"{self.operation}.")
