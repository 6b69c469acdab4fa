"""Every request that the documentation prints is accepted, or stands in a reviewed list."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from emulator.contract import load_contract
from emulator.contract.formatting import formatted
from emulator.package_data import data_folder
from tests.corpus.printed_requests import FOLDER, Outcome, pages
from tests.corpus.replay import replay
from tests.corpus.tally import results, sizes

EDITIONS = {"2020-03", "2020-09", "latest"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@cache
def outcomes() -> list[Outcome]:
    """Return what became of every printed request."""
    return [outcome for page in pages() for outcome in replay(page)]


def listed() -> dict[str, str]:
    """Return the reviewed deviations: how each request is answered, by its reference."""
    rows = json.loads((FOLDER / "deviations.json").read_text(encoding="utf-8"))
    assert all(row["kind"] and row["reason"] for row in rows)
    answered = {row["request"]: row["answered"] for row in rows}
    assert len(answered) == len(rows)
    return answered


def test_printed_requests_are_answered_as_their_page_says() -> None:
    """What is not has to stand in `deviations.json`, with what is wrong on which side."""
    found = {each.printed.reference: each.text for each in outcomes() if not each.is_fine}
    assert found == listed()


def test_hardly_a_printed_request_addresses_what_nobody_made() -> None:
    """Such a 404 tests nothing: what a page takes for granted is made before."""
    absent = [each.printed.reference for each in outcomes() if each.is_absent]
    assert len(absent) < 0.05 * len(outcomes()), absent


def test_most_printed_requests_of_a_service_reach_their_resource() -> None:
    """A reader whose substitution breaks sees 404 everywhere, which is fine for one request."""
    sent: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for each in outcomes():
        service = each.printed.file.partition("/")[0]
        sent[service] += 1
        accepted[service] += each.response.status < 300
    few = {name for name, count in sent.items() if count >= 10 and accepted[name] < 0.5 * count}
    assert not few
    assert accepted.total() > 0.7 * sent.total()


def test_corpus_is_large() -> None:
    """Rows leave only for better ones."""
    assert sum(1 for _ in pages()) >= 250
    assert sum(len(page) for page in pages()) >= 1250


def test_readme_counts_the_corpus() -> None:
    """`python -m tests.corpus.tally` prints its tables."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sizes() in text
    assert results(outcomes()) in text


def test_readme_tells_every_kind_of_deviation() -> None:
    """With whose fault it is."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = json.loads((FOLDER / "deviations.json").read_text(encoding="utf-8"))
    assert all(f"| `{row['kind']}` |" in text for row in listed)


def test_live_answers_are_carried_by_the_contract() -> None:
    """By a rule, an error, a reply case or an operation; what is open says why."""
    contract = load_contract(data_folder("contracts"))
    known = {
        *contract.rules,
        *contract.operations,
        *(entry.id for entry in contract.problems),
        *contract.reply_cases.by_id,
    }
    rows = json.loads((FOLDER / "answered.json").read_text(encoding="utf-8"))
    for row in rows:
        assert bool(row.get("open")) != bool(row.get("carriedBy")), row
        assert set(row.get("carriedBy", ())) <= known, row
    assert sum("carriedBy" in row for row in rows) >= 28


def _data() -> list[Any]:
    paths = [*sorted((FOLDER / "printed").rglob("*.json")), FOLDER / "deviations.json"]
    return [pytest.param(path, id=path.stem) for path in [*paths, FOLDER / "answered.json"]]


@pytest.mark.parametrize("path", _data())
def test_data_is_in_the_form_of_the_contract(path: Any) -> None:
    """So that a change to one request is a change to few lines."""
    text = path.read_text(encoding="utf-8")
    assert text == formatted(json.loads(text), keeps_order=True)


def test_printed_requests_say_where_they_stand() -> None:
    """Each has its page, its section, and a date or the commit of its page."""
    for page in pages():
        for printed in page:
            row = printed.row
            assert row["page"]
            assert row["section"]
            assert row.get("date") or row.get("commit")
            assert row["method"] in METHODS
            assert row["path"].startswith("/data/foundation/")
            assert row["edition"] in EDITIONS
            assert row["expected"]
            assert not ("body" in row and "text" in row)


def test_live_answers_name_their_source() -> None:
    """Nothing is taken for an answer of the platform that nobody can look up."""
    rows = json.loads((FOLDER / "answered.json").read_text(encoding="utf-8"))
    assert len(rows) >= 30
    for row in rows:
        assert row["request"]["method"] in METHODS
        assert row["request"]["path"].startswith("/")
        assert row["source"].startswith("https://")
        assert row["says"].endswith(".")
        assert len(row["date"]) == len("2026-01-01")
        assert row["status"] or row["partial"]
