"""What a rule rests on, for people: its documents, what each does, and where it does so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, get_args

from emulator.contract.loader import Contract
from emulator.contract.model import Does, Rule
from emulator.contract.reply_cases import ReplyCase
from emulator.json_types import JsonObject

DOES = (*get_args(Does), "against")
"""What documents do for a rule, or against it."""


class Source(NamedTuple):
    """A document, what it does for a rule, and the passage of it."""

    id: str
    does: str
    date: str
    passage: str


def sources_of(contract: Contract, rule: Rule | ReplyCase) -> Iterator[Source]:
    """Yield the documents of a rule or reply case: those that demand it first.

    Ids that no document has are left out; `contract.checkup` names them.
    """
    for does in DOES:
        for id, passage in getattr(rule, does).items():
            if id in contract.documents:
                yield Source(id, does, contract.documents[id].date, passage)


def describe_sources(contract: Contract, rule: Rule | ReplyCase) -> list[JsonObject]:
    """Return the documents of a rule or reply case with all that is known of them."""
    described = []
    for source in sources_of(contract, rule):
        row = {**describe_document(contract, source.id), "does": source.does}
        described.append({**row, "passage": source.passage} if source.passage else row)
    return described


def describe_document(contract: Contract, id: str) -> JsonObject:
    """Return title, publisher, date and address of a document."""
    known = contract.documents[id]
    row = {"id": id, "title": known.title, "publisher": known.publisher, "date": known.date}
    return {**row, "address": known.address} if known.address else row
