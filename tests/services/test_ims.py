"""The Identity Management Service over HTTP: every way to a token leads to one that is good."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from emulator.clock import ManualClock
from emulator.json_types import JsonObject, dumps
from emulator.testing.client import AepClient, Response
from tests.bodies import FLOW_SERVICE

FORM = "application/x-www-form-urlencoded"
CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "test-client",
    "client_secret": "s",
    "scope": "openid",
}
DAY = 24 * 3600


@pytest.fixture
def api(make: Callable[..., AepClient]) -> AepClient:
    """An emulator that accepts only the tokens that it has issued."""
    return make(auth="issued")


def is_good(api: AepClient, token: str) -> bool:
    return api.call("GET", f"{FLOW_SERVICE}/flows", Authorization=f"Bearer {token}").status == 200


def send_form(api: AepClient, path: str, fields: dict[str, str]) -> Response:
    return api.call("POST", path, content=urlencode(fields).encode(), Content_Type=FORM)


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_credentials_are_exchanged_for_a_token(api: AepClient, version: str) -> None:
    answer = send_form(api, f"/ims/token/{version}", CREDENTIALS)
    assert (answer.status, answer.json["token_type"]) == (200, "bearer")
    assert answer.json["expires_in"] == DAY - 1
    assert is_good(api, answer.json["access_token"])


def test_credentials_may_stand_in_the_query(api: AepClient) -> None:
    answer = api.call("POST", f"/ims/token/v3?{urlencode(CREDENTIALS)}")
    assert is_good(api, answer.json["access_token"])


def jwt(clock: ManualClock, **changes: object) -> str:
    """Return a JWT of the test's client, good for an hour; nobody checks its signature."""
    claims: JsonObject = {
        "exp": clock.now() // 1000 + 3600,
        "aud": "https://ims-na1.adobelogin.com/c/test-client",
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": True,
        **changes,
    }
    parts = ({"alg": "RS256"}, claims, "signature")
    return ".".join(urlsafe_b64encode(dumps(part)).decode().rstrip("=") for part in parts)


def test_a_signed_jwt_is_exchanged_for_a_token(api: AepClient, clock: ManualClock) -> None:
    fields = {"client_id": "test-client", "client_secret": "s", "jwt_token": jwt(clock)}
    answer = send_form(api, "/ims/exchange/jwt", fields)
    assert (answer.status, answer.json["token_type"]) == (200, "bearer")
    # This endpoint alone counts in milliseconds.
    assert DAY * 1000 - 1000 < answer.json["expires_in"] < DAY * 1000
    assert is_good(api, answer.json["access_token"])


def test_an_old_jwt_and_one_for_another_client_are_refused(
    api: AepClient, clock: ManualClock
) -> None:
    fields = {"client_id": "test-client", "client_secret": "s"}
    old = jwt(clock, exp=clock.now() // 1000 - 1)
    answer = send_form(api, "/ims/exchange/jwt", {**fields, "jwt_token": old})
    assert (answer.status, answer.rule) == (400, "ims.exchange_jwt.jwt_has_not_expired")
    other = jwt(clock, aud="https://ims-na1.adobelogin.com/c/other-client")
    answer = send_form(api, "/ims/exchange/jwt", {**fields, "jwt_token": other})
    assert (answer.status, answer.rule) == (400, "ims.exchange_jwt.jwt_audience_is_client")
