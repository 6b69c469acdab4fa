"""Views of the Data Prep API (mapping sets)."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.data_prep import shapes
from emulator.services.data_prep.listing import select
from emulator.services.data_prep.service import DataPrep
from emulator.web import Call, Reply, operation


@operation("data_prep.list_mapping_sets")
def list_mapping_sets(call: Call) -> Reply:
    """List mapping sets, the newest first unless the request orders them."""
    return shapes.listed(call, select(_data_prep(call).mapping_sets(call.sandbox), call.query))


@operation("data_prep.create_mapping_set")
def create_mapping_set(call: Call) -> Reply:
    """Create a mapping set of either vocabulary."""
    birth = call.edition.answer("data_prep.birth")
    mapping_set = _data_prep(call).create(call.sandbox, call.client, call.body, birth)
    return shapes.created(call, mapping_set)


@operation("data_prep.get_mapping_set")
def get_mapping_set(call: Call) -> Reply:
    """Read a mapping set as it is, or one of its versions."""
    version = call.query.get("version")
    if version is None:
        return shapes.one(call, call.find("mapping_set", call.path["id"]))
    return shapes.one(call, _data_prep(call).version(call.sandbox, call.path["id"], int(version)))


@operation("data_prep.replace_mapping_set")
def replace_mapping_set(call: Call) -> Reply:
    """Replace the content of a mapping set, as its next version."""
    id, body = call.path["id"], call.body
    return shapes.replaced(call, _data_prep(call).replace(call.sandbox, call.client, id, body))


@operation("data_prep.delete_mapping_set")
def delete_mapping_set(call: Call) -> Reply:
    """Delete a mapping set with all its versions."""
    _data_prep(call).delete(call.sandbox, call.path["id"])
    return Reply(204)


@operation("data_prep.list_mappings")
def list_mappings(call: Call) -> Reply:
    """List the mappings of a set."""
    return shapes.mapping_list(call, call.find("mapping_set", call.path["id"]))


@operation("data_prep.get_mapping")
def get_mapping(call: Call) -> Reply:
    """Read one mapping of a set."""
    return shapes.one_mapping(call, call.find("mapping_set", call.path["id"]))


@operation("data_prep.validate_mapping_set")
def validate_mapping_set(call: Call) -> Reply:
    """Tell for each mapping of a set whether creating it would be accepted."""
    request: JsonObject = {"headers": {}, "path": {}, "query": {}, "content": {}, "body": call.body}
    findings = call.lookup.judge("data_prep.create_mapping_set", request)
    return shapes.validated(call.body, findings)


def _data_prep(call: Call) -> DataPrep:
    data_prep: DataPrep = call.platform.data_prep
    return data_prep
