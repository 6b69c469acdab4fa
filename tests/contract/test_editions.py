"""Editions that say only where they differ from another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.contract import Contract, ContractError, load_contract
from emulator.package_data import data_folder

SHIPPED = data_folder("contracts")


def with_editions(folder: Path, *entries: dict[str, Any]) -> Contract:
    rows = [{"title": "", **entry} for entry in entries]
    (folder / "editions.json").write_text(json.dumps(rows), encoding="utf-8")
    return load_contract(SHIPPED, folder)


def test_documents_of_ones_own_come_before_those_of_the_other_edition(tmp_path: Path) -> None:
    own = {
        "name": "own",
        "extends": "latest",
        "documents": ["aepp"],
        "without": ["postman-samples"],
    }
    contract = with_editions(tmp_path, own)
    latest = contract.entries["latest"].documents
    others = [id for id in latest if id not in ("aepp", "postman-samples")]
    assert contract.entries["own"].documents == ("aepp", *others)


def test_an_edition_may_extend_one_that_extends_another(tmp_path: Path) -> None:
    one = {"name": "one", "extends": "two", "documents": ["aepp"]}
    two = {"name": "two", "extends": "latest", "documents": ["postman-samples"]}
    contract = with_editions(tmp_path, one, two)
    assert contract.entries["one"].documents[:2] == ("aepp", "postman-samples")


@pytest.mark.parametrize(
    ("extends", "reason"),
    [("none", "own extends none: none is not an edition"), ("own", "own extends own: own extends")],
)
def test_an_edition_extends_another_that_there_is(
    tmp_path: Path, extends: str, reason: str
) -> None:
    with pytest.raises(ContractError, match=reason):
        with_editions(tmp_path, {"name": "own", "extends": extends})
