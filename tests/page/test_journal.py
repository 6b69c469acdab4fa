"""The journal and its calls, read without JavaScript."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from emulator.app import create_emulator
from emulator.budgets import JOURNAL_BODY_BYTES
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.settings import Settings
from tests.emulators import new_emulator
from tests.page.calls import BAD_FLOW, FLOWS, FREQUENCY, HEADERS, refused
from tests.page.markup import UI, follow, press, view


def test_the_first_look_says_what_to_do(client: FlaskClient) -> None:
    page = view(client, "/journal")
    assert "No call yet" in page.text
    assert "curl -i -X POST http://localhost/ims/token/v3" in page.text


def test_calls_are_listed_the_newest_first_with_what_they_broke(client: FlaskClient) -> None:
    client.get(FLOWS, headers=HEADERS)
    refused(client)
    page = view(client, "/journal")
    assert page.text.index(" 2 ") < page.text.index(" 1 ")
    assert f'{FREQUENCY} "hourly" is not one of' in page.text


def test_a_call_says_where_it_is_wrong_by_which_rule_and_what_other_editions_say(
    client: FlaskClient,
) -> None:
    refused(client, **{"x-emulator-test": "tests/test_a.py::test_b"})
    page = view(client, "/journal/1")
    assert "The frequency is once, minute, hour, day or week." in page.text
    assert '"frequency": "hourly", ▲ "hourly" is not one of' in page.text
    assert page.links[FREQUENCY] == f"{UI}/rules/{FREQUENCY}"
    assert any(link.startswith("https://") for link in page.links.values())
    assert "In other editions" in page.text
    assert "2020-03" in page.text
    assert page.links["tests/test_a.py::test_b"].endswith("test=tests%2Ftest_a.py%3A%3Atest_b")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "1 2 3"),
        ("operation=flow_service.create_flow", "2"),
        ("status=4xx", "2 3"),
        (f"rule={FREQUENCY}", "2"),
        ("test=other", "3"),
        ("outcome=accepted", "1"),
    ],
)
def test_the_list_is_filtered(client: FlaskClient, query: str, shown: str) -> None:
    client.get(FLOWS, headers=HEADERS)
    refused(client)
    client.get(f"{FLOWS}/none", headers={**HEADERS, "x-emulator-test": "other"})
    page = view(client, f"/journal?{query}")
    calls = [int(id.removeprefix("call-")) for id in page.ids if id.startswith("call-")]
    assert sorted(calls) == [int(number) for number in shown.split()]
    for name, value in (pair.split("=", 1) for pair in query.split("&") if pair):
        if name != "outcome":
            assert page.form("Filter").fields[name] == value


def test_a_filter_that_cannot_be_used_says_so(client: FlaskClient) -> None:
    client.get(FLOWS, headers=HEADERS)
    assert "status: 'many' is not a status" in view(client, "/journal?status=many").text


def test_a_long_list_has_pages(client: FlaskClient) -> None:
    for _ in range(53):
        client.get(FLOWS, headers=HEADERS)
    first = view(client, "/journal")
    second = view(client, first.links["Older calls"])
    assert sum(id.startswith("call-") for id in first.ids) == 50
    assert [id for id in second.ids if id.startswith("call-")] == ["call-3", "call-2", "call-1"]


def test_only_what_has_changed_is_sent_again(client: FlaskClient) -> None:
    client.get(FLOWS, headers=HEADERS)
    whole = client.get(f"{UI}/journal").get_data(as_text=True)
    seen = whole.partition('"x-seen": "')[2].partition('"')[0]
    same = client.get(f"{UI}/journal", headers={"x-seen": seen})
    assert (same.status_code, same.data) == (204, b"")
    client.get(FLOWS, headers=HEADERS)
    part = client.get(f"{UI}/journal", headers={"x-seen": seen}).get_data(as_text=True)
    assert part.startswith('<div id="live"')
    assert 'id="call-2"' in part
    assert "<html" not in part


def test_a_call_is_sent_again(client: FlaskClient) -> None:
    refused(client)
    page = view(client, "/journal/1")
    after = follow(client, press(client, page.form("Send again")))
    assert "Sent again: 400." in after.text
    assert view(client, "/journal").ids["call-2"] == 1
    assert client.get("/_emulator/journal/2").get_json()["findings"][0]["rule"] == FREQUENCY
    assert "Sent again" not in view(client, "/journal/2").text


def test_what_is_sent_again_has_the_token_that_is_not_shown(client: FlaskClient) -> None:
    client.get(FLOWS, headers={**HEADERS, "Authorization": "Bearer a-secret-token"})
    page = view(client, "/journal/1")
    assert "a-secret-token" not in page.text
    after = follow(client, press(client, page.form("Send again")))
    assert "Sent again: 200." in after.text


def test_a_call_of_which_too_little_is_kept_is_not_sent_again(client: FlaskClient) -> None:
    client.post(FLOWS, json={"name": "x" * (JOURNAL_BODY_BYTES + 1)}, headers=HEADERS)
    page = view(client, "/journal/1")
    assert "only the beginning is kept" in page.text
    after = follow(client, press(client, page.form("Send again")))
    assert "only the beginning is kept" in after.text
    assert "call-2" not in after.ids


def test_a_call_is_a_command_without_its_secrets(client: FlaskClient) -> None:
    refused(client, Authorization="Bearer it's-a-secret")
    text = client.get(f"{UI}/journal/1").get_data(as_text=True)
    assert "a-secret" not in text
    from emulator.journal.curl import curl

    words = shlex.split(curl(client.get("/_emulator/journal/1").get_json()))
    assert words[:4] == ["curl", "-X", "POST", f"http://localhost{FLOWS}"]
    assert "authorization: Bearer $ACCESS_TOKEN" in words
    assert json.loads(words[words.index("--data-raw") + 1]) == BAD_FLOW


def test_forgotten_calls_stay_covered(client: FlaskClient) -> None:
    refused(client)
    page = view(client, "/journal")
    assert (
        "The journal is empty"
        in follow(client, press(client, page.form("Forget these calls"))).text
    )
    assert client.get("/_emulator/journal").get_json()["entries"] == []
    assert client.get("/_emulator/report").get_json()["totals"]["calls"] == 1


def test_a_call_that_is_not_kept_is_not_found(client: FlaskClient) -> None:
    assert "no call 7 is kept" in view(client, "/journal/7", 404).text
    assert "no call that is kept broke a rule" in view(client, "/journal/last", 404).text


def test_without_a_journal_the_page_says_so() -> None:
    with_none = new_emulator(journal=0)
    assert "the setting journal is 0" in view(with_none.wsgi_app.test_client(), "/journal").text
    with_none.close()


def test_an_isolated_emulator_has_a_page_of_its_own(client: FlaskClient) -> None:
    client.get(FLOWS, headers=HEADERS)
    client.get(FLOWS, headers={**HEADERS, "x-emulator-test": "of/its own"})
    own = view(client, f"/t/of%2Fits%20own{UI}/journal")
    assert [id for id in own.ids if id.startswith("call-")] == ["call-2"]
    assert "You look at the isolated emulator of/its own" in own.text
    assert own.links["Rules"] == f"/t/of%2Fits%20own{UI}/rules"
    assert "no call 1 is kept" in view(client, f"/t/of%2Fits%20own{UI}/journal/1", 404).text
    after = press(client, view(client, f"/t/of%2Fits%20own{UI}/journal/2").form("Send again"))
    assert after.headers["Location"] == f"/t/of%2Fits%20own{UI}/journal/3"


def test_names_from_requests_are_text(client: FlaskClient, emulator: Emulator) -> None:
    name = "\"><script>alert(1)</script>'&#x27;"
    client.get(FLOWS, headers={**HEADERS, "x-emulator-test": name, "user-agent": name})
    client.get(f"{FLOWS}/{name}", headers={**HEADERS, "x-sandbox-name": name})
    scripts = view(client, "/rules").tags["script"]
    for path in ("/journal", "/journal/1", "/journal/2", f"/journal?test={name}"):
        page = view(client, path)
        assert page.tags["script"] == scripts
        assert "alert(1)" in page.text or "?" in path


@pytest.mark.parametrize(("auth", "said"), [("any", "Sent again: 200."), ("issued", "not kept")])
def test_calls_in_a_database_have_no_token_to_be_sent_again(
    tmp_path: Path, auth: str, said: str
) -> None:
    made = create_emulator(Settings(store=f"sqlite:///{tmp_path / 'state.db'}", auth=auth))
    client = made.wsgi_app.test_client()
    token = client.post(
        "/ims/token/v3",
        data={
            "grant_type": "client_credentials",
            "client_id": GIVEN["apiKey"],
            "client_secret": "s",
            "scope": "openid",
        },
    ).get_json()["access_token"]
    sent = {**HEADERS, "Authorization": f"Bearer {token}"}
    assert client.get(FLOWS, headers=sent).status_code == 200
    page = view(client, "/journal/2")
    assert token not in page.text
    assert said in follow(client, press(client, page.form("Send again"))).text
    made.close()
