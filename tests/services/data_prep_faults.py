"""What is refused of single mappings, the mapping language, and Mapper's schemas and samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests.bodies import CONVERSION

SETS = f"{CONVERSION}/mappingSets"
UNKNOWN = "0123456789abcdef0123456789abcdef"
MISSING = "https://ns.adobe.com/t/schemas/missing"
GOOD = {"source": "id", "destination": "_id"}
SAMPLE = {"sampleData": "{}", "sampleType": "JSON"}

Refusal = tuple[str, str, str, Any]
"""Rule, method, path and body; `ID` is a mapping set that is there, `ITEM` its mapping."""


class Upload(NamedTuple):
    """A multipart body with one part."""

    content: str
    part: str = "file"


def upload(sent: Upload) -> tuple[bytes, str]:
    """Return the bytes of a multipart body and its content type."""
    head = f'--edge\r\nContent-Disposition: form-data; name="{sent.part}"; filename="a.json"\r\n'
    text = f"{head}Content-Type: application/json\r\n\r\n{sent.content}\r\n--edge--\r\n"
    return text.encode(), "multipart/form-data; boundary=edge"


def single_mapping_refusals() -> Iterator[Refusal]:
    items, item = f"{SETS}/ID/mappings", f"{SETS}/ID/mappings/ITEM"
    for verb, method, path in (("create", "POST", items), ("replace", "PUT", item)):
        rule = f"data_prep.{verb}_mapping."
        yield rule + "id_is_known", method, path.replace("/ID/", f"/{UNKNOWN}/"), GOOD
        yield rule + "body_is_an_object", method, path, [GOOD]
        wrong = {"source": "id", "destination": "person.nothing"}
        yield rule + "mapping_fits_the_set", method, path, wrong
    yield "data_prep.replace_mapping.mapping_is_known", "PUT", f"{items}/{UNKNOWN}", GOOD
    yield "data_prep.delete_mapping.mapping_is_known", "DELETE", f"{items}/{UNKNOWN}", None
    path = item.replace("/ID/", f"/{UNKNOWN}/")
    yield "data_prep.delete_mapping.id_is_known", "DELETE", path, None


def expression_refusals() -> Iterator[Refusal]:
    for verb, method, path in (("create", "POST", SETS), ("replace", "PUT", f"{SETS}/ID")):
        rule = f"data_prep.{verb}_mapping_set."
        for name, source in (
            ("expression_can_be_read", "upper("),
            ("expression_names_are_not_reserved", "upper(size)"),
            ("expression_names_are_not_reserved_in_2020", "upper(new)"),
        ):
            mapping = {"sourceType": "EXPRESSION", "source": source, "destination": "_id"}
            yield rule + name, method, path, {"xdmSchema": "SCHEMA", "mappings": [mapping]}
        mapping = {"sourceType": "ATTRIBUTE", "source": "for", "destination": "_id"}
        body = {"xdmSchema": "SCHEMA", "mappings": [mapping]}
        yield rule + "source_is_not_reserved_in_2020", method, path, body
    rule, path = "data_prep.validate_expression.", f"{CONVERSION}/languages/el/validate"
    bodies: Sequence[tuple[str, Any]] = (
        ("body_is_an_object", "upper(a)"),
        ("expression_is_sent", {"text": "upper(a)"}),
        ("members_have_their_types", {"expression": "a", "sampleData": {}}),
        ("expression_is_short_enough", {"expression": "a" * 4097}),
        ("expression_can_be_read", {"expression": "upper("}),
        ("expression_names_are_not_reserved", {"expression": "upper(size)"}),
        ("expression_names_are_not_reserved_in_2020", {"expression": "upper(new)"}),
    )
    for name, sent in bodies:
        yield rule + name, "POST", path, sent


def preview_refusals() -> Iterator[Refusal]:
    rule, path = "data_prep.preview_mapping_set.", f"{SETS}/preview"
    output = {"schemaRef": {"id": MISSING}}
    for name, body in (
        ("body_is_an_object", [{}]),
        ("data_is_rows", {"data": [1], "mappingSet": {"mappings": []}}),
        ("mapping_set_is_sent", {"data": []}),
        ("mappings_are_objects", {"data": [], "mappingSet": {"mappings": ["a"]}}),
        (
            "output_schema_exists",
            {"data": [], "mappingSet": {"outputSchema": output, "mappings": []}},
        ),
        ("xdm_schema_exists", {"data": [], "mappingSet": {"xdmSchema": MISSING, "mappings": []}}),
    ):
        yield rule + name, "POST", path, body


def library_refusals() -> Iterator[Refusal]:
    schemas, samples = f"{CONVERSION}/schemas", f"{CONVERSION}/samples"
    yield "data_prep.get_schema.id_is_known", "GET", f"{schemas}/{UNKNOWN}", None
    yield "data_prep.get_sample.id_is_known", "GET", f"{samples}/{UNKNOWN}", None
    yield "data_prep.replace_sample.id_is_known", "PUT", f"{samples}/{UNKNOWN}", SAMPLE
    for name, body in (
        ("body_is_an_object", []),
        ("form_is_known", {"name": "a"}),
        ("members_have_their_types", {"jsonSchema": "{}"}),
        ("sample_exists", {"sampleId": UNKNOWN}),
        ("schema_exists", {"schemaRef": {"id": MISSING}}),
    ):
        yield f"data_prep.create_schema.{name}", "POST", schemas, body
    for verb, method, path in (("create", "POST", samples), ("replace", "PUT", f"{samples}/KEPT")):
        for name, body in (
            ("body_is_an_object", []),
            ("sample_data_is_sent", {"sampleType": "JSON"}),
            ("sample_type_is_sent", {**SAMPLE, "sampleType": "XML"}),
            ("sample_data_is_json", {**SAMPLE, "sampleData": "id,name"}),
        ):
            yield f"data_prep.{verb}_sample.{name}", method, path, body
    for kind, path, rule in (
        ("schema", schemas, "file_is_a_schema"),
        ("sample", samples, "file_is_json"),
    ):
        upload_rule = f"data_prep.upload_{kind}."
        yield upload_rule + "file_is_sent", "POST", f"{path}/upload", Upload("{}", "data")
        yield upload_rule + rule, "POST", f"{path}/upload", Upload("id,name")
        for name, query in (
            ("limit_is_sent", "start=0"),
            ("start_is_sent", "limit=1"),
            ("limit_is_a_number", "limit=0&start=0"),
            ("start_is_a_number", "limit=1&start=x"),
        ):
            yield f"data_prep.list_{kind}s.{name}", "GET", f"{path}?{query}", None
    ordered = f"{schemas}?limit=1&start=0&orderBy=name"
    yield "data_prep.list_schemas.order_by_names_a_date", "GET", ordered, None


MORE_REFUSALS = [
    *single_mapping_refusals(),
    *expression_refusals(),
    *preview_refusals(),
    *library_refusals(),
]
