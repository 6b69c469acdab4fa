"""Every case that a rule refuses, sent as a request: it is refused with the rule's problem.

`test_cases.py` holds that a rule alone refuses its cases; here they go the whole way of a request.
All other rules of the operation are muted, so that the case need not be complete; it is taken to be
about what its rule is about, and `test_evidence.py` holds how that is found.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from emulator.contract import Contract, Rule
from emulator.contract.cases import CaseLookup
from emulator.contract.judge import CompiledOperation
from emulator.contract.lookup import Finding
from emulator.contract.model import BODY, GATE, Mute, Operation
from emulator.json_types import Json, JsonObject, dumps
from emulator.testing.client import AepClient
from emulator.web.lookup import BoundLookup
from tests.emulators import aep_for, new_emulator, shipped_contract

CONTRACT: Contract = shipped_contract()
OPERATIONS = sorted({rule.operation for rule in CONTRACT.rules.values()} - {GATE, BODY})
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "----case"
EDITIONS = list(CONTRACT.entries)
CREATE_SCHEMA = "schema_registry.create_schema"
UNSENDABLE = {
    ("batch_ingestion.upload_file.file_is_small", 0): "a quarter of a gigabyte",
    ("batch_ingestion.upload_file_part.part_is_small", 0): "half a gigabyte",
    (f"{CREATE_SCHEMA}.names_differ_in_more_than_case", 2): "a patch, which creates nothing",
    (f"{CREATE_SCHEMA}.union_has_references", 0): "an id in a path that has none",
    (f"{CREATE_SCHEMA}.union_has_references", 1): "an id in a path that has none",
    ("batch_ingestion.upload_file.file_is_not_too_large", 0): "a file of half a gigabyte",
    (f"{CREATE_SCHEMA}.union_namespaces_match", 0): "an id in a path that has none",
}
"""Cases, by rule and number, that are not sent, and why."""


class LookupOfACase(BoundLookup):
    """Finds and answers what the case gives, instead of what the emulator has."""

    __slots__ = ()
    case = CaseLookup({})

    def find(self, kind: str, key: str) -> JsonObject | None:
        return self.case.find(kind, key)

    def all(self, kind: str, texts: tuple[str, ...] = ()) -> list[JsonObject]:
        return self.case.all(kind)

    def ask(self, fact: str, *arguments: Json) -> Json:
        return self.case.ask(fact, *arguments)

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        return self.case.judge(operation, request)


def target_of(operation: Operation, request: JsonObject) -> str:
    """Return path and query of a case; what it does not say of the path does not matter."""
    given = {name: quote(str(value), safe="") for name, value in request["path"].items()}
    path = re.sub(r"\{(\w+)\*?\}", lambda match: given.get(match[1], "any"), operation.path)
    query = urlencode(request["query"], doseq=True)
    return f"{path}?{query}" if query else path


def sent(operation: Operation, request: JsonObject) -> tuple[dict[str, str], bytes | None]:
    """Return headers and content of a case."""
    headers: dict[str, str] = dict(request["headers"])
    if "type" in request["content"]:
        headers["content-type"] = request["content"]["type"]
        return headers, b"{}"
    if "body" not in request:
        return headers, None
    form, content = encoded(operation, request["body"])
    headers.setdefault("content-type", form)
    return headers, content


def encoded(operation: Operation, body: Json) -> tuple[str, bytes]:
    """Return the media type and the bytes of a body."""
    if operation.body != "form":
        return "application/json", dumps(body)
    fields = dict(body)
    if "jwt_claims" in fields:
        claims = urlsafe_b64encode(dumps(fields.pop("jwt_claims"))).decode()
        fields["jwt_token"] = f"e30.{claims}.signature"
    if FORM in operation.consumes:
        return FORM, urlencode(fields).encode()
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    ]
    return f"multipart/form-data; boundary={BOUNDARY}", f"{''.join(parts)}--{BOUNDARY}--".encode()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> AepClient:
    monkeypatch.setattr("emulator.web.engine.BoundLookup", LookupOfACase)
    return aep_for(new_emulator(enforce="strict", journal=0))


def refusal(client: AepClient, rule: Rule, edition: str, case: JsonObject) -> tuple[str, int]:
    """Return by which rule and with which status a case is refused."""
    LookupOfACase.case = given = CaseLookup(case)
    operation = CONTRACT.operations[rule.operation]
    headers, content = sent(operation, given.request)
    usual = {name.lower(): value for name, value in client.headers.items()}
    headers = {**usual, **headers, "x-emulator-edition": edition}
    target = operation.base_path + target_of(operation, given.request)
    response = client.exchange(operation.method, target, headers, content)
    return response.rule, response.status


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_case_is_refused_with_the_problem_of_its_rule(
    client: AepClient, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    for rule, name in latest_rules(operation):
        edition = client.contract.edition(name)
        judged = (other for id in (GATE, BODY, operation) for other in edition.rules_of(id))
        others = tuple(Mute(other.id, "another's case") for other in judged if other.id != rule.id)
        monkeypatch.setattr(edition, "mutes", others)
        about = (rule.about,) if rule.about else ()
        monkeypatch.setattr(CompiledOperation, "subjects_of", lambda *_, about=about: about)
        for number, case in enumerate(rule.cases.refuses):
            if (rule.id, number) not in UNSENDABLE:
                problem = edition.problems[rule.problem]
                assert refusal(client, rule, name, case) == (rule.id, problem.status), number


def latest_rules(operation: str) -> Iterator[tuple[Rule, str]]:
    """Yield each rule of an operation that refuses, with the latest edition that it is in."""
    seen: set[str] = set()
    for name in reversed(EDITIONS):
        for rule in CONTRACT.edition(name).rules_of(operation):
            if rule.id not in seen and rule.severity != "note":
                seen.add(rule.id)
                yield rule, name
