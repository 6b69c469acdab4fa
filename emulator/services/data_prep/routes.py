"""Views of the Data Prep API: mapping sets, their language, and Mapper's schemas and samples."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.data_prep import language, shapes, vocabulary
from emulator.services.data_prep.listing import select
from emulator.services.data_prep.schemas_and_samples import (
    SAMPLE,
    SCHEMA,
    create_sample,
    create_schema,
    replace_sample,
)
from emulator.services.data_prep.service import MAPPING_SET, DataPrep
from emulator.services.data_prep.suggestions import matched
from emulator.web import Call, Reply, operation


@operation("data_prep.list_mapping_sets")
def list_mapping_sets(service: DataPrep, call: Call) -> Reply:
    """List mapping sets, the newest first unless the request orders them."""
    return shapes.listed(call, select(call.scope, MAPPING_SET, call.query))


@operation("data_prep.create_mapping_set")
def create_mapping_set(service: DataPrep, call: Call) -> Reply:
    """Create a mapping set of either vocabulary."""
    birth = call.edition.answer("data_prep.birth")
    return shapes.created(call, service.create(call.scope, call.body, birth))


@operation("data_prep.suggest_mapping_set", is_long=True)
def suggest_mapping_set(service: DataPrep, call: Call) -> Reply:
    """Suggest mappings from the fields of a batch to those of a data set's schema."""
    target = call.ask("data_prep.suggestion_target", call.query["datasetId"])
    fields = call.ask("data_prep.landed_fields", call.query["batchId"])
    found = matched(fields, target["schema"])
    keeps_all = call.query.get("excludeUnmapped", "true").lower() == "false"
    matches = [match for match in found if match.destination or keeps_all]
    return shapes.suggested(target["schemaRef"], matches)


@operation("data_prep.get_mapping_set")
def get_mapping_set(service: DataPrep, call: Call) -> Reply:
    """Read a mapping set as it is, or one of its versions."""
    version = call.query.get("version")
    if version is None:
        return shapes.one(call, call.find("mapping_set", call.path["id"]))
    return shapes.one(call, service.version(call.scope, call.path["id"], int(version)))


@operation("data_prep.replace_mapping_set")
def replace_mapping_set(service: DataPrep, call: Call) -> Reply:
    """Replace the content of a mapping set, as its next version."""
    return shapes.replaced(call, service.replace(call.scope, call.path["id"], call.body))


@operation("data_prep.delete_mapping_set")
def delete_mapping_set(service: DataPrep, call: Call) -> Reply:
    service.delete(call.scope, call.path["id"])
    return Reply(204)


@operation("data_prep.list_mappings")
def list_mappings(service: DataPrep, call: Call) -> Reply:
    return shapes.mapping_list(call, call.find("mapping_set", call.path["id"]))


@operation("data_prep.get_mapping")
def get_mapping(service: DataPrep, call: Call) -> Reply:
    return shapes.one_mapping(call, call.find("mapping_set", call.path["id"]))


@operation("data_prep.validate_mapping_set", is_long=True)
def validate_mapping_set(service: DataPrep, call: Call) -> Reply:
    """Tell for each mapping of a set whether creating it would be accepted."""
    request: JsonObject = {"headers": {}, "path": {}, "query": {}, "content": {}, "body": call.body}
    findings = call.lookup.judge("data_prep.create_mapping_set", request)
    return shapes.validated(call.body, findings)


@operation("data_prep.create_mapping")
def create_mapping(service: DataPrep, call: Call) -> Reply:
    """Add a mapping to a set, which makes the set's next version."""
    made = service.put_mapping(call.scope, call.path["id"], call.body)
    return shapes.changed_mapping(call, made)


@operation("data_prep.replace_mapping")
def replace_mapping(service: DataPrep, call: Call) -> Reply:
    """Replace one mapping of a set, which makes the set's next version."""
    id, mapping_id = call.path["id"], call.path["mappingId"]
    made = service.put_mapping(call.scope, id, call.body, mapping_id)
    return shapes.changed_mapping(call, made)


@operation("data_prep.delete_mapping")
def delete_mapping(service: DataPrep, call: Call) -> Reply:
    """Take a mapping out of a set, which makes the set's next version."""
    service.remove_mapping(call.scope, call.path["id"], call.path["mappingId"])
    return Reply(204)


@operation("data_prep.preview_mapping_set", is_long=True)
def preview_mapping_set(service: DataPrep, call: Call) -> Reply:
    """Show what a mapping set makes of rows, in the types of its output schema."""
    schema_id = vocabulary.output_schema_ref(call.body["mappingSet"])["id"]
    schema = call.lookup.find("resolved_schema", schema_id) if isinstance(schema_id, str) else None
    return Reply(200, service.preview(call.scope, call.body, schema, _reserved_words(call)))


@operation("data_prep.validate_expression")
def validate_expression(service: DataPrep, call: Call) -> Reply:
    """Say that an expression is valid; that it is not is said by a rule."""
    sent = call.body["expression"]
    expression = sent["expression"] if isinstance(sent, dict) else sent
    return shapes.validated_expression(language.fault(expression, _reserved_words(call)))


@operation("data_prep.list_functions")
def list_functions(service: DataPrep, call: Call) -> Reply:
    return Reply(200, language.functions())


@operation("data_prep.list_operators")
def list_operators(service: DataPrep, call: Call) -> Reply:
    return Reply(200, language.operators())


@operation("data_prep.list_schemas")
def list_schemas(service: DataPrep, call: Call) -> Reply:
    return shapes.schema_page(select(call.scope, SCHEMA, call.query))


@operation("data_prep.create_schema")
def create_mapper_schema(service: DataPrep, call: Call) -> Reply:
    """Create a schema of Mapper's own in one of its three forms."""
    return shapes.created_schema(create_schema(call.scope, call.body))


@operation("data_prep.upload_schema", is_long=True)
def upload_schema(service: DataPrep, call: Call) -> Reply:
    sent = {"jsonSchema": vocabulary.read_json(call.body["file"])}
    return shapes.created_schema(create_schema(call.scope, sent))


@operation("data_prep.get_schema")
def get_schema(service: DataPrep, call: Call) -> Reply:
    return shapes.schema(call.find(SCHEMA, call.path["id"]))


@operation("data_prep.list_samples")
def list_samples(service: DataPrep, call: Call) -> Reply:
    return shapes.sample_page(select(call.scope, SAMPLE, call.query))


@operation("data_prep.create_sample")
def create_mapper_sample(service: DataPrep, call: Call) -> Reply:
    return shapes.written_sample(create_sample(call.scope, call.body))


@operation("data_prep.upload_sample", is_long=True)
def upload_sample(service: DataPrep, call: Call) -> Reply:
    sent = {"sampleData": call.body["file"], "sampleType": "JSON"}
    return shapes.written_sample(create_sample(call.scope, sent))


@operation("data_prep.get_sample")
def get_sample(service: DataPrep, call: Call) -> Reply:
    return shapes.sample(call.find(SAMPLE, call.path["id"]))


@operation("data_prep.replace_sample")
def replace_mapper_sample(service: DataPrep, call: Call) -> Reply:
    """Replace sample data, as its next version."""
    return shapes.written_sample(replace_sample(call.scope, call.path["id"], call.body))


def _reserved_words(call: Call) -> str:
    """Return which list of reserved words the documents of the edition in force have."""
    return call.edition.answer("data_prep.reserved_words")
