"""Judges recorded exchanges by an edition, requests and replies both, without an emulator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.contract import Contract, Operation, Rule
from emulator.contract.enforcement import refuses
from emulator.contract.model import BODY, GATE
from emulator.contract.mutes import mark
from emulator.journal.entry import Entry, EntryFinding
from emulator.json_types import MISSING, JsonObject, at
from emulator.platform import Platform
from emulator.sandbox import PLATFORM, Sandbox
from emulator.scope import Scope
from emulator.traffic.hosts import host_of, target_of
from emulator.traffic.judgement import Judgement, RoutedRequest
from emulator.traffic.known_resources import KnownResources
from emulator.traffic.lookup import RecordedLookup
from emulator.traffic.recording import RecordedCall, headers_by_name
from emulator.traffic.replies import Replies
from emulator.traffic.secrets import restored_headers
from emulator.web.limits import limit_of
from emulator.web.message import Request
from emulator.web.request_document import describe, sandbox_of
from emulator.web.routing import Router

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding

UNKNOWN_PATH = "platform.unknown_path"
WRONG_METHOD = "platform.method_not_allowed"
PREFLIGHT = "OPTIONS"
"""The method by which browsers ask before a call to another origin; no document has it."""

_OF_THE_HEAD = ("/headers", "/path", "/query")
"""Where rules look that do not need the body."""


class RecordingJudge:
    """Judges one recording from its beginning to its end, by one edition or several.

    What replies show is learned along the way, so that later requests can be decided; calls are to
    be given in the order in which they were made.
    """

    def __init__(
        self,
        contract: Contract,
        platform: Platform,
        *,
        enforce: str = "documented",
        base_urls: Sequence[str] = (),
    ) -> None:
        """Judge by a contract; `platform` brings the resources that every sandbox has.

        Args:
            enforce: Which findings count as a refusal; see the setting.
            base_urls: Where the platform answers besides its own hosts.
        """
        self.contract = contract
        self._platform = platform
        self._enforce = enforce
        self._base_urls = tuple(base_urls)
        self._router = Router.of(contract)
        self._replies = Replies(contract)
        self.known = KnownResources(contract.resources)
        self._number = 0
        platform.load()

    def route(self, recorded: RecordedCall) -> RoutedRequest | str:
        """Return a request with its operation, or what it asked for that is not of this contract.

        That is another host, the path of an API that no document covers, or `PREFLIGHT`.
        """
        target = target_of(recorded.url, self._base_urls)
        if target is None:
            return host_of(recorded.url) or recorded.url
        if recorded.method == PREFLIGHT:
            return PREFLIGHT
        path, query = target
        route = self._router.find(recorded.method, path)
        if not route.service:
            return path
        headers, unknown, is_hidden = restored_headers(recorded)
        operation = route.operation or Operation("", "GET", "", "", (), service=route.service)
        body = recorded.body or b""
        limit = limit_of(operation, self._platform.settings)
        incoming = Request(
            operation=operation,
            path=route.path,
            headers=headers,
            body=body if len(body) <= limit else b"",
            too_long=len(body) > limit,
            method=recorded.method,
            target=f"{path}?{query}" if query else path,
        )
        return RoutedRequest(recorded, incoming, route, unknown, is_hidden)

    def judge(self, routed: RoutedRequest, edition: Edition) -> Judgement:
        """Return what an edition says of a request, by what has been learned so far.

        All rules are judged, even behind one that refuses the request. What a reply to a read
        shows was so before, and the sandbox existed if a call was accepted.
        """
        if routed.route.operation is None:
            return Judgement(edition.name)
        document = describe(routed.incoming)
        sandbox = self._sandbox(routed, document)
        self._learn_beforehand(routed, document, sandbox)
        scope = Scope(self._platform, edition, sandbox)
        lookup = RecordedLookup(self.known, scope, document)
        judged = Judgement(edition.name, _groups(routed.incoming.operation, document), document)
        for group in judged.groups:
            self._judge_group(routed, edition, group, lookup, judged)
        self._settle(routed, edition, judged)
        return judged

    def _learn_beforehand(
        self, routed: RoutedRequest, document: JsonObject, sandbox: Sandbox
    ) -> None:
        reply, operation = routed.recorded.reply, routed.incoming.operation
        if reply is None:
            return
        if not operation.writes:
            self.known.learn(operation, sandbox, document, reply.status, routed.reply)
        elif reply.status < 300:
            self.known.learn_sandbox(sandbox)

    def _sandbox(self, routed: RoutedRequest, document: JsonObject) -> Sandbox:
        if not routed.incoming.operation.gated:
            return PLATFORM
        return sandbox_of(document, self._platform.settings.default_sandbox)

    def _judge_group(
        self,
        routed: RoutedRequest,
        edition: Edition,
        group: str,
        lookup: RecordedLookup,
        judged: Judgement,
    ) -> None:
        findings, undecided = edition.judge_recorded(group, lookup.request, lookup)
        judged.undecided += undecided
        for finding in findings:
            if self._is_unknown(routed, lookup.request, finding):
                judged.undecided.append(finding.rule)
            else:
                judged.findings.append(finding)
        if group == GATE and routed.is_token_hidden:
            judged.undecided += [rule for rule in edition.rules_of(GATE) if _asks_for_token(rule)]

    def _is_unknown(self, routed: RoutedRequest, document: JsonObject, finding: Finding) -> bool:
        """Tell whether a finding is about what the recording does not show."""
        if routed.recorded.body is None and not finding.rule.at.startswith(_OF_THE_HEAD):
            return True
        value = at(document, finding.at)
        text = value if isinstance(value, str) else str(finding.values.get("value", ""))
        is_text = isinstance(value, str) or value is MISSING
        return is_text and any(part in text for part in routed.unknown)

    def _settle(self, routed: RoutedRequest, edition: Edition, judged: Judgement) -> None:
        operation = routed.incoming.operation.id
        now = self._platform.clock.now()
        judged.findings = mark(judged.findings, edition.mutes, operation, now)
        certain = {finding.rule.id for finding in judged.findings}
        once = {rule.id: rule for rule in judged.undecided if rule.id not in certain}
        judged.undecided = list(once.values())
        refusing = (
            finding
            for finding in judged.findings
            if finding.mute is None and refuses(finding.rule, self._enforce)
        )
        judged.refusal = next(refusing, None)

    def entry(self, routed: RoutedRequest, judged: Judgement) -> Entry:
        """Return a judged exchange as an entry of a journal."""
        recorded, incoming, reply = routed.recorded, routed.incoming, routed.recorded.reply
        self._number += 1
        return Entry(
            number=self._number,
            time=recorded.started or 0,
            operation=incoming.operation.id,
            service=incoming.operation.service,
            method=recorded.method,
            path=incoming.target.partition("?")[0],
            query_string=incoming.query_string,
            headers=incoming.headers,
            body=incoming.body,
            status=reply.status if reply else 0,
            response_headers=headers_by_name(reply.headers) if reply else {},
            response_body=(reply.body or b"") if reply else b"",
            organization=incoming.headers.get("x-gw-ims-org-id", ""),
            sandbox=incoming.headers.get("x-sandbox-name", ""),
            edition=judged.edition,
            enforce=self._enforce,
            judged=judged.groups,
            parameters=incoming.path,
            described=judged.document,
            findings=tuple(_findings(routed, judged)),
            body_truncated=incoming.too_long,
            undecided=tuple(rule.id for rule in judged.undecided),
            deviations=tuple(dict.fromkeys(self._replies.complaints(routed, judged))),
            source=str(recorded.source),
        )

    def learn(self, routed: RoutedRequest, judged: Judgement) -> None:
        """Learn what the reply of an exchange shows; to be called after `judge`."""
        reply = routed.recorded.reply
        if reply is None or judged.document is None:
            return
        document, operation = judged.document, routed.incoming.operation
        sandbox = self._sandbox(routed, document)
        self.known.learn(operation, sandbox, document, reply.status, routed.reply)


def _groups(operation: Operation, document: JsonObject) -> tuple[str, ...]:
    """Return the groups of rules that can judge a request."""
    groups = [GATE] if operation.gated else []
    if content := document["content"]:
        groups.append(BODY)
        if not {"malformed", "tooDeep", "tooLong", "tooMany"}.isdisjoint(content):
            # The operation's rules have nothing to read, and those of the body have said so.
            return tuple(groups)
    return (*groups, operation.id)


def _findings(routed: RoutedRequest, judged: Judgement) -> Iterator[EntryFinding]:
    if routed.route.operation is None:
        id = WRONG_METHOD if routed.route.allowed else UNKNOWN_PATH
        yield EntryFinding(id, "error", refused=True, is_rule=False)
    for finding in judged.findings:
        rule, mute = finding.rule, finding.mute
        yield EntryFinding(
            rule.id,
            rule.severity,
            finding.at,
            finding.reason,
            refused=finding is judged.refusal,
            mute_reason=mute.reason if mute is not None else "",
        )


def _asks_for_token(rule: Rule) -> bool:
    """Tell whether a rule of the gate is about the header Authorization."""
    schema = rule.check.get("schema")
    required = schema.get("required", ()) if isinstance(schema, dict) else ()
    return rule.at == "/headers/authorization" or "authorization" in required
