"""One call as data: answered by an emulator, or recorded elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import NamedTuple

from emulator.contract.model import BODY, GATE
from emulator.json_types import JsonObject

SHARED = (GATE, BODY)
"""The groups of rules that judge a request before those of its operation."""

TEST_HEADER = "x-emulator-test"
"""The request header with the name of the test that sends the request."""

EXPECTS_HEADER = "x-emulator-expects"
"""The request header with the rules that the request is expected to break; `*` is any."""


Keys = tuple[int, ...]
"""Which rules of each group apply to a request; see `emulator.coverage.applicable_rules`."""


class CallKind(NamedTuple):
    """What calls are counted by; the members are those of `Entry`."""

    test: str
    edition: str
    operation: str
    judged: tuple[str, ...]
    enforce: str = ""


def test_of(headers: Mapping[str, str]) -> str:
    """Return the name of the test that sends a request, or `""`, as calls are counted by it.

    Parameters of a test may be in its name, a token too.
    """
    name = headers.get(TEST_HEADER, "")
    token = headers.get("authorization", "").rpartition(" ")[2]
    if not name or not token or token not in name:
        return name
    from emulator.masking.masker import Masker  # rarely needed, and not at the start

    masker = Masker()
    masker.headers({"authorization": headers["authorization"]})
    return masker.absent_from(name)


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
    """A request, its response, and the findings of the rules.

    Nothing in it is masked; `journal.masked` masks what is to be shown of it.

    Args:
        number: Its number among all calls, from 1.
        time: When it was answered, in milliseconds since 1970-01-01 UTC.
        operation: Id of the operation, or `""` for an undocumented path or method.
        path: The path as it was requested, without the query string.
        headers: Of the request, with names in lower case.
        judged: The groups of rules that judged it: `platform.gate`, `platform.body`, the operation.
        parameters: Those in the operation's path, by name.
        described: The request document that the rules judged, or what makes it again; None if they
            did not judge, or too little is kept of the body to judge it again.
        findings: In the order of refusal.
        faults: The ids of the faults that were injected.
        undecided: Rules that a recording does not decide.
        deviations: Where the response differs from the documents: looked for in recordings, and in
            the emulator's own responses if its self-check is on.
        source: Its place in a recording, such as a file and an index.
        is_masked: Whether `journal.masked` has made it.
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
    parameters: Mapping[str, str] = field(default_factory=dict)
    described: JsonObject | Callable[[], JsonObject] | None = field(
        default=None, compare=False, repr=False
    )
    findings: tuple[EntryFinding, ...] = ()
    body_truncated: bool = False
    response_truncated: bool = False
    faults: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    source: str = ""
    is_masked: bool = False

    def members(self) -> JsonObject:
        """Return the members by name, but for the number, the bodies and the request document."""
        return dict(zip(_MEMBERS, _members_of(self), strict=True))

    @property
    def document(self) -> JsonObject | None:
        """The request document that the rules judged, if it is known."""
        if callable(self.described):
            self.described = self.described()
        return self.described

    @property
    def kind(self) -> CallKind:
        """What the call is counted by."""
        return CallKind(
            test_of(self.headers), self.edition, self.operation, self.judged, self.enforce
        )

    @property
    def test(self) -> str:
        """The name of the test that sent it, or `""`."""
        return self.headers.get(TEST_HEADER, "")

    @property
    def expects(self) -> tuple[str, ...]:
        """The rules that the request is expected to break, by its header."""
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
        """The finding that refused the request, if one did."""
        return next((item for item in self.findings if item.refused), None)

    @property
    def is_faulted(self) -> bool:
        """Whether a fault answered it: nothing else refuses a call without a finding."""
        return bool(self.faults) and self.status >= 400 and self.refusal is None

    def classifications(self) -> dict[str, str]:
        """Return how each broken rule counts: `expected`, `unexpected`, `incidental` or `muted`.

        A request that breaks the rule it is expected to break may break others too, because such a
        test sends no more than it needs. These incidental findings do not count as violations.
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
        """The rules that the request was expected to break, and did not.

        Rules of other operations do not count: a test that sets the header on all its requests
        also sends others than the one that breaks the rule, such as the request for a token.
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


_APART = ("number", "body", "response_body", "described")
_MEMBERS = tuple(one.name for one in fields(Entry) if one.name not in _APART)
_members_of = attrgetter(*_MEMBERS)
