"""The Connectors API: credentials of the data landing zone, and keys for encrypted files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient
from tests.bodies import CONNECTORS

ZONE = f"{CONNECTORS}/landingzone"
CREDENTIALS = f"{ZONE}/credentials"
KEYS = f"{CONNECTORS}/encryption/keys"
USER = "type=user_drop_zone"
REFRESH = f"{CREDENTIALS}?{USER}&action=refresh"
EDITIONS = ["2020-03", "2020-09", "latest"]
KEY = {"encryptionAlgorithm": "PGP", "params": {"passPhrase": "open sesame"}}


def credentials(api: AepClient, type: str = "user_drop_zone", **headers: str) -> dict[str, str]:
    answer = api.call("GET", f"{CREDENTIALS}?type={type}", headers=headers)
    assert answer.status == 200
    found: dict[str, str] = answer.json
    return found


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_landing_zone_is_as_printed(api: AepClient, edition: str) -> None:
    answer = api.call("GET", f"{ZONE}?{USER}", x_emulator_edition=edition)
    assert answer.json == {"containerName": "dlz-user-container", "containerTTL": "7"}
    other = api.call("GET", f"{ZONE}?type=dlz_destination", x_emulator_edition=edition)
    assert other.json == {"containerName": "dlz-destination", "containerTTL": "7"}


def test_credentials_are_those_of_one_container(api: AepClient) -> None:
    mine = credentials(api)
    uri = urlsplit(mine["SASUri"])
    assert uri.netloc == "localhost"
    assert uri.path == f"/{mine['storageAccountName']}/{mine['containerName']}"
    assert uri.query == mine["SASToken"]
    assert len(base64.b64decode(parse_qs(uri.query)["sig"][0])) == 32
    assert credentials(api) == mine
    tokens = {
        mine["SASToken"],
        credentials(api, "dlz_destination")["SASToken"],
        credentials(api, x_sandbox_name="dev")["SASToken"],
    }
    assert len(tokens) == 3


def test_a_refresh_replaces_the_token_and_moves_its_end(api: AepClient, clock: ManualClock) -> None:
    first = credentials(api)
    answer = api.call("POST", REFRESH)
    assert answer.status == 200
    assert answer.json["SASToken"] != first["SASToken"]
    assert answer.json["storageAccountName"] == first["storageAccountName"]
    # 90 days after 2020-09-13, when the clock of the tests stands.
    assert answer.json["expiryDate"] == "2020-12-12"
    assert credentials(api) == answer.json
    again = api.call("POST", REFRESH).json
    assert again["SASToken"] not in (first["SASToken"], answer.json["SASToken"])
    assert credentials(api, "dlz_destination")["SASToken"] != again["SASToken"]
    clock.advance(89 * 24 * 3600)
    assert credentials(api) == again


def test_an_expired_token_is_replaced_when_it_is_read(api: AepClient, clock: ManualClock) -> None:
    refreshed = api.call("POST", REFRESH).json
    clock.advance(90 * 24 * 3600)
    later = credentials(api)
    assert later["SASToken"] != refreshed["SASToken"]
    assert later["expiryDate"] == "2021-03-12"
    assert credentials(api) == later


def test_the_emulators_reset_forgets_a_refresh(api: AepClient) -> None:
    first = credentials(api)
    api.call("POST", REFRESH)
    assert api.call("POST", "/_emulator/reset").status == 204
    assert credentials(api) == first


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("GET", ZONE, "get_landing_zone.type_is_sent"),
        ("GET", f"{ZONE}?type=other", "get_landing_zone.type_is_known"),
        ("GET", CREDENTIALS, "get_landing_zone_credentials.type_is_sent"),
        ("GET", f"{CREDENTIALS}?type=", "get_landing_zone_credentials.type_is_sent"),
        ("POST", f"{CREDENTIALS}?action=refresh", "refresh_landing_zone_credentials.type_is_sent"),
        ("POST", f"{CREDENTIALS}?{USER}", "refresh_landing_zone_credentials.action_is_sent"),
        (
            "POST",
            f"{CREDENTIALS}?{USER}&action=delete",
            "refresh_landing_zone_credentials.action_is_refresh",
        ),
    ],
)
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_wrong_question_is_refused(
    api: AepClient, method: str, path: str, rule: str, edition: str
) -> None:
    before = credentials(api)
    answer = api.call(method, path, x_emulator_edition=edition)
    assert (answer.status, answer.rule) == (400, f"connectors.{rule}")
    assert credentials(api) == before


def test_a_key_is_made(api: AepClient, clock: ManualClock) -> None:
    answer = api.call("POST", KEYS, KEY)
    assert answer.status == 200
    # 180 days, in seconds.
    assert answer.json["expiryTime"] == str(clock.now() // 1000 + 180 * 24 * 3600)
    armour = base64.b64decode(answer.json["publicKey"]).decode()
    assert armour.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    other = api.call("POST", KEYS, {**KEY, "encryptionAlgorithm": "GPG"}).json
    assert other["publicKeyId"] != answer.json["publicKeyId"]
    assert other["publicKey"] != answer.json["publicKey"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([], "body_is_an_object"),
        ({"params": KEY["params"]}, "algorithm_is_sent"),
        ({**KEY, "encryptionAlgorithm": "RSA"}, "algorithm_is_supported"),
        ({"encryptionAlgorithm": "PGP"}, "params_are_sent"),
        ({**KEY, "params": {}}, "params_are_sent"),
        ({**KEY, "params": {"passPhrase": ""}}, "pass_phrase_is_text"),
        ({**KEY, "params": {"passPhrase": 7}}, "pass_phrase_is_text"),
    ],
)
def test_a_wrong_key_is_refused(api: AepClient, body: Any, rule: str) -> None:
    answer = api.call("POST", KEYS, body)
    assert (answer.status, answer.rule) == (400, f"connectors.create_encryption_key.{rule}")


def test_an_observing_emulator_does_not_stumble(make: Callable[..., AepClient]) -> None:
    api = make(enforce="observe")
    for path in (ZONE, CREDENTIALS):
        assert api.call("GET", path).status == 200
    assert api.call("POST", f"{CREDENTIALS}?action=refresh").status == 200
    assert api.call("POST", KEYS, {"encryptionAlgorithm": 7, "params": 8}).status == 200
