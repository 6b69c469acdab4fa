"""The landing zone's storage, as clients of Azure Blob Storage call it with a shared signature.

What credentials of the landing zone call `SASUri` leads here: put, get, list and delete blobs. It
is what the Blob service does that uploaders need (Azure Storage REST API: Put Blob, Put Block, Put
Block List, Get Blob, Get Blob Properties, Delete Blob, List Blobs), and no part of Adobe's APIs.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from urllib.parse import parse_qs

from flask import Blueprint, Response, request

from emulator import budgets
from emulator.byte_ranges import read_byte_range
from emulator.data_plane.files import ConnectionFiles, File
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.services.connectors.block_list import BlockListError, read_block_list
from emulator.store import NoRoom
from emulator.web.call import Reply
from emulator.web.engine import Engine
from emulator.web.flask_app import flask_response
from emulator.web.routing import STORAGE

MAX_BLOCKS = 50_000
"""How many blocks Azure makes a blob of."""

_XML = '<?xml version="1.0" encoding="utf-8"?>'


def make_storage(engine: Engine) -> Blueprint:
    """Return the storage of an emulator's landing zones."""
    blueprint = Blueprint("storage", "emulator.admin")
    container, blob = STORAGE
    for path, methods, act in (
        (blob, ["PUT"], _put),
        (blob, ["GET", "HEAD"], _get),
        (blob, ["DELETE"], _delete),
        (container, ["GET", "HEAD"], _list),
    ):
        view = partial(_answer, engine, act)
        blueprint.add_url_rule(
            path, act.__name__, view, methods=methods, provide_automatic_options=False
        )
    return blueprint


class _Refused(Exception):
    """A call that Azure would refuse, with its status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class _Area:
    """The files of a container, for a caller whose signature is good."""

    def __init__(self, platform: Platform, account: str, container: str) -> None:
        sent = {
            name: values[-1]
            for name, values in parse_qs(request.query_string.decode("utf-8", "replace")).items()
        }
        found = platform.services.connectors.account(account)
        if found is None:
            raise _Refused(404, "ResourceNotFound")
        sandbox, tokens = found
        if (container, sent.get("si"), sent.get("sig")) not in tokens:
            raise _Refused(403, "AuthenticationFailed")
        self.query = sent
        self.platform = platform
        self.sandbox: Sandbox = sandbox
        self.container = container
        self.files = ConnectionFiles(platform)

    def file(self, path: str) -> File:
        file = self.files.find(self.sandbox, self.container, path)
        if file is None:
            raise _Refused(404, "BlobNotFound")
        return file


def _answer(
    engine: Engine, act: Callable[[_Area, str], Reply], rest: str, container: str, path: str = ""
) -> Response:
    """Answer a call to a container or to a blob in it; errors are Azure's, in XML."""
    platform = engine.platform
    engine.refresh()  # another process may have moved the clock
    try:
        area = _Area(platform, f"dlblobstore{rest}", container)
        with platform.store.exclusive(area.sandbox):
            reply = act(area, path)
    except _Refused as refused:
        reply = _refusal(refused)
    except NoRoom:  # Azure has no limit for all of an account
        reply = _refusal(_Refused(413, "RequestBodyTooLarge"))
    reply.headers.setdefault("Content-Type", "application/xml")
    reply.headers["x-ms-version"] = request.headers.get("x-ms-version", "2020-04-08")
    reply.headers["Date"] = formatdate(platform.clock.now() / 1000, usegmt=True)
    return flask_response(reply)


def _put(area: _Area, path: str) -> Reply:
    """Write a blob: whole, a block of it, or of blocks that were sent before."""
    kind, limit = area.query.get("comp"), area.platform.settings.max_upload
    sent = _body(limit if kind != "blocklist" else min(limit, budgets.BLOCK_LIST_BYTES))
    is_new_only = request.headers.get("If-None-Match") == "*" and kind != "block"
    if is_new_only and area.files.find(area.sandbox, area.container, path):
        raise _Refused(409, "BlobAlreadyExists")
    if kind == "block":
        if not (block := area.query.get("blockid")):
            raise _Refused(400, "MissingRequiredQueryParameter")
        area.files.put_block(area.sandbox, area.container, path, block, sent)
        return Reply(201, b"")
    if kind == "blocklist":
        file = _put_blocks(area, path, sent)
    elif kind is None and request.headers.get("x-ms-blob-type", "BlockBlob") == "BlockBlob":
        file = area.files.put(area.sandbox, area.container, path, sent)
    else:
        raise _Refused(501, "NotImplemented")
    return Reply(201, b"", {**_dates(file), "x-ms-request-server-encrypted": "true"})


def _put_blocks(area: _Area, path: str, sent: bytes) -> File:
    """Write a blob of the blocks that a list names."""
    try:
        blocks = read_block_list(sent)
    except BlockListError:
        raise _Refused(400, "InvalidXmlDocument") from None
    if len(blocks) > MAX_BLOCKS:
        raise _Refused(400, "BlockListTooLong")
    size = area.files.size_of_blocks(area.sandbox, area.container, path, blocks)
    if size is not None and size > area.platform.settings.max_upload:
        raise _Refused(413, "RequestBodyTooLarge")
    file = area.files.put_blocks(area.sandbox, area.container, path, blocks)
    if file is None:
        raise _Refused(400, "InvalidBlockList")
    return file


def _get(area: _Area, path: str) -> Reply:
    file = area.file(path)
    content = area.files.read(area.sandbox, area.container, path) or b""
    headers = {
        **_dates(file),
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
    }
    asked = request.headers.get("x-ms-range", request.headers.get("Range", ""))
    wanted = None if "=-" in asked else read_byte_range(asked, len(content))  # no suffixes
    if wanted is None:
        return Reply(200, content, headers)
    first, last = wanted
    if first >= len(content):
        raise _Refused(416, "InvalidRange")
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Reply(206, content[first : last + 1], headers)


def _delete(area: _Area, path: str) -> Reply:
    area.files.delete(area.sandbox, area.container, area.file(path).path)
    return Reply(202, b"")


def _list(area: _Area, path: str) -> Reply:
    """List the blobs of a container, or tell that it is there."""
    from html import escape  # brings a table of all entities, which the start does not need

    if area.query.get("comp") != "list":
        return Reply(200, b"", {"x-ms-lease-state": "available", "x-ms-lease-status": "unlocked"})
    prefix = area.query.get("prefix", "")
    files = area.files.all(area.sandbox, area.container)
    blobs = "".join(
        _listed(file, escape(file.path)) for file in files if file.path.startswith(prefix)
    )
    head = f'<EnumerationResults ContainerName="{escape(area.container)}">'
    text = f"{_XML}{head}<Prefix>{escape(prefix)}</Prefix><Blobs>{blobs}</Blobs><NextMarker/>"
    return Reply(200, f"{text}</EnumerationResults>".encode())


def _listed(file: File, name: str) -> str:
    dates = _dates(file)
    return (
        f"<Blob><Name>{name}</Name><Properties>"
        f"<Last-Modified>{dates['Last-Modified']}</Last-Modified><Etag>{dates['ETag']}</Etag>"
        f"<Content-Length>{file.size}</Content-Length>"
        "<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType>"
        "</Properties></Blob>"
    )


def _dates(file: File) -> dict[str, str]:
    return {
        "ETag": f'"0x{file.modified * 1000 + file.number:X}"',
        "Last-Modified": formatdate(file.modified / 1000, usegmt=True),
    }


def _body(limit: int) -> bytes:
    if (request.content_length or 0) > limit:
        raise _Refused(413, "RequestBodyTooLarge")
    sent: bytes = request.get_data(cache=False)
    if len(sent) > limit:
        raise _Refused(413, "RequestBodyTooLarge")
    return sent


def _refusal(refused: _Refused) -> Reply:
    text = f"{_XML}<Error><Code>{refused.code}</Code><Message>{refused.code}</Message></Error>"
    return Reply(refused.status, text.encode(), {"x-ms-error-code": refused.code})
