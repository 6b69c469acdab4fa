"""Calls as a store keeps them, and back: see `emulator.store.calls`.

With what a caller proves who it is (tokens, cookies, all that it sends to IMS) is masked before it
is written. The rest is written as it was: masking takes longer than many a call, and the documents
beside it hold the credentials of connections anyway. Whoever shows a call masks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from emulator.contract import Operation
from emulator.journal.entry import TEST_HEADER, Entry, EntryFinding
from emulator.journal.item import JournalItem
from emulator.journal.masked import masked
from emulator.journal.packing import document_of
from emulator.json_types import JsonObject, dumps, loads
from emulator.masking.masker import API_KEY_HEADER, TOKENS, Masker
from emulator.masking.names import is_secret
from emulator.masking.texts import may_hold_secrets
from emulator.store.calls import PackedCall
from emulator.web.message import Request

_DEFAULTS: JsonObject = {"undecided": (), "source": "", "is_masked": False}
"""Members of an entry that an exchange has nothing to say of."""

_TUPLES = ("judged", "faults", "undecided", "deviations")

MAX_REMEMBERED = 1000
"""For how many callers it is remembered what is masked of their headers."""


class CallPacker:
    """Packs calls; callers send the same credentials with many of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], _Credentials] = {}

    def packed(self, item: JournalItem) -> PackedCall:
        """Return a call as it is written."""
        packed = item.packed()
        members, again = packed.members(), packed.again()
        body, response_body = packed.body, packed.response_body
        facts = self._without_credentials(members, again, body, response_body)
        if facts is None:
            entry = masked(packed.entry(item.number))
            sent, members = members["headers"], {**entry.members(), "is_masked": False}
            # The key is no secret, and calls are looked for by it; it is cut when it is shown.
            key = {name: sent[name] for name in (API_KEY_HEADER,) if name in sent}
            facts = _facts(members, again, {**entry.headers, **key})
            body, response_body = entry.body, entry.response_body
        return PackedCall(
            moment=item.moment,
            number=item.number,
            size=item.size,
            test=members["headers"].get(TEST_HEADER, ""),
            facts=facts,
            body=body,
            response_body=response_body,
        )

    def _without_credentials(
        self, members: JsonObject, again: JsonObject, *bodies: bytes
    ) -> bytes | None:
        """Return a call's facts without its caller's credentials, if these are in headers only.

        None if there may be some elsewhere in the call.
        """
        headers = members["headers"]
        if members.get("is_masked"):
            return _facts(members, again, headers)
        query = members["query_string"]
        if members["service"] == TOKENS or (query and may_hold_secrets(query)):
            return None
        secret = {name: value for name, value in headers.items() if _is_credential(name)}
        known = self._credentials(secret, headers.get(API_KEY_HEADER, ""))
        facts = _facts(members, again, {**headers, **known.shown})
        return None if known.reappear_in(facts, *bodies) else facts

    def _credentials(self, secret: dict[str, str], key: str) -> _Credentials:
        them = (key, *secret, *secret.values())
        found = self._known.get(them)
        if found is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            found = self._known[them] = _Credentials(secret, key)
        return found


class _Credentials:
    """The headers with which callers prove who they are.

    Attributes:
        shown: What is shown in their place.
    """

    def __init__(self, headers: dict[str, str], key: str) -> None:
        masker = Masker()
        self.shown = masker.headers(headers)
        # One that is the API key too is written there anyway, and hidden when that is shown.
        marks = masker.found.marks(but=key)
        self._marks = tuple(mark.encode("utf-8", "surrogateescape") for mark in marks)

    def reappear_in(self, *texts: bytes) -> bool:
        """Tell whether any of them may stand in a text, in whatever form."""
        for text in texts:
            for mark in self._marks:
                if mark in text:
                    return True
        return False


def _is_credential(name: str) -> bool:
    return (is_secret(name) and name != API_KEY_HEADER) or name == "cookie"


def _facts(members: JsonObject, again: JsonObject, headers: Mapping[str, str]) -> bytes:
    return dumps({**_DEFAULTS, **members, **again, "headers": headers})


def entry_of(call: PackedCall, operations: Mapping[str, Operation]) -> Entry:
    """Return a call as an entry; its request document can be made if its operation is known."""
    facts = loads(call.facts)
    again, described = facts.pop("again", None), facts.pop("document", None)
    findings = tuple(EntryFinding(**item) for item in facts.pop("findings"))
    facts |= {name: tuple(facts[name]) for name in _TUPLES}
    operation = operations.get(facts["operation"])
    if again is not None and operation is not None:
        described = partial(_described, facts, call.body, operation, again)
    return Entry(
        **facts,
        number=call.number,
        findings=findings,
        body=call.body,
        response_body=call.response_body,
        described=described,
    )


def _described(
    facts: JsonObject, body: bytes, operation: Operation, again: JsonObject
) -> JsonObject:
    """Make the request document again."""
    query = facts["query_string"]
    incoming = Request(
        method=facts["method"],
        target=f"{facts['path']}?{query}" if query else facts["path"],
        headers=dict(facts["headers"]),
        body=body,
        too_long=again["is_too_long"],
        operation=operation,
        path=facts["parameters"],
    )
    return document_of(incoming, again["length"])
