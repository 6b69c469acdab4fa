"""Every way in which a secret comes in, and every way out: none of them leads through."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from emulator.commands.reporting import save
from emulator.coverage.coverage import Coverage
from emulator.emulator import Emulator
from emulator.journal.journal import Journal
from emulator.journal.text import explanation_lines
from emulator.json_types import JsonObject
from emulator.masking.logs import MaskingFormatter
from emulator.masking.texts import MASK
from emulator.reports.recording import with_recording
from emulator.reports.rendering import FORMATS
from emulator.reports.report import build
from emulator.reports.scope import ReportScope
from emulator.testing import violations
from emulator.testing.client import AepClient
from emulator.testing.remarked_calls import RemarkedCalls
from emulator.traffic.judge import RecordingJudge
from emulator.traffic.verify import verification, verify
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection
from tests.emulators import aep_for
from tests.journal.conftest import Control

CONNECTIONS = f"{FLOW_SERVICE}/connections"
FLOWS = f"{FLOW_SERVICE}/flows"
TOKEN = "/ims/token/v3"
SECRET = 's3cr3t"Vàlue\\with/odd+characters='
PLAIN = "Pl41nS3cretValue0123456789"
SHORT = "pw7"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ3aG9ldmVyLWl0LWlzIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Call = tuple[str, str, dict[str, str], bytes]
"""Method, target, headers besides those of the platform, and body."""


def sent(body: Any) -> bytes:
    return json.dumps(body).encode()


def multipart(name: str, value: str) -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--edge'
    other = '\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nanything\r\n--edge--\r\n'
    return (head + other).encode()


PARTS = {"Content-Type": "multipart/form-data; boundary=edge"}


def with_auth(auth: Any, **changes: Any) -> bytes:
    return sent(base_connection(auth=auth, **changes))


def patch(pointer: str, value: Any) -> Call:
    body = sent([{"op": "replace", "path": pointer, "value": value}])
    return "PATCH", f"{CONNECTIONS}/none", JSON, body


def connection(body: Any) -> Call:
    return "POST", CONNECTIONS, JSON, body if isinstance(body, bytes) else sent(body)


WAYS: dict[str, Call] = {
    "bearer": ("GET", FLOWS, {"Authorization": f"Bearer {PLAIN}"}, b""),
    "bearer twice": ("GET", FLOWS, {"Authorization": f"Bearer Bearer {PLAIN}"}, b""),
    "no scheme": ("GET", FLOWS, {"Authorization": PLAIN}, b""),
    "another scheme": ("GET", FLOWS, {"Authorization": f"Secret {PLAIN}"}, b""),
    "basic": (
        *("GET", f"{FLOWS}/{PLAIN}"),
        {"Authorization": "Basic " + b64encode(f"me:{PLAIN}".encode()).decode()},
        b"",
    ),
    "raw JWT": ("GET", FLOWS, {"Authorization": JWT}, b""),
    "JWT in another header": ("GET", FLOWS, {"x-sandbox-name": JWT}, b""),
    "token for an organization": (
        *("GET", FLOWS),
        {"Authorization": f"Bearer {PLAIN}", "x-gw-ims-org-id": PLAIN},
        b"",
    ),
    "header apikey": ("GET", f"{FLOWS}?limit={PLAIN}", {"apikey": PLAIN}, b""),
    "header api-key": ("GET", FLOWS, {"api-key": PLAIN}, b""),
    "header x-api-key": ("GET", f"{FLOWS}?limit={PLAIN}", {"x-api-key": PLAIN}, b""),
    "header x-auth-token": ("GET", FLOWS, {"x-auth-token": PLAIN}, b""),
    "cookie": ("GET", f"{FLOWS}?limit={PLAIN}", {"Cookie": f"a=b; session={PLAIN}"}, b""),
    "query api_key": ("GET", f"{FLOWS}?api_key={quote(SECRET, safe='')}", {}, b""),
    "query access_token": ("GET", f"{FLOWS}?access_token={PLAIN}&limit={PLAIN}", {}, b""),
    "query without a name": ("GET", f"{FLOWS}?{JWT}", {}, b""),
    "path": ("GET", f"{FLOWS}/{JWT}", {}, b""),
    "unknown path": ("GET", f"{FLOW_SERVICE}/nowhere/{PLAIN}?token={PLAIN}", {}, b""),
    "wrong method": ("PUT", f"{FLOWS}?client_secret={PLAIN}", {}, b""),
    "signed URL": ("GET", f"{FLOWS}?property={quote(f'https://a.b/c?sig={PLAIN}')}", {}, b""),
    **{
        f"token, {name} in {how}": call
        for name in ("client_secret", "jwt_token", "code", "refresh_token", "access_token")
        for how, call in {
            "a form": ("POST", TOKEN, FORM, f"{name}={quote(SECRET, safe='')}&x=y".encode()),
            "a form sent as JSON": ("POST", TOKEN, JSON, f"{name}={PLAIN}&x=y".encode()),
            "a query": ("POST", f"{TOKEN}?{name}={PLAIN}", {}, b""),
            "parts": ("POST", TOKEN, PARTS, multipart(name, PLAIN)),
            "parts without a media type": ("POST", TOKEN, {}, multipart(name, PLAIN)),
            "JSON": ("POST", TOKEN, JSON, sent({name: SECRET})),
            "JSON sent as a form": ("POST", TOKEN, FORM, sent({name: SECRET})),
            "JSON sent as text": (
                "POST",
                TOKEN,
                {"Content-Type": "text/plain"},
                sent({name: PLAIN}),
            ),
            "broken JSON": (
                "POST",
                TOKEN,
                JSON,
                b'{"%s": "%s", ' % (name.encode(), PLAIN.encode()),
            ),
            "cut JSON": ("POST", TOKEN, JSON, b'{"%s": "%s' % (name.encode(), PLAIN.encode())),
            "JSON of Python": ("POST", TOKEN, JSON, f"{{'{name}': '{PLAIN}'}}".encode()),
        }.items()
    },
    "auth": connection(with_auth({"specName": "Basic", "params": {"x": SECRET}}, name=SECRET)),
    "auth, quoted by a reason": connection(
        with_auth({"specName": PLAIN, "params": {"password": PLAIN}}, name={"a": PLAIN})
    ),
    "auth, a number": connection(
        {**base_connection(auth={"params": {"pin": 1234567890}}), "name": 1234567890}
    ),
    "auth, misspelt params": connection(with_auth({"specName": "x", "parms": {"any": PLAIN}})),
    "auth, no params": connection(with_auth({"specName": "x", "any": PLAIN})),
    "auth, a list": connection(with_auth([{"any": PLAIN}])),
    "auth, a text": connection(with_auth(PLAIN, name=[PLAIN])),
    "auth, misspelt": connection({**base_connection(), "auht": {"params": {"any": PLAIN}}}),
    "auth, longer": connection({**base_connection(), "authentication": {"any": PLAIN}}),
    "auth, capital": connection({**base_connection(), "Auth": {"Params": {"Any": PLAIN}}}),
    "auth, broken JSON": connection(b'{"auth": {"params": {"password": "%s"' % PLAIN.encode()),
    "auth, wrong media type": (
        *("POST", CONNECTIONS, {"Content-Type": "text/plain"}),
        with_auth({"specName": "x", "params": {"any": PLAIN}}),
    ),
    "auth, JSON within JSON": connection(
        base_connection(name=3, note=json.dumps({"client_secret": PLAIN}))
    ),
    "a connection string": connection(
        base_connection(name=3, note=f"DefaultEndpoint=x;AccountKey={PLAIN};Suffix=y")
    ),
    "a URL with a user": connection(base_connection(name=3, note=f"sftp://me:{PLAIN}@host/a")),
    "patch of a param": patch("/auth/params/any", PLAIN),
    "patch of params": patch("/auth/params", {"any": [SECRET, {"more": SECRET}]}),
    "patch of auth": patch("/auth", {"specName": "x", "params": {"any": PLAIN}}),
    "patch, misspelt": patch("/auths/param/any", PLAIN),
    "patch without a slash": patch("auth/params/any", PLAIN),
    "patch of a password": patch("/other/password", {"value": PLAIN}),
    "in the test's name": (
        *("POST", CONNECTIONS),
        {**JSON, "Authorization": f"Bearer {PLAIN}", "x-emulator-test": f"test_a[{PLAIN}]"},
        sent(base_connection(name=3)),
    ),
    "in what is expected": (
        *("GET", FLOWS),
        {"x-emulator-expects": f"flow_service.list_flows.{JWT}"},
        b"",
    ),
    "in what is expected, alone": ("GET", FLOWS, {"x-emulator-expects": JWT}, b""),
    "cut by an excerpt": connection(
        with_auth({"specName": "x", "params": {"any": PLAIN}}, name={"a" * 95: PLAIN})
    ),
    "cut to a stump": connection(
        with_auth({"specName": "x", "params": {"any": PLAIN}}, name={"a" * 284: PLAIN})
    ),
    "a long body": connection(
        b'{"name": 3, "pad": "%s", "auth": {"specName": "%s", "params": {"any": "%s"}}}'
        % (b"x" * 2_000_000, PLAIN.encode(), PLAIN.encode())
    ),
    "a private key": connection(
        with_auth(
            {"params": {"privateKey": f"-----BEGIN KEY-----\n{PLAIN}\n-----END KEY-----"}},
            name={"a": f"-----BEGIN KEY-----\n{PLAIN}\n-----END KEY-----"},
        )
    ),
}


def spellings(value: str) -> set[str]:
    """A value as JSON, URLs, forms and pages write it."""
    written = json.dumps(value)[1:-1]
    plain = json.dumps(value, ensure_ascii=False)[1:-1]
    twice = json.dumps(plain, ensure_ascii=False)[1:-1]
    page = value.replace("&", "&amp;").replace('"', "&#34;")
    return {value, written, plain, twice, quote(value), quote(value, safe=""), page}


def what_is_called(coverage: Coverage) -> ReportScope:
    """The rest of a report says what the contract says, two thousand times longer."""
    return ReportScope(frozenset({key.group for key in coverage.tallies if key.group}))


def outputs(control: Control, emulator: Emulator, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Every text that leaves, with what it is."""
    client = emulator.wsgi_app.test_client()

    def got(path: str) -> str:
        return client.get(f"/_emulator/{path}").get_data(as_text=True)

    for form in ("short", "full", "har"):
        yield form, got(f"journal?format={form}")
    for entry in control("journal")["entries"]:
        explained = control(f"journal/{entry['id']}")
        yield "explanation", json.dumps(explained, ensure_ascii=False)
        yield "explanation as text", "\n".join(explanation_lines(explained))
    yield "coverage", got("coverage")
    assert emulator.journal is not None
    assert emulator.coverage is not None
    scope = what_is_called(emulator.coverage.current()).operations or ()
    made = got("report?" + "&".join(f"operation={id}" for id in sorted(scope)))
    yield "report", made
    report = json.loads(made)
    for form, render in FORMATS.items():
        yield f"report as {form}", render(report)
    calls = list(emulator.journal.entries())
    yield "of a test", violations.report(calls, RemarkedCalls(emulator.contract))
    save(emulator.coverage.current().to_json(), tmp_path / "coverage.json")
    yield "coverage file", (tmp_path / "coverage.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_leaves(
    api: AepClient, emulator: Emulator, control: Control, tmp_path: Path, way: str
) -> None:
    method, target, headers, body = WAYS[way]
    named = {name.lower() for name in headers}
    usual = {name: value for name, value in HEADERS.items() if name.lower() not in named}
    api.exchange(method, target, {**usual, **headers}, body)
    for what, text in outputs(control, emulator, tmp_path):
        for secret in (SECRET, PLAIN, PLAIN[:8], JWT, JWT[:40], JWT.rpartition(".")[2]):
            for written in spellings(secret):
                assert written not in text, (what, written)
        assert "1234567890" not in text, what


def test_short_secrets_are_masked_in_quotes_and_tear_no_words(
    api: AepClient, control: Control
) -> None:
    auth = {"specName": f"a {SHORT} b", "params": {"password": SHORT}}
    api.exchange("POST", CONNECTIONS, {**HEADERS, **JSON}, with_auth(auth, name={"a": SHORT}))
    explained = control("journal/1")
    name, spec = (item["reason"] for item in explained["findings"])
    assert name == f'{{"a":"{MASK}"}} is not of type "string"'
    assert spec.startswith(f'"a {SHORT} b" is not one of')
    shown = explained["request"]["body"]["auth"]
    assert shown == {"specName": f"a {SHORT} b", "params": {"password": MASK}}


def test_tokens_that_are_issued_are_masked(
    api: AepClient, emulator: Emulator, control: Control, tmp_path: Path
) -> None:
    grant = b"grant_type=client_credentials&client_id=me&client_secret=none&scope=openid"
    token = api.exchange("POST", TOKEN, FORM, grant).json["access_token"]
    api.exchange("GET", FLOWS, {**HEADERS, "Authorization": f"Bearer {token}"})
    for what, text in outputs(control, emulator, tmp_path):
        assert token[:60] not in text, what
        assert token.rpartition(".")[2] not in text, what
    assert "client_id=me" in json.dumps(control("journal?format=full"))


@pytest.mark.parametrize("way", ["bearer", "basic", "token, code in parts", "auth", "signed URL"])
def test_a_test_of_a_client_sees_what_it_sent(api: AepClient, journal: Journal, way: str) -> None:
    method, target, headers, body = WAYS[way]
    api.exchange(method, target, {**HEADERS, **headers}, body)
    (entry,) = journal.entries()
    assert entry.body == body
    assert all(entry.headers[name.lower()] == value for name, value in headers.items())


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_of_recorded_traffic_leaves(emulator: Emulator, tmp_path: Path, way: str) -> None:
    method, target, headers, body = WAYS[way]
    usual = {name: value for name, value in HEADERS.items() if name not in headers}
    pairs = [{"name": name, "value": value} for name, value in {**usual, **headers}.items()]
    said = {"status": 400, "content": {"text": f"{PLAIN} {JWT}"}}
    request: JsonObject = {"method": method, "url": f"https://platform.adobe.io{target}"}
    request |= {"headers": pairs, "postData": {"text": body.decode()}}
    recording = {"log": {"entries": [{"request": request, "response": said}]}}
    (tmp_path / "a.har").write_text(json.dumps(recording), encoding="utf-8")
    judge = RecordingJudge(emulator.contract, emulator.platform)
    made = verification(judge, "latest", "2020-03")
    verify(made, [tmp_path / "a.har"])
    report = build(emulator.contract, made.coverage, what_is_called(made.coverage))
    assert made.comparison is not None
    report = with_recording(report, made.counted.to_json(), made.comparison.to_json())
    sent_text = json.dumps([target, body.decode(), headers], ensure_ascii=False)
    secrets = [secret for secret in (SECRET, PLAIN, JWT) if secret in sent_text]
    for name, render in FORMATS.items():
        text = render(report) if secrets else ""
        assert not [secret for secret in secrets if secret in text], name


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_logged(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    method, target, headers, body = WAYS[way]
    sent_text = " ".join([target, *headers.values(), body.decode()])

    def fail(*_: object) -> None:
        raise ValueError(f"cannot use {sent_text[-5000:]}")

    # The text of the error stands in the traceback, and the line that raised it does not.
    monkeypatch.setattr(emulator.engine, "_answer", fail)
    monkeypatch.setattr(Coverage, "add", fail)
    usual = {name: value for name, value in HEADERS.items() if name not in headers}
    aep_for(emulator).exchange(method, target, {**usual, **headers}, body)
    assert emulator.coverage is not None
    emulator.coverage.current()
    assert "cannot use" in caplog.text
    for secret in (SECRET, PLAIN, JWT):
        for written in spellings(secret):
            assert written not in caplog.text


def test_what_is_logged_elsewhere_is_masked_by_its_form() -> None:
    formatter = MaskingFormatter("%(levelname)s %(message)s")
    record = logging.LogRecord(
        "a", logging.ERROR, "", 0, "with %s at %s", (JWT, "/a?token=b"), None
    )
    assert formatter.format(record) == f"ERROR with {MASK} at /a?token={MASK}"
