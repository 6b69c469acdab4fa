"""Answers a request of an operation: gate, rules, view, reply."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from emulator.contract import Contract, Operation
from emulator.contract.enforcement import refuses
from emulator.contract.model import BODY, GATE
from emulator.contract.mutes import mark
from emulator.ongoing import Interrupted
from emulator.platform import Platform
from emulator.problem import Problem
from emulator.sandbox import PLATFORM, Sandbox
from emulator.scope import Scope
from emulator.store import NoRoom, StoreFull, StoreUnavailable, Values
from emulator.web.call import Answer, Call, Part, Reply, Rest, View
from emulator.web.exchange import After, Before, Exchange
from emulator.web.failures import failure_text
from emulator.web.gate import GateMemory
from emulator.web.lookup import BoundLookup
from emulator.web.refusals import problem_of, refusal
from emulator.web.request_document import adds_documents, describe, sandbox_of
from emulator.web.request_ids import RequestIds
from emulator.web.routing import Router

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding
    from emulator.services.interfaces import CatchingUp
    from emulator.web.message import Request

_log = logging.getLogger("emulator")

_NOTHING_SPECIAL = nullcontext()

NO_ROOM = "platform.body.storage_has_room"
"""The rule that a request breaks which brings more than there is room for."""

PLATFORM_HEADERS = (
    "x-api-key",
    "authorization",
    "x-gw-ims-org-id",
    "x-sandbox-name",
    "x-sandbox-id",
)
"""The headers that name caller and sandbox: a request within another one has the same."""


class Engine:
    """Answers requests of operations. `edition` and `enforce` may be changed while it runs.

    What observes or changes exchanges (journal, faults, self-check) adds functions to `before` and
    `after`.
    """

    def __init__(
        self,
        contract: Contract,
        platform: Platform,
        views: Mapping[str, View],
        values: Values,
        process: int = 0,
    ) -> None:
        """Answer with views.

        Args:
            contract: The contract.
            platform: The platform of the emulator.
            views: Of the operations, by their ids.
            values: Where the edition and the enforcement in force are kept.
            process: Tells apart processes that share them, so that ids of requests stay unique.
        """
        self.contract = contract
        self.platform = platform
        self.views = views
        self.before: list[Before] = []
        self.after: list[After] = []
        self.request_ids = RequestIds(platform.ids, process)
        self.values = values
        self.on_values: list[Callable[[Mapping[str, str]], object]] = []
        """Called with the values when they have been read, if other processes may have set them."""
        # Tokens that were issued expire, so what has passed might not pass again.
        self._gate_memory = GateMemory() if platform.settings.auth == "any" else None

    def reset(self) -> None:
        """Put the edition and enforcement of the settings in force, and count requests anew."""
        self.values.clear()
        self.request_ids.count = 0

    def refresh(self) -> Mapping[str, str]:
        """Know what has been chosen while the emulator ran, by whichever process; return it."""
        values = self.values.all()
        for follow in self.on_values:
            follow(values)
        return values

    @property
    def edition(self) -> str:
        """The edition in force: that of the settings, unless another one has been chosen."""
        return self._edition_of(self.values.all())

    @edition.setter
    def edition(self, name: str) -> None:
        self.values.set("edition", name)

    @property
    def enforce(self) -> str:
        """What is enforced: as the settings say, unless something else has been chosen."""
        return self.values.all().get("enforce") or self.platform.settings.enforce

    @enforce.setter
    def enforce(self, name: str) -> None:
        self.values.set("enforce", name)

    def scope(self, sandbox: Sandbox, client: str = "") -> Scope:
        """Return the scope of a sandbox in the edition in force."""
        return Scope(self.platform, self.contract.edition(self.edition), sandbox, client)

    def scopes(
        self, kind: str, organization: str | None = None, name: str | None = None
    ) -> Iterator[Scope]:
        """Yield the scopes of the sandboxes that hold documents of a kind, all or those named."""
        # Before there is one, neither the services nor the rules of an edition are read for it.
        for sandbox in self.platform.store.sandboxes(kind):
            if organization in (None, sandbox.organization) and name in (None, sandbox.name):
                yield self.scope(sandbox)

    def answer(self, incoming: Request) -> Reply:
        """Return the reply to a request. Never raises."""
        exchange = self._exchange(incoming)
        try:
            with self._reading(incoming.operation):
                self._put_in_force(exchange)
                exchange.edition = self._asked_edition(incoming, exchange.edition)
                exchange.reply = self._answer_instead(exchange) or self._answer(exchange)
        except Problem as problem:
            exchange.reply = self.refuse(problem, exchange)
        except Interrupted:
            exchange.reply = self.refuse(Problem("platform.interrupted"), exchange)
        except (StoreUnavailable, StoreFull) as error:
            _log.error("%s: the store fails: %s", incoming.operation.id, error)
            name = "store_full" if isinstance(error, StoreFull) else "store_unavailable"
            exchange.reply = self.refuse(Problem(f"platform.{name}"), exchange)
        except Exception:  # noqa: BLE001 - a bug must not reach a client as HTML
            _log.error("%s failed: %s", incoming.operation.id, failure_text(incoming))
            exchange.reply = self.refuse(Problem("platform.internal_error"), exchange)
        return self._finish(exchange)

    def answer_unrouted(self, incoming: Request, problem: Problem) -> Reply:
        """Return the reply to a request that belongs to no operation: its operation has no id."""
        exchange = self._exchange(incoming)
        with suppress(StoreUnavailable):  # then it is refused as the settings have it
            self._put_in_force(exchange)
        exchange.reply = self.refuse(problem, exchange)
        return self._finish(exchange)

    def perform(self, whole: Exchange, part: Part) -> Reply:
        """Return the reply to a request that another one contains, which has passed the gate."""
        base = whole.incoming.operation.base_path
        sent = whole.incoming.headers
        incoming = replace(
            whole.incoming,
            method=part.method,
            target=base + part.resource,
            # It cannot be for another sandbox than the one that is locked for the whole.
            headers=part.headers | {name: sent[name] for name in PLATFORM_HEADERS if name in sent},
            body=part.body,
        )
        exchange = self._exchange(incoming)
        exchange.edition, exchange.enforce = whole.edition, whole.enforce
        try:
            self._find_operation(incoming)
            exchange.reply = self._answer(exchange)
        except Problem as problem:
            exchange.reply = self.refuse(problem, exchange)
        whole.findings.extend(exchange.findings)
        return exchange.reply

    def _find_operation(self, incoming: Request) -> None:
        path = incoming.target.partition("?")[0]
        route = Router.of(self.contract).find(incoming.method, path)
        if route.operation is None:
            known = "method_not_allowed" if route.allowed else "unknown_path"
            allowed = ", ".join(route.allowed)
            raise Problem(f"platform.{known}", method=incoming.method, path=path, allowed=allowed)
        incoming.operation, incoming.path = route.operation, route.path

    def _edition_of(self, values: Mapping[str, str]) -> str:
        settings = self.platform.settings
        return values.get("edition") or settings.edition or self.contract.default_edition

    def _put_in_force(self, exchange: Exchange) -> None:
        """Let an exchange be judged as has been chosen while the emulator ran."""
        exchange.values = values = self.refresh()
        if self.on_values:
            exchange.time = self.platform.clock.now()
        if values:
            exchange.edition = self.contract.edition(self._edition_of(values))
            exchange.enforce = values.get("enforce") or exchange.enforce

    def _exchange(self, incoming: Request) -> Exchange:
        """Return the beginning of an exchange, judged as the settings say."""
        return Exchange(
            incoming=incoming,
            edition=self.contract.edition(self._edition_of({})),
            enforce=self.platform.settings.enforce,
            request_id=self.request_ids.of(incoming.headers),
            time=self.platform.clock.now(),
        )

    def _reading(self, operation: Operation) -> AbstractContextManager[object]:
        """Return in what to answer a call: one that only looks may see things as it found them."""
        view = self.views.get(operation.id)
        looks = view is not None and not (operation.writes or view.waits)
        return self.platform.store.reading() if looks else _NOTHING_SPECIAL

    def _answer_instead(self, exchange: Exchange) -> Reply | None:
        for before in self.before:
            if (reply := before(exchange)) is not None:
                return reply
        return None

    def _finish(self, exchange: Exchange) -> Reply:
        headers = exchange.reply.headers
        headers["x-request-id"] = exchange.request_id
        if exchange.incoming.operation.id:
            headers["x-emulator-operation"] = exchange.incoming.operation.id
        for after in self.after:
            after(exchange)
        return exchange.reply

    def _asked_edition(self, incoming: Request, edition: Edition) -> Edition:
        name = incoming.headers.get("x-emulator-edition")
        if name is None:
            return edition
        if name not in self.contract.entries:
            known = ", ".join(self.contract.entries)
            raise Problem("platform.unknown_edition", name=name, known=known)
        return self.contract.edition(name)

    def _answer(self, exchange: Exchange) -> Reply:
        incoming, edition = exchange.incoming, exchange.edition
        operation = incoming.operation
        self.platform.load()
        if not operation.emulated or operation.id not in self.views:
            raise Problem("platform.not_emulated", operation=operation.id, reason=operation.reason)
        exchange.request = request = describe(incoming)
        if adds_documents(incoming) and not self.platform.room.has(len(incoming.body)):
            request["content"]["noRoom"] = True
        gated, default = operation.gated, self.platform.settings.default_sandbox
        exchange.sandbox = sandbox = sandbox_of(request, default) if gated else PLATFORM
        client = incoming.headers.get("x-api-key", "")
        scope = Scope(self.platform, edition, sandbox, client)
        lookup = BoundLookup(scope, request)
        if gated:
            self._pass_gate(lookup, exchange)
        if request["content"]:
            self._refuse_first(edition.judge(BODY, request, lookup), exchange)
        try:
            return self._act(scope, lookup, exchange)
        except NoRoom as error:
            raise Problem("platform.no_room", rule=NO_ROOM) from error

    def _act(self, scope: Scope, lookup: BoundLookup, exchange: Exchange) -> Reply:
        """Return the reply to a request that has passed the gate and can be read."""
        request, sandbox = lookup.request, scope.sandbox
        operation = exchange.incoming.operation
        view = self.views[operation.id]
        if view.catches_up is not None and view.catches_up.is_due(scope):
            self._catch_up(view.catches_up, scope, lookup, exchange)
            lookup = BoundLookup(scope, request)
        if operation.writes and operation.gated:
            # Deciding and writing are one step, so that a rule's look at the store stays true.
            with self.platform.store.exclusive(sandbox):
                answer = self._judge_and_view(scope, lookup, exchange)
        elif view.is_long:
            with self.platform.ongoing.work(sandbox):
                answer = self._judge_and_view(scope, lookup, exchange)
        else:
            answer = self._judge_and_view(scope, lookup, exchange)
        reply = answer if isinstance(answer, Reply) else self._rest(answer, sandbox)
        if exchange.findings:
            reply.remark(exchange.findings)
        return reply

    def _pass_gate(self, lookup: BoundLookup, exchange: Exchange) -> None:
        edition, memory = exchange.edition, self._gate_memory
        if memory is not None and memory.knows(edition, lookup):
            return
        findings = edition.judge(GATE, lookup.request, lookup)
        self._refuse_first(findings, exchange)
        if memory is not None:
            memory.learn(edition, lookup, findings)

    def _catch_up(
        self, due: CatchingUp, scope: Scope, lookup: BoundLookup, exchange: Exchange
    ) -> None:
        """Carry out what is due before a request that is accepted; it is judged anew afterwards."""
        known = len(exchange.findings)
        operation = exchange.incoming.operation.id
        self._refuse_first(exchange.edition.judge(operation, lookup.request, lookup), exchange)
        del exchange.findings[known:]
        with suppress(Interrupted):  # what was due has gone, so nothing is due any more
            due.catch_up(scope)

    def _rest(self, rest: Rest, sandbox: Sandbox) -> Reply:
        """Return the reply of a call whose last part lets others write in the sandbox."""
        with self.platform.ongoing.work(sandbox):
            return rest()

    def _judge_and_view(self, scope: Scope, lookup: BoundLookup, exchange: Exchange) -> Answer:
        incoming, edition, request = exchange.incoming, exchange.edition, lookup.request
        operation = incoming.operation
        self._refuse_first(edition.judge(operation.id, request, lookup), exchange)
        call = Call(
            operation=operation,
            contract=self.contract,
            scope=scope,
            lookup=lookup,
            path=incoming.path,
            query=request["query"],
            headers=incoming.headers,
            body=request.get("body"),
            base_url=incoming.base_url,
            perform=partial(self.perform, exchange),
            content=incoming.body,
            findings=exchange.findings,
        )
        return self.views[operation.id].answer(call)

    def _refuse_first(self, findings: list[Finding], exchange: Exchange) -> None:
        if not findings:
            return
        mutes, operation = exchange.edition.mutes, exchange.incoming.operation.id
        findings = mark(findings, mutes, operation, exchange.time)
        exchange.findings.extend(findings)
        for finding in findings:
            if finding.mute is None and refuses(finding.rule, exchange.enforce):
                exchange.refused_by = finding
                raise problem_of(finding)

    def refuse(self, problem: Problem, exchange: Exchange) -> Reply:
        """Return the reply that a problem is in an edition, in the service's own envelope."""
        return refusal(problem, exchange, self.platform.clock.now())
