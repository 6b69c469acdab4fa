"""Replies of the Data Access API: lists in pages, files as they are, and ranges of them."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from emulator.byte_ranges import ByteRange
from emulator.filters.numbers import whole_number
from emulator.json_types import JsonObject
from emulator.services.data_access.service import Entry, content_type
from emulator.web import Call, Reply

USUAL_LIMIT = 100
"""How many entries a page has unless a request says how many."""


def page(call: Call, items: list[JsonObject]) -> Reply:
    """Return the page of a list that a call asks for; its count is that of the whole list."""
    limit = whole_number(call.query.get("limit"), USUAL_LIMIT) or USUAL_LIMIT
    start = _start(call.query.get("start"), items)
    body: JsonObject = {
        "data": items[start : start + limit],
        "_page": {"limit": limit, "count": len(items)},
    }
    if start + limit < len(items):
        following = urlencode({**call.query, "start": start + limit, "limit": limit})
        here = f"{_root(call)}{call.operation.path.format_map(call.path)}"
        template = {"href": f"{here}?limit={limit}{{&start}}", "templated": True}
        body["_links"] = {"next": {"href": f"{here}?{following}"}, "page": template}
    return Reply(200, body)


def _start(text: str | None, items: list[JsonObject]) -> int:
    """Return where a page begins: at an index, or at the entry of a name as in 2018."""
    if text is None or text.isdecimal():
        return whole_number(text, 0)
    names = [item.get("name", item.get("dataSetFileId")) for item in items]
    return names.index(text) if text in names else len(items)


def dataset_file(call: Call, file: JsonObject) -> JsonObject:
    """Return a data set file as a batch's list shows it: numbers are texts."""
    return {
        "dataSetFileId": file["id"],
        "dataSetViewId": file["dataSetViewId"],
        "version": file["version"],
        "created": str(file["created"]),
        "updated": str(file["updated"]),
        "isValid": file["isValid"],
        "records": str(file["records"]),
        "size": str(file["size"]),
        "_links": {"self": {"href": f"{_root(call)}/files/{quote(file['id'])}"}},
    }


def entry(call: Call, place: str, item: Entry, folder: str = "") -> JsonObject:
    """Return a file or folder as lists show it; its length is a text."""
    path = f"{folder.strip('/')}/{item.name}" if folder.strip("/") else item.name
    href = f"{_root(call)}/{quote(place)}?path={quote(path, safe='')}"
    return {"name": item.name, "length": str(item.length), "_links": {"self": {"href": href}}}


def _root(call: Call) -> str:
    """Return this API's own address: links lead to the emulator, not to the real platform."""
    return f"{call.base_url}{call.operation.base_path}"


def bytes_of(name: str, content: bytes, span: ByteRange | None = None, size: int = 0) -> Reply:
    """Return a file, or a range of one of so many bytes."""
    headers: dict[str, str] = {"Content-Type": content_type(name), "Accept-Ranges": "bytes"}
    if span is None:
        return Reply(200, content, headers)
    headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    return Reply(206, content, headers)


def description(name: str, size: int) -> Reply:
    """Return the headers of a file without its bytes."""
    headers = {"Content-Type": content_type(name), "Accept-Ranges": "bytes"}
    return Reply(200, b"", {**headers, "Content-Length": str(size)})
