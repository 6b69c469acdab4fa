"""Entries without secrets: the one place where what is shown of a call is masked."""

from __future__ import annotations

from dataclasses import replace
from typing import NewType

from emulator.journal.entry import Entry, EntryFinding
from emulator.masking.masker import Masker

MaskedEntry = NewType("MaskedEntry", Entry)
"""An entry that may leave; whatever writes entries takes no other."""


def masked(entry: Entry) -> MaskedEntry:
    """Return an entry without secrets, by where they came from and wherever they reappear.

    It has no request document. One that is masked already is returned as it is.
    """
    if entry.is_masked:
        return MaskedEntry(entry)
    masker = Masker(entry.service)
    return MaskedEntry(_cleaned(_by_place(entry, masker), masker))


def without_secrets_of(entry: Entry, text: str) -> str:
    """Return a text about an entry without what the entry has of secrets."""
    masker = Masker(entry.service)
    _by_place(entry, masker)
    return masker.absent_from(text)


def _by_place(entry: Entry, masker: Masker) -> Entry:
    """Return an entry whose messages are masked by the places in which secrets stand."""
    content_type = entry.headers.get("content-type", "")
    answered = {name.lower(): value for name, value in entry.response_headers.items()}
    return replace(
        entry,
        headers=masker.headers(entry.headers),
        query_string=masker.query(entry.query_string),
        body=masker.body(entry.body, content_type),
        path=masker.text(entry.path),
        response_headers=masker.headers(answered),
        response_body=masker.body(entry.response_body, answered.get("content-type", "")),
        described=None,
        is_masked=True,
    )


def _cleaned(entry: Entry, masker: Masker) -> Entry:
    """Return an entry, masked by place, without the secrets that reappear in it."""
    clean, found = masker.absent_from, masker.found
    return replace(
        entry,
        path=found.absent_from(entry.path),
        query_string=found.absent_from(entry.query_string),
        headers=found.absent_from_values(entry.headers),
        body=found.absent_from_body(entry.body),
        response_headers=found.absent_from_values(entry.response_headers),
        response_body=found.absent_from_body(entry.response_body),
        base_url=found.absent_from(entry.base_url),
        organization=found.absent_from(entry.organization),
        sandbox=found.absent_from(entry.sandbox),
        parameters={name: clean(value) for name, value in entry.parameters.items()},
        findings=tuple(_finding(item, masker) for item in entry.findings),
        deviations=tuple(clean(text) for text in entry.deviations),
        source=clean(entry.source),
    )


def _finding(item: EntryFinding, masker: Masker) -> EntryFinding:
    return replace(
        item, at=masker.found.absent_from_name(item.at), reason=masker.absent_from(item.reason)
    )
