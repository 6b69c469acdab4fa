"""The gate: headers, tokens, organizations, sandboxes and bodies, before any service."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from emulator.budgets import BODY_VALUES
from emulator.clock import ManualClock
from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    CONVERSION,
    FLOW_SERVICE,
    HEADERS,
    SCHEMA_REGISTRY,
    base_connection,
)

FLOWS = f"{FLOW_SERVICE}/flows"
CONNECTIONS = f"{FLOW_SERVICE}/connections"
EDITIONS = ["2020-03", "2020-09", "latest"]
SERVICES = [
    FLOWS,
    f"{SCHEMA_REGISTRY}/tenant/schemas",
    f"{CATALOG}/dataSets",
    f"{CONVERSION}/mappingSets",
]
MISSING = [
    ("x-api-key", 403, {"error_code": "403000", "message": "Api Key is required"}),
    ("Authorization", 403, {"error_code": "403010", "message": "Oauth token is missing."}),
    ("x-gw-ims-org-id", 400, {"error_code": "400003", "message": "Missing header"}),
]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("path", SERVICES)
@pytest.mark.parametrize(("header", "status", "body"), MISSING)
def test_a_missing_header_is_refused_by_the_gateway(
    api: AepClient, edition: str, path: str, header: str, status: int, body: dict[str, str]
) -> None:
    answer = api.call("GET", path, without=(header,), x_emulator_edition=edition)
    assert (answer.status, answer.json) == (status, body)


SANDBOX = "platform.gate.sandbox_is_sent"


@pytest.mark.parametrize("path", SERVICES)
def test_a_missing_sandbox_is_refused_where_the_documents_all_require_it(
    api: AepClient, path: str
) -> None:
    for edition in ("2020-03", "2020-09"):
        answer = api.call("GET", path, without=("x-sandbox-name",), x_emulator_edition=edition)
        assert (answer.status, answer.rule) == (400, SANDBOX)
        assert "x-sandbox-name is missing" in answer.content.decode()


@pytest.mark.parametrize("path", SERVICES)
def test_without_a_name_today_it_is_the_default_production_sandbox(
    api: AepClient, path: str
) -> None:
    for headers in ({}, {"x-sandbox-name": ""}):
        answer = api.call("GET", path, without=("x-sandbox-name",), headers=headers)
        assert SANDBOX in answer.warnings or answer.rule.endswith("accept_is_sent")
        named = api.call("GET", path)
        assert (answer.status, answer.rule) == (named.status, named.rule)
        assert answer.content == named.content or answer.status == 406  # with its time


def test_what_is_created_without_a_name_lies_in_prod(api: AepClient) -> None:
    made = api.call("POST", CONNECTIONS, base_connection(), without=("x-sandbox-name",))
    assert made.status == 201
    path = f"{CONNECTIONS}/{made.json['id']}"
    assert api.call("GET", path, x_sandbox_name="prod").status == 200
    assert api.call("GET", path, x_sandbox_name="dev").status == 404


def test_the_headers_are_judged_in_the_gateways_order(api: AepClient) -> None:
    """Key, token, organization, sandbox: each is only looked at when the ones before are there."""
    without: list[str] = []
    rules = []
    for header in ("x-sandbox-name", "x-gw-ims-org-id", "Authorization", "x-api-key"):
        without.append(header)
        rules.append(
            api.call("GET", FLOWS, without=tuple(without), x_emulator_edition="2020-09").rule
        )
    assert [rule.removeprefix("platform.gate.") for rule in rules] == [
        "sandbox_is_sent",
        "organization_is_sent",
        "token_is_sent",
        "api_key_is_sent",
    ]


@pytest.mark.parametrize("value", ["token", "Basic dXNlcg==", "Bearer", "Bearer ", "Bearer a b"])
def test_a_malformed_token_is_refused(api: AepClient, value: str) -> None:
    answer = api.call("GET", FLOWS, Authorization=value)
    assert answer.status == 401
    assert answer.json == {"error_code": "401013", "message": "Oauth token is not valid"}


def test_the_word_bearer_may_be_written_in_any_case(api: AepClient) -> None:
    assert api.call("GET", FLOWS, Authorization="bearer token").status == 200


@pytest.mark.parametrize("value", ["5C13", "nobody@example.com", "a b@AdobeOrg", "@AdobeOrg"])
def test_a_malformed_organization_is_refused(api: AepClient, value: str) -> None:
    answer = api.call("GET", FLOWS, x_gw_ims_org_id=value)
    assert answer.json == {"error_code": "403027", "message": "User region is missing"}
    assert answer.status == 403


def test_listed_organizations_and_keys_shut_out_the_others(make: Callable[..., AepClient]) -> None:
    api = make(organizations=(HEADERS["x-gw-ims-org-id"],), api_keys=("test-client",))
    assert api.call("GET", FLOWS).status == 200
    foreign = api.call("GET", FLOWS, x_gw_ims_org_id="OTHER@AdobeOrg")
    assert (foreign.status, foreign.json["error_code"]) == (403, "403025")
    unknown = api.call("GET", FLOWS, x_api_key="stranger")
    assert (unknown.status, unknown.json["error_code"]) == (403, "403003")


def test_an_unknown_sandbox_is_refused_in_the_services_own_shape(api: AepClient) -> None:
    answer = api.call("GET", FLOWS, x_sandbox_name="nowhere")
    assert answer.status == 404
    assert answer.json["type"].endswith("FLOW-2100-404")
    assert "'nowhere'" in answer.json["detail"]


def test_all_sandboxes_at_once_are_for_service_tokens(api: AepClient) -> None:
    answer = api.call("GET", FLOWS, x_sandbox_name="*")
    assert (answer.status, answer.rule) == (403, "platform.gate.sandbox_is_one")


def test_sandboxes_can_be_named_or_left_open(make: Callable[..., AepClient]) -> None:
    named = make(sandboxes=("prod", "staging"))
    assert named.call("GET", FLOWS, x_sandbox_name="staging").status == 200
    assert named.call("GET", FLOWS, x_sandbox_name="dev").status == 404
    open_ = make(sandboxes=("*",))
    assert open_.call("GET", FLOWS, x_sandbox_name="feature-12").status == 200
    assert open_.call("GET", FLOWS, x_sandbox_name="Feature").status == 404


def test_a_default_sandbox_serves_clients_that_never_name_one(
    make: Callable[..., AepClient],
) -> None:
    api = make(default_sandbox="prod")
    assert api.call("GET", FLOWS, without=("x-sandbox-name",)).status == 200
    assert api.call("GET", FLOWS, x_sandbox_name="").status == 200


def test_a_sandbox_id_is_remarked_on(api: AepClient) -> None:
    answer = api.call("GET", FLOWS, x_sandbox_id="8129954b-fa83-43ba-a995-4bfa8373ba2b")
    assert answer.status == 200
    assert answer.warnings == ["platform.gate.sandbox_id_is_not_sent"]


def issued(api: AepClient) -> str:
    form = b"grant_type=client_credentials&client_id=test-client&client_secret=s&scope=openid"
    answer = api.call(
        "POST", "/ims/token/v3", content=form, Content_Type="application/x-www-form-urlencoded"
    )
    token: str = answer.json["access_token"]
    return token


def test_only_issued_tokens_are_good_when_asked_for(
    make: Callable[..., AepClient], clock: ManualClock
) -> None:
    api = make(auth="issued")
    assert api.call("GET", FLOWS).json["error_code"] == "401013"
    token = issued(api)
    assert api.call("GET", FLOWS, Authorization=f"Bearer {token}").status == 200
    changed = token[:-2] + ("aa" if token[-2:] != "aa" else "bb")
    assert api.call("GET", FLOWS, Authorization=f"Bearer {changed}").status == 401
    clock.advance(24 * 3600)
    assert api.call("GET", FLOWS, Authorization=f"Bearer {token}").status == 401


def test_a_token_outlives_another_emulator_with_the_same_seed_only(
    make: Callable[..., AepClient],
) -> None:
    token = issued(make(auth="issued", seed="one"))
    same = make(auth="issued", seed="one").call("GET", FLOWS, Authorization=f"Bearer {token}")
    other = make(auth="issued", seed="two").call("GET", FLOWS, Authorization=f"Bearer {token}")
    assert (same.status, other.status) == (200, 401)


@pytest.mark.parametrize("path", SERVICES)
@pytest.mark.parametrize("content_type", ["text/plain", "", "application/xml"])
def test_a_body_that_is_no_json_by_its_own_word_is_refused(
    api: AepClient, path: str, content_type: str
) -> None:
    answer = api.call("POST", path, content=b"{}", Content_Type=content_type)
    if path.startswith(SCHEMA_REGISTRY):
        assert answer.status == 415
        assert "is not supported" in answer.json["detail"]
    else:
        assert answer.status == 400
        assert answer.json["detail"] == "A valid content-type must be specified"


@pytest.mark.parametrize("path", SERVICES)
@pytest.mark.parametrize(
    "raw", [b"{", b'{"a":}', b"\xff\xfe", b"nonsense", b'{"a": NaN}', b'"\\ud800"', b"{} {}"]
)
def test_malformed_json_is_refused(api: AepClient, path: str, raw: bytes) -> None:
    answer = api.call("POST", path, content=raw)
    assert (answer.status, answer.rule) == (400, "platform.body.is_json")


@pytest.mark.parametrize("path", SERVICES)
@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_a_body_that_is_no_object_is_refused(api: AepClient, path: str, raw: bytes) -> None:
    answer = api.call("POST", path, content=raw)
    assert answer.status == 400
    assert answer.rule.partition(".")[0] in (
        "flow_service",
        "schema_registry",
        "catalog",
        "data_prep",
    )


@pytest.mark.parametrize("path", SERVICES)
@pytest.mark.parametrize(
    "raw", [b"[" * 5000 + b"]" * 5000, b'{"a":' * 200_000, b"[" * 101 + b"]" * 101]
)
def test_nesting_beyond_reason_is_refused(api: AepClient, path: str, raw: bytes) -> None:
    answer = api.call("POST", path, content=raw)
    assert (answer.status, answer.rule) == (400, "platform.body.depth_is_within_limit")


@pytest.mark.parametrize("path", SERVICES)
def test_more_values_than_a_body_may_have_are_refused(api: AepClient, path: str) -> None:
    answer = api.call("POST", path, content=b"[" + b"{}," * BODY_VALUES + b"{}]")
    assert (answer.status, answer.rule) == (400, "platform.body.values_are_within_limit")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "' + b"[{," * BODY_VALUES + b'"}',
        b'{"a": [' + b"{}," * (BODY_VALUES - 3) + b"{}]}",
    ],
)
def test_only_values_of_a_body_are_counted(api: AepClient, raw: bytes) -> None:
    answer = api.call("POST", SERVICES[0], content=raw)
    assert not answer.rule.startswith("platform.body")


def test_brackets_in_text_do_not_count_as_nesting(api: AepClient) -> None:
    answer = api.call("POST", FLOWS, {"name": "[" * 5000 + '\\"{'})
    assert answer.rule == "flow_service.create_flow.flow_spec_is_sent"


@pytest.mark.parametrize("path", SERVICES)
def test_a_body_over_the_limit_is_refused(make: Callable[..., AepClient], path: str) -> None:
    api = make(max_body=1000)
    answer = api.call("POST", path, {"name": "a" * 1000})
    assert (answer.status, answer.rule) == (413, "platform.body.length_is_within_limit")


def test_a_documented_operation_that_is_not_emulated_says_so(api: AepClient) -> None:
    left_out = [item for item in api.contract.operations.values() if not item.emulated]
    assert left_out
    for operation in left_out:
        path = operation.base_path + re.sub(r"\{.*?\}", "some-id", operation.path)
        answer = api.call(operation.method, path)
        assert (answer.status, answer.rule) == (501, "platform.not_emulated")
        assert operation.id in answer.content.decode()
        assert operation.reason in answer.content.decode()


@pytest.mark.parametrize("path", ["/nothing", f"{FLOW_SERVICE}/nothing", f"{CATALOG}/nothing/a/b"])
def test_an_unknown_path_is_a_json_404(api: AepClient, path: str) -> None:
    answer = api.call("GET", path)
    assert (answer.status, answer.rule) == (404, "platform.unknown_path")
    assert answer.headers["content-type"] == "application/json"


def test_a_wrong_method_names_the_allowed_ones(api: AepClient) -> None:
    answer = api.call("PUT", FLOWS)
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert "POST" in answer.headers["allow"]


def test_a_request_id_comes_back(api: AepClient) -> None:
    assert api.call("GET", FLOWS, x_request_id="abc").headers["x-request-id"] == "abc"
    assert api.call("GET", FLOWS).headers["x-request-id"]


def test_an_unknown_edition_is_refused(api: AepClient) -> None:
    answer = api.call("GET", FLOWS, x_emulator_edition="1999-12")
    assert (answer.status, answer.rule) == (400, "platform.unknown_edition")
