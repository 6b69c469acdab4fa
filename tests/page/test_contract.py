"""Operations, rules and editions, read without JavaScript."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.page.calls import FREQUENCY, refused
from tests.page.markup import UI, follow, press, view


def test_operations_are_found_by_words_and_service(client: FlaskClient) -> None:
    counts = client.get("/_emulator/operations").get_json()["counts"]
    assert f"{counts['documented']} documented" in view(client, "/operations").text
    found = view(client, "/operations?q=create+flow&service=flow_service")
    assert found.links["/data/foundation/flowservice/flows"].endswith(".create_flow")
    assert "/data/foundation/catalog/dataSets" not in found.links


def test_an_operation_leads_to_its_rules(client: FlaskClient) -> None:
    page = view(client, "/operations/flow_service.create_flow")
    states = "The frequency is once, minute, hour, day or week."
    assert page.links[states] == f"{UI}/rules/{FREQUENCY}"
    assert "0 calls, 0 of" in page.text
    refused(client)
    called = view(client, "/operations/flow_service.create_flow").text
    assert "1 call 400 , " in called
    assert f"{FREQUENCY} 1 broken unexpectedly" in called
    assert "There is no operation nothing" in view(client, "/operations/nothing", 404).text


def test_operations_that_are_not_emulated_say_why(client: FlaskClient) -> None:
    rows = client.get("/_emulator/operations").get_json()["operations"]
    row = next(row for row in rows if not row["emulated"])
    assert row["reason"] in view(client, f"/operations/{row['id']}").text
    assert row["reason"] in view(client, f"/operations?q={row['id']}").text


def test_rules_are_found_by_words(client: FlaskClient) -> None:
    page = view(client, "/rules?q=frequency+once")
    assert f"{UI}/rules/{FREQUENCY}" in page.links.values()
    assert "rules found among those in force" in page.text
    warnings = view(client, "/rules?severity=warning")
    assert "1 to 60 of" in warnings.text
    assert warnings.form("Search").fields["severity"] == "warning"
    assert "61 to" in view(client, warnings.links["Later"]).text


def test_a_rule_has_its_documents_as_links(client: FlaskClient) -> None:
    known = client.get(f"/_emulator/rules/{FREQUENCY}").get_json()
    page = view(client, f"/rules/{FREQUENCY}")
    for document in known["documents"]:
        assert page.links[document["title"]].startswith("https://")
    for edition in known["editions"]:
        assert edition in page.text


def test_every_rule_and_problem_can_be_shown(client: FlaskClient) -> None:
    rules = client.get("/_emulator/rules").get_json()["rules"]
    for rule in rules[:: max(1, len(rules) // 60)]:
        assert rule["states"].split()[0] in view(client, f"/rules/{rule['id']}").text
    assert "An entry of an error catalogue" in view(client, "/rules/platform.unknown_path").text


def test_an_edition_is_put_in_force(client: FlaskClient) -> None:
    page = view(client, "/editions")
    after = follow(client, press(client, page.form("Put 2020-03 in force")))
    assert "Edition 2020-03 is in force." in after.text
    assert client.get("/_emulator/edition").get_json() == {"edition": "2020-03"}
    assert "edition 2020-03" in after.text


def test_an_unknown_edition_is_refused_in_words(client: FlaskClient) -> None:
    form = view(client, "/editions").form("Put 2020-03 in force")
    answer = press(client, form, edition="1999")
    assert answer.status_code == 400
    assert "expected one of" in answer.get_data(as_text=True)
