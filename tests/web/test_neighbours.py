"""A path that belongs to no operation: what the client may have meant, or that it meant nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.testing import Aep
from emulator.web.message import Request
from emulator.web.neighbours import MAX_PATH
from tests.bodies import HEADERS
from tests.emulators import new_emulator

BASE = "http://127.0.0.1:8080"


def said(method: str, path: str, **more: Any) -> tuple[int, str, dict[str, str]]:
    request = Request(method, path, {}, base_url=BASE, is_in_process=True, **more)
    response = new_emulator().application.handle(request)
    body = json.loads(response.body)
    text = body.get("detail") or body.get("message") or body.get("error_description")
    return response.status, text, dict(response.headers)


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/data/foundation/flowservice/flow", "/data/foundation/flowservice/flows"),
        ("/flowservice/flows", "/data/foundation/flowservice/flows"),
        ("/flows", "/data/foundation/flowservice/flows"),
        (
            "/data/foundation/data/foundation/flowservice/flows",
            "/data/foundation/flowservice/flows",
        ),
        ("/data/foundation/conversion/mappingset", "/data/foundation/conversion/mappingSets"),
        ("/data/foundation/schemaregistry/tenent/schemas", "/data/foundation/schemaregistry/"),
        (
            "/data/foundation/flowservice/connection/0f3c8a52-aaaa-4bbb-8ccc-121212121212",
            "/data/foundation/flowservice/connections/{id}",
        ),
        ("/ims/token", "/ims/token/v3"),
    ],
)
def test_it_names_the_nearest_paths(path: str, first: str) -> None:
    status, text, _ = said("GET", path)
    assert status == 404
    assert f"; did you mean {first}" in text


def test_paths_with_the_method_come_first() -> None:
    _, text, _ = said("POST", "/data/foundation/flowservice/flow")
    assert "did you mean /data/foundation/flowservice/flows or" in text


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/data/foundation/query/queries", "Query Service API"),
        ("/data/foundation/query", "Query Service API"),
        ("/data/core/ups/segment/jobs", "Segmentation Service API"),
        ("/data/core/ups/access/entities", "Real-Time Customer Profile API"),
        ("/data/foundation/exim/packages", "Sandbox API for packages (sandbox tooling)"),
        ("/ee/v2/interact", "Edge Network API"),
        ("/companies/CO1/properties", "Reactor API (tags)"),
        ("/security/validate/ip-access", "Data Distiller Authorization API"),
        ("/ttl", "Data Hygiene API"),
    ],
)
def test_it_names_the_service_that_is_not_emulated(path: str, service: str) -> None:
    status, text, _ = said("GET", path)
    assert (status, text) == (
        404,
        f"There is no resource at {path}; that is the {service}, which is not emulated",
    )


def test_only_whole_segments_are_another_service() -> None:
    assert "Query Service" not in said("GET", "/data/foundation/queryx")[1]


def test_it_names_them_for_the_platform_s_own_hosts_too() -> None:
    status, text, _ = said(
        "GET", "/data/foundation/query/queries", adobe_host="https://platform.adobe.io"
    )
    assert status == 501
    assert text.endswith("; that is the Query Service API, which is not emulated")


@pytest.mark.parametrize("path", ["/emulator/health", "/_emulatr/journal", "/_Emulator/health"])
def test_it_names_the_control_api(path: str) -> None:
    assert said("GET", path)[1].endswith("; the control API of the emulator is below /_emulator/")


def test_the_control_api_names_its_own() -> None:
    status, text, _ = said("GET", "/_emulator/jurnal")
    assert status == 404
    assert "did you mean /_emulator/journal" in text


@pytest.mark.parametrize("path", ["/abc", "/1", "/%1b", "/" + "a/" * MAX_PATH, "/data", "//"])
def test_where_nothing_is_near_it_names_nothing(path: str) -> None:
    status, text, _ = said("GET", path)
    assert status == 404
    assert "did you mean" not in text


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/health", "/metrics", "/.well-known/x"])
def test_what_any_server_is_asked_for_is_no_violation(aep: Aep, path: str) -> None:
    reply = aep.session.get(path)
    assert reply.status_code == 404
    assert reply.headers["x-emulator-rule"] == "platform.probe"
    aep.assert_no_violations()


def test_a_command_whose_url_has_a_path_breaks_no_rule(aep: Aep) -> None:
    reply = aep.session.get("/data/foundation/_emulator/journal")
    assert (reply.status_code, reply.headers["x-emulator-rule"]) == (404, "platform.probe")
    assert "is below /_emulator/, without /data/foundation" in reply.text
    aep.assert_no_violations()


def test_any_other_unknown_path_is_one(aep: Aep) -> None:
    assert aep.session.get("/healthy").status_code == 404
    with pytest.raises(AssertionError, match=r"platform\.unknown_path \(error\): There is no"):
        aep.assert_no_violations()


def test_a_probe_is_told_where_to_ask() -> None:
    assert said("GET", "/health")[1].endswith("; /_emulator/health is what you look for")
    text = said("GET", "/")[1]
    assert text.endswith("; /_emulator/ui/ or /_emulator/health is what you look for")


def test_a_link_leads_to_what_explains_a_refusal() -> None:
    emulator = new_emulator()

    def get(target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        request = Request("GET", target, headers, base_url=BASE, is_in_process=True)
        response = emulator.application.handle(request)
        return response.status, dict(response.headers), json.loads(response.body)

    _, by_rule, _ = get("/data/foundation/flowservice/flows", {})
    _, by_problem, _ = get("/absent", {})
    for headers in (by_rule, by_problem):
        url, _, relation = headers["Link"].partition(">; ")
        assert relation == 'rel="help"'
        status, _, explained = get(url.removeprefix(f"<{BASE}"), {})
        assert status == 200
        assert explained["id"] == headers["x-emulator-rule"]


def test_an_accepted_call_has_no_link(aep: Aep) -> None:
    reply = aep.session.get("/data/foundation/flowservice/flows", headers=HEADERS)
    assert reply.status_code == 200
    assert "link" not in {name.lower() for name in reply.headers}
