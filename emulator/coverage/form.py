"""What a coverage file looks like, as far as reports rely on it."""

from __future__ import annotations

from emulator.documents import (
    ANY,
    COUNT,
    FLAG,
    OBJECT,
    TEXT,
    DocumentModel,
    list_of,
    map_of,
    members,
    one_of,
)

SEVERITY = one_of("error", "warning", "note")
_NUMBER = {"type": "integer", "minimum": -(2**53), "maximum": 2**53}
_REQUEST = members(
    {"method": TEXT, "url": TEXT, "headers": map_of(TEXT)}, {"text": TEXT, "path": OBJECT}
)
_FINDING = members(
    {
        "rule": TEXT,
        "severity": SEVERITY,
        "at": TEXT,
        "reason": TEXT,
        "refused": FLAG,
        "isRule": FLAG,
        "classification": TEXT,
    }
)
_EXAMPLE = members(
    {
        "id": ANY,
        "time": TEXT,
        "test": TEXT,
        "method": TEXT,
        "path": TEXT,
        "status": _NUMBER,
        "outcome": TEXT,
        "edition": TEXT,
        "findings": list_of(_FINDING),
        "request": _REQUEST,
        "response": members({"status": _NUMBER, "headers": OBJECT}),
    },
    {"source": TEXT},
)
_COUNTED = {"edition": TEXT, "operation": TEXT, "count": COUNT}
_OF_RULE = {**_COUNTED, "test": TEXT, "rule": TEXT}

MODEL = DocumentModel(
    "coverage",
    members(
        {
            "rows": list_of(
                members(
                    {
                        "test": TEXT,
                        "edition": TEXT,
                        "group": TEXT,
                        "calls": COUNT,
                        "statuses": map_of(COUNT),
                        "rules": map_of(list_of(COUNT)),
                    },
                    {"enforce": list_of(TEXT)},
                )
            ),
            "unexpected": list_of(
                members(
                    {
                        **_OF_RULE,
                        "severity": SEVERITY,
                        "isRule": FLAG,
                        "examples": list_of(_EXAMPLE),
                    },
                    {"places": map_of(COUNT)},
                )
            ),
            "unmetExpectations": list_of(members(_OF_RULE)),
        },
        {
            "drift": list_of(
                members(
                    {
                        **_COUNTED,
                        "status": _NUMBER,
                        "deviation": TEXT,
                        "examples": list_of(_EXAMPLE),
                    }
                )
            )
        },
    ),
)
