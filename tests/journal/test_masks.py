"""What is secret is not shown, wherever it stands, and the rest is not touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.journal.masks import (
    MASK,
    is_secret,
    mask_api_key,
    mask_body,
    mask_headers,
    mask_json,
    mask_query,
    mask_text,
)

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
    masked = json.dumps(mask_json(value))
    assert SECRET not in masked
    assert MASK in masked
    assert kept in masked
    assert json.dumps(value) == before, "what is masked is a copy"
    assert SECRET.encode() not in mask_body(before.encode(), "application/json")


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
    assert mask_json(value) == value
    sent = json.dumps(value).encode()
    assert mask_body(sent, "application/json") is sent


def test_masks_keep_type_and_emptiness() -> None:
    sent = {"password": "", "secret": 12, "token": None, "auth": {"params": {"a": True, "b": 7}}}
    masked = {"password": "", "secret": 0, "token": None, "auth": {"params": {"a": True, "b": 0}}}
    assert mask_json(sent) == masked


def test_headers_are_masked() -> None:
    sent = {
        "authorization": f"Bearer {SECRET}",
        "x-api-key": "client-of-mine",
        "cookie": SECRET,
        "x-sandbox-name": "prod",
        "location": SAS,
    }
    masked = mask_headers(sent)
    assert masked["authorization"] == f"Bearer {MASK}"
    assert masked["x-api-key"] == f"clie{MASK}"
    assert masked["cookie"] == MASK
    assert masked["x-sandbox-name"] == "prod"
    assert masked["location"].endswith(f"&sig={MASK}&sp=rl")
    assert mask_headers({"authorization": SECRET})["authorization"] == MASK
    assert mask_headers({"authorization": ""})["authorization"] == ""
    assert [mask_api_key(key) for key in ("", "short", "long-enough")] == ["", MASK, f"long{MASK}"]


def test_queries_and_forms_are_masked() -> None:
    sent = f"client_id=me&client_secret={SECRET}&scope=a%2Cb&code={SECRET}&empty="
    masked = mask_query(sent)
    assert SECRET not in masked
    assert "client_id=me" in masked
    assert masked.endswith("&empty=")
    form = mask_body(sent.encode(), "application/x-www-form-urlencoded; charset=utf-8")
    assert form.decode() == masked
    assert mask_query("property=name%3D%3Da&limit=2") == "property=name%3D%3Da&limit=2"


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
    masked = mask_body(body.encode("utf-8", "surrogateescape"), "application/json")
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
