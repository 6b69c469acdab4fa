"""The landing zone's storage, as clients of Azure Blob Storage call it with a shared signature.

What credentials of the landing zone call `SASUri` leads here: put, get, list and delete blobs. It
is what the Blob service does that uploaders need (Azure Storage REST API: Put Blob, Put Block, Put
Block List, Get Blob, Get Blob Properties, Delete Blob, List Blobs), and no part of Adobe's APIs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from email.utils import formatdate
from functools import partial
from urllib.parse import parse_qs

from flask import Blueprint, Response, request

from emulator import budgets
from emulator.byte_ranges import read_byte_range
from emulator.data_plane.areas import area_of
from emulator.data_plane.files import ConnectionFiles, File
from emulator.sandbox import Sandbox
from emulator.services.connectors.block_list import BlockListError, read_block_list
from emulator.storage.base import StorageError
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


_FAILED = {
    "missing": _Refused(404, "ContainerNotFound"),
    "refused": _Refused(403, "AuthorizationFailure"),
    "over budget": _Refused(413, "RequestBodyTooLarge"),
    "full": _Refused(413, "RequestBodyTooLarge"),
}
"""What Azure answers where a real storage does not do what it was asked for; else it is busy."""


class _Zone:
    """The files of a container, for a caller whose signature is good.

    They are the emulator's own, or those of a real storage where the setting `storage` says so; the
    blocks of a blob wait among the emulator's own until it is made of them.
    """

    def __init__(self, engine: Engine, account: str, container: str) -> None:
        platform = engine.platform
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
        self.blocks = ConnectionFiles(platform)
        self.files = area_of(engine.scope(sandbox), container)

    def file(self, path: str) -> File:
        file = self.files.find(path)
        if file is None:
            raise _Refused(404, "BlobNotFound")
        return file


def _answer(
    engine: Engine, act: Callable[[_Zone, str], Reply], rest: str, container: str, path: str = ""
) -> Response:
    """Answer a call to a container or to a blob in it; errors are Azure's, in XML."""
    platform = engine.platform
    engine.refresh()  # another process may have moved the clock
    try:
        zone = _Zone(engine, f"dlblobstore{rest}", container)
        with closing(zone.files), _alone_in(zone):
            reply = act(zone, path)
    except _Refused as refused:
        reply = _refusal(refused)
    except NoRoom:  # Azure has no limit for all of an account
        reply = _refusal(_Refused(413, "RequestBodyTooLarge"))
    except StorageError as error:
        reply = _refusal(_FAILED.get(error.kind, _Refused(503, "ServerBusy")))
    reply.headers.setdefault("Content-Type", "application/xml")
    reply.headers["x-ms-version"] = request.headers.get("x-ms-version", "2020-04-08")
    reply.headers["Date"] = formatdate(platform.clock.now() / 1000, usegmt=True)
    return flask_response(reply)


def _alone_in(zone: _Zone) -> AbstractContextManager[object]:
    """Let nobody else write in the sandbox, unless its files are elsewhere and take their time."""
    is_remote = zone.files.is_remote
    return nullcontext() if is_remote else zone.platform.store.exclusive(zone.sandbox)


def _put(zone: _Zone, path: str) -> Reply:
    """Write a blob: whole, a block of it, or of blocks that were sent before."""
    kind, limit = zone.query.get("comp"), zone.platform.settings.max_upload
    sent = _body(limit if kind != "blocklist" else min(limit, budgets.BLOCK_LIST_BYTES))
    is_new_only = request.headers.get("If-None-Match") == "*" and kind != "block"
    if is_new_only and zone.files.find(path):
        raise _Refused(409, "BlobAlreadyExists")
    if kind == "block":
        if not (block := zone.query.get("blockid")):
            raise _Refused(400, "MissingRequiredQueryParameter")
        zone.blocks.put_block(zone.sandbox, zone.container, path, block, sent)
        return Reply(201, b"")
    if kind == "blocklist":
        file = _put_blocks(zone, path, sent)
    elif kind is None and request.headers.get("x-ms-blob-type", "BlockBlob") == "BlockBlob":
        file = zone.files.put(path, sent)
    else:
        raise _Refused(501, "NotImplemented")
    return Reply(201, b"", {**_dates(file), "x-ms-request-server-encrypted": "true"})


def _put_blocks(zone: _Zone, path: str, sent: bytes) -> File:
    """Write a blob of the blocks that a list names."""
    try:
        blocks = read_block_list(sent)
    except BlockListError:
        raise _Refused(400, "InvalidXmlDocument") from None
    if len(blocks) > MAX_BLOCKS:
        raise _Refused(400, "BlockListTooLong")
    size = zone.blocks.size_of_blocks(zone.sandbox, zone.container, path, blocks)
    if size is not None and size > zone.platform.settings.max_upload:
        raise _Refused(413, "RequestBodyTooLarge")
    where = (zone.sandbox, zone.container, path)
    if not zone.files.is_remote:
        file = zone.blocks.put_blocks(*where, blocks)
    else:
        content = zone.blocks.take_blocks(*where, blocks)
        file = None if content is None else zone.files.put(path, content)
    if file is None:
        raise _Refused(400, "InvalidBlockList")
    return file


def _get(zone: _Zone, path: str) -> Reply:
    file = zone.file(path)
    content = _content(zone, path)
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


def _content(zone: _Zone, path: str) -> bytes:
    opened = zone.files.open(path)
    if opened is None:
        return b""
    with opened:
        return opened.read()


def _delete(zone: _Zone, path: str) -> Reply:
    zone.files.delete(zone.file(path).path)
    return Reply(202, b"")


def _list(zone: _Zone, path: str) -> Reply:
    """List the blobs of a container, or tell that it is there."""
    from html import escape  # brings a table of all entities, which the start does not need

    if zone.query.get("comp") != "list":
        return Reply(200, b"", {"x-ms-lease-state": "available", "x-ms-lease-status": "unlocked"})
    prefix = zone.query.get("prefix", "")
    files = zone.files.below("")
    blobs = "".join(
        _listed(file, escape(file.path)) for file in files if file.path.startswith(prefix)
    )
    head = f'<EnumerationResults ContainerName="{escape(zone.container)}">'
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
