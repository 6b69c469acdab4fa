"""The forms of a report: each is what its readers take it for, whatever the calls contain."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from emulator.json_types import JsonObject
from emulator.reports.rendering import FORMATS, MEDIA_TYPES
from emulator.reports.thresholds import Thresholds, demands
from emulator.reports.verdict import judged
from tests.reports.conftest import LIMIT, NAME, TEST

UNDEMANDED = Thresholds()
STRICT = Thresholds("violations", rules=0.01)
PATH = "/data/foundation/flowservice/nowhere"
NEAREST = "GET /data/foundation/flowservice/flows"


@pytest.fixture(scope="module", params=[UNDEMANDED, STRICT], ids=["open", "failed"])
def shown(request: pytest.FixtureRequest, report: JsonObject) -> JsonObject:
    """The report, of which nothing is demanded, or two things, of which one is fulfilled."""
    return judged(report, demands(report, request.param))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_finding(shown: JsonObject, form: str) -> None:
    text = FORMATS[form](shown)
    assert NAME in text
    assert TEST in text
    assert text.endswith("\n")
    assert all(failure in text for failure in shown["failures"])
    assert form in MEDIA_TYPES


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_verdict_circumstances_and_unknown_paths(
    shown: JsonObject, form: str
) -> None:
    text = unescape(FORMATS[form](shown)).replace("\\", "")
    assert shown["verdict"]["found"] in text
    for said in (PATH, NEAREST, "documented", "2020-09-13T12:26:40", "latest"):
        assert said in text, said
    for row in shown["verdict"]["demands"]:
        assert row["by"] in text
    if form in ("terminal", "markdown"):
        assert shown["verdict"]["found"] in text.splitlines()[0]


@pytest.mark.parametrize("form", ["html", "markdown", "junit", "sarif", "terminal", "json"])
def test_every_format_leads_to_the_documents(report: JsonObject, form: str) -> None:
    text = FORMATS[form](report).replace("\\", "")
    for row in report["violations"]:
        for document in row.get("documents", ()):
            assert document["address"] in text


class Page(HTMLParser):
    """Collects what a page loads, and sees that what it opens it closes."""

    VOID = ("meta", "input", "br", "link", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        loading = ("src",) if tag == "a" else ("src", "href")
        self.loads += [value or "" for name, value in attrs if name in loading]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(shown: JsonObject) -> None:
    text = FORMATS["html"](shown)
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert page.loads == ["data:,"], "no icon, so that no browser asks for one"
    assert "url(" not in text
    assert "@import" not in text
    assert page.inside.count("b") == len(re.findall("<b[ >]", text))
    assert "<b>&" not in text.replace("<b>&lt;", "")


def hostile(report: JsonObject) -> JsonObject:
    """The report with every text of its findings replaced by one that breaks out of markup."""
    evil = "</pre><script>alert(1)</script> ```` | ` ]]> \x00\ufffe \x1b[31m"

    def replaced(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: replaced(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item, name) for item in value]
        keep = ("rule", "severity", "operation", "at", "outcome", "service")
        return evil if isinstance(value, str) and name not in keep else value

    kinds = ("violations", "warnings", "unmetExpectations", "muted")
    return {**report, **{kind: replaced(report[kind]) for kind in kinds}}


@pytest.mark.parametrize("form", ["html", "markdown", "junit"])
def test_hostile_texts_stay_texts(report: JsonObject, form: str) -> None:
    text = FORMATS[form](hostile(report))
    if form == "junit":
        ET.fromstring(text)
    elif form == "html":
        assert text.count("<script>") == 1
        assert "</pre><script>" not in text
    else:
        fences = [line for line in text.splitlines() if line.startswith("````")]
        assert len(fences) == 2 * text.count("````text")
        outside = re.sub(r"````text.*?^````$", "", text, flags=re.DOTALL | re.MULTILINE)
        plain = re.sub(r"`[^`]*`", "", outside.replace("\\`", ""))
        assert "script" in plain
        assert not re.search(r"(?<!\\)<script", plain)


def test_junit(shown: JsonObject) -> None:
    """What junit-10.xsd of the Jenkins plugin demands: names, counts, and one kind of child."""
    root = ET.fromstring(FORMATS["junit"](shown))
    assert root.tag == "testsuites"
    cases = 0
    failed = 0
    for suite in root:
        assert suite.tag == "testsuite"
        own = suite.findall("testcase")
        assert suite[0].tag == "properties"
        assert len(own) == len(suite) - 1 == int(suite.get("tests", ""))
        assert suite.get("name")
        for case in own:
            assert case.get("name")
            assert case.get("classname")
            assert {child.tag for child in case} <= {"failure", "system-out"}
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures", ""))
        cases += len(own)
        failed += int(suite.get("failures", ""))
    assert (root.get("tests"), root.get("failures")) == (str(cases), str(failed))
    demanded = shown["verdict"]["demands"]
    assert cases == shown["totals"]["rules"]["covered"] + 2 + len(demanded)
    assert failed == shown["totals"]["violations"] + 1 + len(shown["failures"])
    (suite,) = (suite for suite in root if suite.get("name") == "flow_service")
    found = {case.get("name"): case for case in suite}
    failure = found[NAME].find("failure")
    assert failure is not None
    assert '"name": 3' in (failure.text or "")
    remark = found[LIMIT].find("system-out")
    assert remark is not None


SARIF: JsonObject = {
    "type": "object",
    "required": ["version", "runs", "$schema"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "endTimeUtc": {"type": "string", "format": "date-time"},
                                "toolExecutionNotifications": {
                                    "items": {
                                        "required": ["message"],
                                        "properties": {
                                            "level": {"enum": ["none", "note", "warning", "error"]},
                                            "message": {"$ref": "#/$defs/message"},
                                        },
                                        "additionalProperties": False,
                                    }
                                },
                            },
                            "additionalProperties": False,
                        }
                    },
                    "properties": {"type": "object"},
                    "tool": {
                        "required": ["driver"],
                        "properties": {"driver": {"$ref": "#/$defs/driver"}},
                    },
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "message": {
            "type": "object",
            "required": ["text"],
            "properties": {"text": {"type": "string", "minLength": 1}},
            "additionalProperties": False,
        },
        "driver": {
            "required": ["name"],
            "properties": {
                "rules": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {
                        "required": ["id"],
                        "properties": {
                            "shortDescription": {"$ref": "#/$defs/message"},
                            "fullDescription": {"$ref": "#/$defs/message"},
                            "help": {"$ref": "#/$defs/message"},
                            "helpUri": {"type": "string", "pattern": "^https://\\S+$"},
                        },
                    },
                }
            },
        },
        "result": {
            "type": "object",
            "required": ["message", "ruleId", "locations"],
            "properties": {
                "message": {"$ref": "#/$defs/message"},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                "locations": {
                    "minItems": 1,
                    "items": {
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "required": ["artifactLocation", "region"],
                                "properties": {
                                    "artifactLocation": {
                                        "properties": {
                                            "uri": {"type": "string", "pattern": "^[!-~]+$"}
                                        }
                                    },
                                    "region": {
                                        "properties": {
                                            "startLine": {"type": "integer", "minimum": 1}
                                        }
                                    },
                                },
                            }
                        },
                    },
                },
            },
        },
    },
}
"""What the schema of SARIF 2.1.0 demands of the members that we write, in our own words."""


def test_sarif(shown: JsonObject) -> None:
    log = json.loads(FORMATS["sarif"](shown))
    jsonschema.Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    by_rule = {result["ruleId"]: result for result in run["results"]}
    place = by_rule[NAME]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "tests/test_client.py"
    names = [location["fullyQualifiedName"] for location in place["logicalLocations"]]
    assert names == ["flow_service.create_connection", "/body/name"]
    assert (by_rule[NAME]["level"], by_rule[LIMIT]["level"]) == ("error", "warning")
    uri = by_rule[LIMIT]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "operations/flow_service.list_flows"
    prints = [tuple(result["partialFingerprints"].values()) for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_json_is_the_report(shown: JsonObject) -> None:
    said = json.loads(FORMATS["json"](shown))
    assert said == shown


def test_markdown_tables_have_their_columns(report: JsonObject) -> None:
    text = FORMATS["markdown"](report)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 15
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert widths == {3, 4, 5}
