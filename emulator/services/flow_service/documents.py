"""The documents that the Flow Service keeps, and the files that connections reach."""

from __future__ import annotations

from emulator.claims import WORDS
from emulator.data_plane.files import FILE
from emulator.documents import (
    COUNT,
    FLAG,
    MOMENT,
    OBJECT,
    TEXT,
    DocumentModel,
    members,
    one_of,
    or_null,
)
from emulator.scope import CLAIM
from emulator.services.flow_service.flows import FLOW, PARTS
from emulator.services.flow_service.run_queue import PROGRESS, QUEUE
from emulator.services.flow_service.runs import RUN
from emulator.services.flow_service.service import KINDS
from emulator.services.flow_service.specs import SPEC_KINDS
from emulator.services.interfaces import FIRST_DUE

_HEAD = {
    "id": TEXT,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "createdBy": TEXT,
    "updatedBy": TEXT,
    "createdClient": TEXT,
    "updatedClient": TEXT,
    "sandboxId": TEXT,
    "sandboxName": TEXT,
    "imsOrgId": TEXT,
    "etag": TEXT,
}
_ENTITY = {**_HEAD, "version": TEXT, "state": TEXT}
_LAST = members({"id": TEXT, "state": TEXT}, {"startedAtUTC": MOMENT, "completedAtUTC": MOMENT})
_OPERATION = members({"started": MOMENT, "updated": MOMENT, "operation": TEXT})

DOCUMENTS = (
    *(DocumentModel(kind, members(_ENTITY), "{id}") for kind in KINDS if kind != FLOW),
    DocumentModel(
        FLOW,
        members(
            {**_ENTITY, "runs": TEXT, "lastOperation": _OPERATION, "inheritedAttributes": OBJECT},
            {"lastRunDetails": _LAST},
        ),
        "{id}",
    ),
    DocumentModel(
        PARTS,
        members(
            {"ids": {}, "draft": FLAG, "source": or_null(OBJECT), "target": or_null(OBJECT)},
            closed=True,
        ),
    ),
    DocumentModel(
        RUN,
        members(
            {
                **_HEAD,
                "flowId": TEXT,
                "state": TEXT,
                "metrics": members({"statusSummary": OBJECT}, {"durationSummary": OBJECT}),
                "activities": {},
            }
        ),
        "{id}",
    ),
    DocumentModel(
        QUEUE,
        members({"id": TEXT, "at": MOMENT, "what": one_of("flow", "run")}, closed=True),
        "{id}",
    ),
    DocumentModel(
        CLAIM, members({"what": one_of(*WORDS), "process": COUNT, "number": COUNT}, closed=True)
    ),
    DocumentModel(FIRST_DUE, members({"at": MOMENT}, closed=True)),
    DocumentModel(
        PROGRESS,
        members(
            {},
            {
                "plan": members({"schedule": {}, "state": {}}),
                "lastDue": MOMENT,
                "lastFile": COUNT,
                "read": COUNT,
                "until": MOMENT,
                "delta": {},
                "taken": members(
                    {"run": TEXT, "at": MOMENT, "files": COUNT, "rows": COUNT}, closed=True
                ),
                "passedOver": members({"files": COUNT, "first": TEXT}, closed=True),
                "elsewhere": members({"modified": {}, "read": {}, "undated": {}}, closed=True),
            },
            closed=True,
        ),
    ),
    *(
        DocumentModel(
            kind,
            members({"id": TEXT, "updatedAt": MOMENT, "updatedBy": TEXT, "version": {}}),
            "{id}",
            place="organization",
        )
        for kind in SPEC_KINDS
    ),
    DocumentModel(
        FILE,
        members({"path": TEXT, "size": COUNT, "modified": MOMENT, "number": COUNT}, closed=True),
    ),
)
