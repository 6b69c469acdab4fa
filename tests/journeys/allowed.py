"""What the matrix makes wrong and the contract accepts all the same, each with the reason why.

This list is reviewed: what is accepted and is not here fails the matrix, and so does an entry that
nothing needs any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.journeys.test_negative_matrix import Outcome


@dataclass(frozen=True)
class Allowed:
    """`what` is a pattern of the wrong thing's name, with * for the number of a list's item.

    `warning` is the end of the id of the rule that remarks on it, if one does.
    """

    operation: str
    what: str
    reason: str
    warning: str = ""

    def covers(self, outcome: Outcome) -> bool:
        what = re.sub(r"/\d+(?=/| |$)", "/*", outcome.wrong.what)
        warned = [rule.rpartition(".")[2] for rule in outcome.answer.warnings]
        return (
            outcome.step.operation.partition(".")[2] == self.operation
            and re.fullmatch(self.what, what) is not None
            and (self.warning in warned if self.warning else warned == [])
        )


_CREATES = (
    "create_connection",
    "create_source_connection",
    "create_target_connection",
    "create_flow",
)
_ONLY_SHOWN = "samples show it, and no document demands it"
_NOT_SAID = "no document says what a live platform answers to it"

_IN_PART = "the documents do not say that they name all, so what they do not name is remarked on"

_MAPPING_SETS = (
    (r"without xdmSchema|xdmSchema := (null|\"\")", _ONLY_SHOWN, "output_schema_is_named"),
    (r'xdmSchema := (".*"|an unknown id)', _NOT_SAID, "xdm_schema_exists"),
    (r"mappings := \[\]", _NOT_SAID, "mappings_are_not_empty"),
    (r"mappings/\* := \{\}", _ONLY_SHOWN, "mapping_has_a_source"),
    (
        r"without mappings/\*/sourceAttribute|mappings/\*/sourceAttribute := (null|\"\")",
        _ONLY_SHOWN,
        "mapping_has_a_source",
    ),
    (
        r"without mappings/\*/destinationXdmPath|mappings/\*/destinationXdmPath := (null|\"\")",
        _ONLY_SHOWN,
        "mapping_has_a_destination",
    ),
    (r'mappings/\*/destinationXdmPath := "wrong"', _NOT_SAID, "destination_xdm_path_is_a_field"),
    (
        r'mappings/\*/(identityGroup|namespaceCode) := "wrong"',
        "any text will do; it has no effect here, and a remark says so",
        "all_is_carried_out",
    ),
)

ALLOWED = [
    *(
        Allowed(
            operation,
            r"header x-sandbox-name(: | missing)",
            "today the default production sandbox takes its place",
            "sandbox_is_sent",
        )
        for operation in (
            *_CREATES,
            "create_schema",
            "create_dataset",
            "create_mapping_set",
            "list_flow_specs",
        )
    ),
    *(Allowed("create_mapping_set", *allowed) for allowed in _MAPPING_SETS),
    Allowed(
        "create_dataset",
        r'name := "wrong"',
        "any text is a name; today the tutorial's parameter has no effect",
        "data_source_is_not_asked_for",
    ),
    Allowed(
        "create_connection", r'auth/specName := "(wrong)?"', _IN_PART, "auth_spec_is_documented"
    ),
    Allowed(
        "create_connection",
        r"(without )?auth/params(/\w+)?( := .*)?",
        _IN_PART,
        "auth_params_are_documented",
    ),
    Allowed(
        "create_flow",
        "query mode=draft",
        "the spec of 2020 says nothing of drafts",
        "flow_spec_draft_support_is_documented",
    ),
    Allowed(
        "create_flow",
        r'flowSpec/version := "(wrong)?"',
        "no document says what another version is answered with",
        "flow_spec_version_is_known",
    ),
    Allowed(
        "create_flow",
        "without name",
        "the reference asks for it in words, and its schema does not require it",
        "name_is_sent",
    ),
    *(
        Allowed(name, r'(name|title|description|params/path) := "wrong"', "any text will do")
        for name in (*_CREATES, "create_class", "create_schema", "create_dataset")
    ),
    *(
        Allowed(name, r"query (nonsense=1|%FF=%FE)", "a remark names it", "parameters_are_known")
        for name in _CREATES
    ),
    *(
        Allowed(
            name,
            r"query (nonsense=1|%FF=%FE|mode=.*)",
            "a remark names it",
            "parameters_are_documented",
        )
        for name in ("create_class", "create_schema", "create_dataset", "create_mapping_set")
    ),
    *(
        Allowed(name, r"query mode=draft", "what is complete can be a draft as well")
        for name in _CREATES
    ),
    *(
        Allowed(name, r"query mode=nonsense", "a page shows one mode only", "mode_is_known")
        for name in _CREATES
    ),
    Allowed(
        "list_flow_specs",
        r"query property=name=CloudStorageToAEP",
        "a page prints a single = for attributes",
        "single_equals_is_for_attributes",
    ),
    Allowed(
        "create_source_connection",
        r"data/schema/version := .*",
        "only a sample shows a media type",
        "schema_version_is_a_media_type",
    ),
    Allowed(
        "create_target_connection",
        r"data/format := .*",
        "only samples show the format",
        "format_is_parquet_xdm_2020_03",
    ),
    Allowed(
        "create_target_connection",
        r"data := \{\}|without data/schema(/id)?|data/schema := null",
        "pages of streams and partners, and a client, send no schema",
        "target_schema_is_sent",
    ),
    *(
        Allowed(name, r'without name|name := ""', "the OpenAPI document requires only specs")
        for name in ("create_connection", "create_target_connection")
    ),
    Allowed("create_flow", r"without name", "the OpenAPI schema requires none", "name_is_sent"),
    Allowed("create_flow", r'name := ""', "the OpenAPI document requires only specs"),
    Allowed(
        "create_flow",
        r'flowSpec/version := ("wrong"|"")',
        "no document says that another version is refused",
        "flow_spec_version_is_known",
    ),
    Allowed(
        "create_flow",
        r"query mode=draft",
        "the flow specs of 2020 say nothing of drafts",
        "flow_spec_draft_support_is_documented",
    ),
    *(
        Allowed(
            name,
            r'without description|description := (null|"")',
            "a description is optional, and clients send null and nothing for none",
        )
        for name in ("create_source_connection", "create_target_connection", "create_flow")
    ),
    # Base connections
    Allowed(
        "create_connection",
        r"without auth|auth := null",
        "auth is optional, and a client sends null; where the spec has ways to authenticate, a "
        "remark says so",
        "auth_is_sent",
    ),
    Allowed(
        "create_connection",
        r'auth/params/\w+ := (""|"wrong"|an unknown id)',
        "the schemas of auth specs say that a credential is text, not which; whether it opens "
        "anything only the storage knows",
    ),
    Allowed(
        "create_connection",
        r"auth/params := .*|auth/params/\w+ := .*|without auth/params(/\w+)?",
        "pages print examples of params, no schema",
        "auth_params_are_documented",
    ),
    Allowed(
        "create_connection",
        r'auth/specName := ("wrong"|"")',
        "no page prints all ways to authenticate",
        "auth_spec_is_documented",
    ),
    # Source connections
    Allowed(
        "create_source_connection",
        r"without data/schema/version",
        "the tutorial of 2020-03 demands the id of the ad-hoc schema and only shows a version",
        "schema_version_is_sent_2020_03",
    ),
    Allowed(
        "create_source_connection",
        r"without params/recursive|params/recursive := true",
        "recursive is an optional boolean, which samples send as text",
    ),
    Allowed(
        "create_source_connection",
        r"without data/columnDelimiter|without data/properties(/compressionType)?",
        "a comma is the default delimiter, and no compression the default",
    ),
    Allowed(
        "create_source_connection",
        r"data/properties := (null|{})",
        "properties are optional",
    ),
    # Classes and schemas
    *(
        Allowed(
            name,
            r"without type",
            "the reference wants it, and a client's builders send none: type has one value",
            "type_is_sent",
        )
        for name in ("create_class", "create_schema")
    ),
    *(
        Allowed(
            name,
            r"allOf/\* := {}|without allOf/\*/(\$ref|properties)",
            "what a part without anything means, no document says",
            "parts_say_something",
        )
        for name in ("create_class", "create_schema")
    ),
    Allowed(
        "create_schema",
        r"allOf/\*/\$ref := an unknown id",
        "the platform has more resources of its own than the emulator",
        "references_are_known",
    ),
    Allowed(
        "create_schema",
        r'meta:class := (""|"wrong"|an unknown id)',
        "the registry computes it from allOf; samples send the class that allOf names",
        "class_agrees",
    ),
    Allowed(
        "create_class",
        r"without allOf/\*(/properties/_adhoc(/type|/properties(/\w+)?)?)?"
        r"|allOf/\*/properties(/_adhoc/properties)? := {}",
        "which fields a class declares is its author's business, and the type of one with fields "
        "is object",
    ),
    Allowed(
        "create_schema",
        r'without description|description := ""|without allOf/\*',
        "a description is optional, and so is every field group",
    ),
    Allowed(
        "create_schema",
        r"without meta:\w+",
        "the registry sets these itself",
    ),
    *(
        Allowed(
            "create_schema",
            rf'meta:{member} := ("wrong"|"")',
            "the registry sets this itself; what is sent is passed over with a remark",
            rule,
        )
        for member, rule in (
            ("containerId", "container_is_tenant"),
            ("resourceType", "resource_type_is_schemas"),
            ("xdmType", "xdm_type_is_object"),
        )
    ),
    # Data sets
    Allowed(
        "create_dataset",
        r"body an empty object|without name",
        "nothing is required of a data set; a remark says what it lacks",
        "name_is_sent",
    ),
    Allowed(
        "create_dataset",
        r"without schemaRef",
        "nothing is required of a data set; a remark says what it lacks",
        "schema_ref_is_sent",
    ),
    Allowed(
        "create_dataset",
        r'name := ""',
        "an empty text is a text, and no document says that a name must not be empty",
        "name_is_not_blank",
    ),
    Allowed(
        "create_dataset",
        r"schemaRef := {}|without schemaRef/(id|contentType)",
        "the reference requires no member of schemaRef; samples have both",
        "schema_ref_is_whole",
    ),
    Allowed(
        "create_dataset",
        r'schemaRef/contentType := ("wrong"|"")',
        "documents show some content types and list none",
        "content_type_is_a_schemas",
    ),
    # Target connections
    Allowed(
        "create_target_connection",
        r"without data/format",
        "the tutorial of 2020-03 shows a format of the target's data and does not demand it",
    ),
    # Mapping sets
    Allowed(
        "create_mapping_set",
        r"without (version|xdmVersion|id)|(version|xdmVersion) := null",
        "the service assigns id and version, and the version of a schema has a default",
    ),
    Allowed(
        "create_mapping_set",
        r'id := "wrong"',
        "the service assigns the id; a remark says that another one has no effect",
        "all_is_carried_out",
    ),
    Allowed(
        "create_mapping_set",
        r'xdmVersion := ("wrong"|"")',
        "only shown in samples; a remark says what it looks like",
        "xdm_version_is_a_version",
    ),
    Allowed(
        "create_mapping_set",
        r'mappings/\*/sourceAttribute := "wrong"',
        "which columns the source has only its files know",
    ),
    Allowed(
        "create_mapping_set",
        r"without mappings/\*(/(identity|identityGroup|namespaceCode|version))?"
        r"|mappings/\*/(identity|version) := null",
        "these members are optional and null counts as not sent",
    ),
    # Lists
    Allowed("list_flow_specs", r"query (property|orderby)=", "an empty value is none"),
    Allowed(
        "list_flow_specs",
        r"query (limit|orderby|count|continuationToken)=.+",
        "a list of specs is whole; a remark says that it takes no page",
        "list_is_whole",
    ),
    # Flows
    Allowed(
        "create_flow",
        r"without flowSpec/version",
        "the OpenAPI document requires only the id of a flow spec",
    ),
    Allowed(
        "create_flow",
        r"without transformations|transformations := null",
        "the OpenAPI document requires only a flow spec; a remark says that they are missing",
        "transformations_are_sent",
    ),
    Allowed(
        "create_flow",
        r"without transformations/\*|transformations := \[\]",
        "none at all, said so: data that has the target's form needs no transformation",
    ),
    Allowed(
        "create_flow",
        r'transformations/\*/name := ("wrong"|"")',
        "a transformation that the flow spec does not declare is remarked on, as Copy would be",
        "transformation_is_known",
    ),
    Allowed(
        "create_flow",
        r'transformations/\*/name := ("wrong"|"")',
        "a transformation that the flow spec does not declare is remarked on, but for Copy",
        "transformation_is_known_2020_03",
    ),
    Allowed(
        "create_flow",
        r"(without )?transformations/\*/params(/mode)?( := .*)?",
        "no document says what the parameters of Copy are",
    ),
    Allowed(
        "create_flow",
        r"without transformations/\*/params/mappingVersion",
        "without a version the newest of a mapping set is meant",
    ),
    Allowed(
        "create_flow",
        r"without scheduleParams|scheduleParams := null",
        "the OpenAPI document requires only a flow spec; a remark says that a schedule is missing",
        "schedule_is_sent",
    ),
    Allowed(
        "create_flow",
        r"scheduleParams/startTime := 7",
        "seven seconds after the epoch is a time, and a number is what the flow spec asks for",
    ),
]
