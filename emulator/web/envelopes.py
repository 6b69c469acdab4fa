"""Error bodies, one function per documented shape; which shape answers is the contract's data."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from emulator.json_types import JsonObject

_TYPE = "http://ns.adobe.com/aep/errors/"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A filled entry of an error catalogue.

    `now` is in milliseconds; `report` are further members of an envelope's report.
    """

    status: int
    code: str
    title: str
    detail: str
    request_id: str
    now: int
    report: JsonObject = field(default_factory=dict)


def _type(refusal: Refusal, prefix: str) -> str:
    """Return the URI of a coded error; codes without a service's prefix get the one given."""
    code = refusal.code
    return f"{_TYPE}{prefix}-{code}" if code[:1].isdigit() else f"{_TYPE}{code}"


def gateway(refusal: Refusal) -> JsonObject:
    """The API gateway's own, before any service: "Platform FAQ and troubleshooting guide".

    Its codes are six digits that begin with the status; those ending in 900 are this emulator's.
    """
    code = refusal.code if refusal.code.isdecimal() else f"{refusal.status}900"
    return {"error_code": code, "message": refusal.detail}


def placeholder(refusal: Refusal) -> JsonObject:
    """The shape of 2020 that Catalog still has: "Platform FAQ and troubleshooting guide"."""
    return {
        "type": "/placeholder/type/uri",
        "status": refusal.status,
        "title": refusal.title,
        "detail": refusal.detail,
    }


def coded_placeholder(refusal: Refusal) -> JsonObject:
    """Batch Ingestion's: its codes are known from reports, the members around them from none.

    Catalog's shape is taken, as the two share their batches, with the code beside the title.
    """
    body = placeholder(refusal)
    return {**body, "code": refusal.code} if refusal.code.startswith("ERR-BI-") else body


def message(refusal: Refusal) -> JsonObject:
    """A bare message: Flow Service API reference (destinations), POST /connections."""
    return {"message": refusal.detail}


def classic(refusal: Refusal) -> JsonObject:
    """The Flow Service's shape without codes: Flow Service API reference (destinations), 404."""
    return {"errorMessage": refusal.detail, "errorDetails": refusal.detail}


def coded(refusal: Refusal) -> JsonObject:
    """The Flow Service's error catalogue, whose JSON layout is not published.

    The platform's common problem object with the classic keys beside it, so that clients of either
    find what they look for. The `FLOW-` prefix and `report` are this emulator's own.
    """
    return {
        "type": _type(refusal, "FLOW"),
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "report": {"detailed-message": refusal.detail, "request-id": refusal.request_id},
        "errorMessage": refusal.detail,
        "errorDetails": refusal.detail,
    }


def registry(refusal: Refusal) -> JsonObject:
    """The Schema Registry's shape since 2021: Schema Registry API reference, 404."""
    digits = refusal.request_id.encode().hex()[:32].ljust(32, "0")
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
    moment = time.strftime("%m-%d-%Y %H:%M:%S", time.gmtime(refusal.now / 1000))
    return {
        "type": _type(refusal, "XDM"),
        "title": refusal.title,
        "status": refusal.status,
        "report": {
            "registryRequestId": uuid,
            "timestamp": moment,
            "detailed-message": refusal.detail,
            "sub-errors": [],
            **refusal.report,
        },
        "detail": refusal.detail,
    }


def problem(refusal: Refusal) -> JsonObject:
    """The platform's common problem object, for services that document no shape of their own."""
    return {
        "type": _type(refusal, "AEP"),
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }


def sandbox(refusal: Refusal) -> JsonObject:
    """The Sandbox API's: its samples say everything in the title. "Sandbox API guide", reset."""
    return {
        "status": refusal.status,
        "title": refusal.detail,
        "type": _type(refusal, "SMS"),
    }


def policy_entity(refusal: Refusal) -> JsonObject:
    """The Dataset Service's: Dataset Service API reference, `NotFoundError`.

    Its errors have no title: what the catalogue's entry has there is the path of the entity that
    was looked for, where there is one.
    """
    code = refusal.code
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(refusal.now / 1000))
    body: JsonObject = {
        "timestamp": f"{moment}.{refusal.now % 1000:03}Z",
        "status": HTTPStatus(refusal.status).name,
        "code": code if code.startswith("PES-") else f"PES-{code}",
        "message": refusal.detail,
    }
    return {**body, "path": refusal.title} if refusal.title.startswith("/") else body


def ims(refusal: Refusal) -> JsonObject:
    """The identity service's OAuth shape: "OAuth Server-to-Server credential API reference"."""
    return {"error": refusal.code, "error_description": refusal.detail}


ENVELOPES: dict[str, Callable[[Refusal], JsonObject]] = {
    "classic": classic,
    "coded": coded,
    "coded_placeholder": coded_placeholder,
    "gateway": gateway,
    "ims": ims,
    "message": message,
    "placeholder": placeholder,
    "policy_entity": policy_entity,
    "problem": problem,
    "registry": registry,
    "sandbox": sandbox,
}
