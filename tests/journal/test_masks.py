"""What is secret is not shown, wherever it stands, and the rest is not touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.fixtures.library import FixtureLibrary
from emulator.masking.masker import Masker, mask_api_key
from emulator.masking.names import is_harmless, is_like_auth, is_secret
from emulator.masking.texts import MASK, mask_text
from emulator.package_data import data_folder

SECRET = "s3cr3t-Value"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
SAS = "https://a.blob.core.windows.net/c?sv=2020&sr=c&sig=abc%2Bdef&sp=rl"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"auth": {"specName": "a", "params": {"anything": SECRET, "username": "ann"}}}, "ann"),
        ({"auth": {"params": [SECRET]}}, ""),
        ({"auth": {"params": SECRET}}, ""),
        ({"client_secret": SECRET, "client_id": "me"}, "me"),
        ({"access_token": SECRET, "token_type": "bearer"}, "bearer"),
        ([{"deep": [{"privateKey": SECRET}]}], "deep"),
        ([{"op": "replace", "path": "/auth/params/pass", "value": SECRET}], "/auth/params/pass"),
        ([{"op": "add", "path": "/a/password", "value": SECRET}], "/a/password"),
        ([{"op": "add", "path": "/auth/params", "value": {"x": [SECRET, {"y": SECRET}]}}], "x"),
        ({"SASToken": SECRET, "storageAccountName": "mine"}, "mine"),
        ({"note": f"Bearer {SECRET}"}, "note"),
        ({"note": f"AccountName=me;AccountKey={SECRET};Suffix=x"}, "Suffix=x"),
        ({"url": f"https://a?sv=1&sig={SECRET}&sp=r"}, "sp=r"),
        ({"passphrase": [SECRET]}, "passphrase"),
    ],
)
def test_secrets_are_masked_in_json(value: Any, kept: str) -> None:
    before = json.dumps(value)
    masked = json.dumps(Masker().json(value))
    assert SECRET not in masked
    assert MASK in masked
    assert kept in masked
    assert json.dumps(value) == before, "what is masked is a copy"
    assert SECRET.encode() not in Masker().body(before.encode(), "application/json")


@pytest.mark.parametrize(
    "value",
    [
        {"nextToken": "page2", "continuationToken": "p", "_page": {"next": "x"}},
        {"properties": {"password": {"type": "string", "title": "Password"}}},
        {"code": "FLOW-1434-400", "title": "sig is no signature here"},
        {"auth": {"params": {}}, "tokenUrl": "https://a/b", "keyword": "k", "publicKey": "pem"},
        [1, None, True, "text", {"a": {}}],
    ],
)
def test_what_is_no_secret_stays(value: Any) -> None:
    assert Masker().json(value) == value
    sent = json.dumps(value).encode()
    assert Masker().body(sent, "application/json") is sent


def test_masks_keep_type_and_emptiness() -> None:
    sent = {"password": "", "secret": 12, "token": None, "auth": {"params": {"a": True, "b": 7}}}
    masked = {"password": "", "secret": 0, "token": None, "auth": {"params": {"a": True, "b": 0}}}
    assert Masker().json(sent) == masked


def test_headers_are_masked() -> None:
    sent = {
        "authorization": f"Bearer {SECRET}",
        "x-api-key": "client-of-mine",
        "cookie": SECRET,
        "x-sandbox-name": "prod",
        "location": SAS,
    }
    masked = Masker().headers(sent)
    assert masked["authorization"] == f"Bearer {MASK}"
    assert masked["x-api-key"] == f"clie{MASK}"
    assert masked["cookie"] == MASK
    assert masked["x-sandbox-name"] == "prod"
    assert masked["location"].endswith(f"&sig={MASK}&sp=rl")
    assert Masker().headers({"authorization": SECRET})["authorization"] == MASK
    assert Masker().headers({"authorization": ""})["authorization"] == ""
    assert [mask_api_key(key) for key in ("", "short", "long-enough")] == ["", MASK, f"long{MASK}"]


def test_queries_and_forms_are_masked() -> None:
    sent = f"client_id=me&client_secret={SECRET}&scope=a%2Cb&code={SECRET}&empty="
    masked = Masker().query(sent)
    assert SECRET not in masked
    assert "client_id=me" in masked
    assert masked.endswith("&empty=")
    form = Masker().body(sent.encode(), "application/x-www-form-urlencoded; charset=utf-8")
    assert form.decode() == masked
    assert Masker().query("property=name%3D%3Da&limit=2") == "property=name%3D%3Da&limit=2"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"name": "a", "password": "{SECRET}", "broken": ',
        f'{{"name": "a", "clientSecret" : "{SECRET}',
        f"not json: Bearer {SECRET}",
        "\udcff" + f'{{"token":"{SECRET}"',
    ],
)
def test_what_is_no_json_is_masked_as_text(body: str) -> None:
    masked = Masker().body(body.encode("utf-8", "surrogateescape"), "application/json")
    assert SECRET.encode() not in masked
    assert MASK.encode() in masked


def test_texts_give_their_secrets_away_by_form() -> None:
    assert mask_text(f"see {JWT}.") == f"see {MASK}."
    assert "abc" not in mask_text(SAS)
    assert mask_text("plain words") == "plain words"


def test_names() -> None:
    secret = "password client_secret x-auth-token SasUri jwt_token refresh_token accessKey pwd"
    assert all(is_secret(name) for name in secret.split())
    other = "name nextToken page_token tokenUrl publicKey keys designation etag primaryKey"
    assert not any(is_secret(name) for name in other.split())


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "eyJ", "eyJ-", "eyJ.", "eyJaaaaaaaa.", "eyJaaaaaaaa.b", "Bearer ", "Bearer  a "),
        *(
            "token=",
            "token:",
            "token =",
            "password",
            "a.b-",
            "a=",
            '"',
            "'",
            "\\",
            '\\"',
            '"a":',
            "<a>",
        ),
        *("://", "://a:", "://a:b@", "?code=", "&sig=", "sig=a&", "%3D", "{", "[", "=", " ", "\n"),
        *("--edge\r\n", 'name="a"', "\r\n\r\n", "AccountKey=a;", "Cookie: a=b; ", "*"),
    ],
)
def test_masking_takes_time_in_proportion(unit: str) -> None:
    """None of these inputs is looked at twice as often when it is twice as long."""
    text = ("token eyJ auth " + unit * (50_000 // len(unit)))[:50_000]
    for content_type in ("application/json", "application/x-www-form-urlencoded", "multipart/a"):
        masker = Masker("flow_service")
        masker.headers({"authorization": f"Bearer {SECRET}{unit * 10}", "cookie": unit * 50})
        masked = masker.body(text.encode(), content_type)
        assert len(masker.found.absent_from_body(masked)) <= 10 * len(text)


@pytest.mark.parametrize(
    ("name", "is_auth"),
    [
        *(("auth", True), ("Auth", True), ("auht", True), ("aut", True), ("oauth", True)),
        *(("authentication", True), ("authParams", True), ("authSpec", False), ("path", False)),
        *(("params", False), ("name", False), ("author", False), ("data", False)),
    ],
)
def test_a_misspelt_auth_is_one(name: str, is_auth: bool) -> None:
    assert is_like_auth(name) is is_auth


def test_passwords_of_known_auth_specs_have_secret_names() -> None:
    fixtures = FixtureLibrary(data_folder("fixtures")).edition("")
    names = {
        name
        for spec in fixtures.all("connection_specs")
        for member in spec.get("authSpec") or []
        if isinstance(member.get("spec"), dict)
        for name, field in member["spec"].get("properties", {}).items()
        if field.get("format") == "password"
    }
    assert len(names) > 20
    assert {name for name in names if not is_secret(name) or is_harmless(name)} == set()
