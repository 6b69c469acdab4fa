"""Replies of the Sandbox API as the samples of the "Sandbox API guide" show them.

The reference differs: it spells `etag`, writes dates in another form and shows types as objects.
The guide says that only services see a sandbox's id; a client needs it, so single sandboxes and the
administrator's list show it here, as the reference does.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

from emulator.json_types import JsonObject
from emulator.services.sandbox_management.listing import Page
from emulator.web import Call

_KEPT = ("property", "orderBy")
_SUMMARY = ("name", "title", "state", "type", "region")


def summary(entry: JsonObject, **changes: str) -> JsonObject:
    """Return what writes answer, with the state that the sample of that write shows."""
    return {name: entry[name] for name in _SUMMARY} | changes


def resetting(entry: JsonObject) -> JsonObject:
    """Return what a reset answers: the one write whose sample shows the id."""
    return {"id": entry["id"], **summary(entry, state="resetting")}


def where_to_look(call: Call) -> dict[str, str]:
    """Return the header that says where the outcome can be read: Sandbox API reference."""
    return {"Location": f"{_sandboxes_url(call)}/{call.path['name']}"}


def full(entry: JsonObject) -> JsonObject:
    """Return a sandbox as administrators see it."""
    return {
        "id": entry["id"],
        **summary(entry),
        "isDefault": entry["isDefault"],
        "eTag": entry["eTag"],
        "createdDate": _date(entry["created"]),
        "lastModifiedDate": _date(entry["modified"]),
        "createdBy": entry["createdBy"],
        "modifiedBy": entry["modifiedBy"],
    }


def _without_id(entry: JsonObject) -> JsonObject:
    return {name: value for name, value in entry.items() if name != "id"}


def available(call: Call, page: Page) -> JsonObject:
    """Return the list for every user, with a pattern for its other pages."""
    template = f"{call.base_url}{call.operation.base_path}/?limit={{limit}}&offset={{offset}}"
    links = {"page": {"href": template, "templated": True}}
    return _listed([_without_id(entry) for entry in page.entries], page, links)


def listed(call: Call, page: Page) -> JsonObject:
    """Return the administrator's list: the next page as a pattern, the others as they are."""
    base = _sandboxes_url(call)
    kept = [(name, value) for name, value in call.query.items() if name in _KEPT]
    rest = f"&{urlencode(kept)}" if kept else ""
    links: JsonObject = {}
    if page.has_more:
        href = f"{base}/?limit={{limit}}&offset={{offset}}{rest}"
        links["next"] = {"href": href, "templated": True}
    if page.offset:
        size = min(page.limit, page.offset)
        links["prev"] = _link(f"{base}?offset={page.offset - size}&limit={size}{rest}")
    links["page"] = _link(f"{base}?offset={page.offset}&limit={page.limit}{rest}")
    return _listed(page.entries, page, links)


def _sandboxes_url(call: Call) -> str:
    return f"{call.base_url}{call.operation.base_path}/sandboxes"


def _link(href: str) -> JsonObject:
    return {"href": href, "templated": None}


def _listed(entries: list[JsonObject], page: Page, links: JsonObject) -> JsonObject:
    counted = {"limit": page.limit, "count": len(entries)}
    return {"sandboxes": entries, "_page": counted, "_links": links}


def _date(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(milliseconds / 1000))
