"""All views of the Schema Registry, in one place for the application to collect them."""

from emulator.services.schema_registry.descriptor_routes import (
    create_descriptor,
    delete_descriptor,
    get_descriptor,
    list_descriptors,
    list_global_descriptors,
    replace_descriptor,
)
from emulator.services.schema_registry.more_routes import (
    audit_log,
    csv_to_schema,
    export_resource,
    get_union,
    import_resources,
    list_unions,
    sample_data,
)
from emulator.services.schema_registry.routes import (
    create_resource,
    delete_resource,
    get_resource,
    get_stats,
    list_global,
    list_tenant,
    patch_resource,
    replace_resource,
)

__all__ = [
    "audit_log",
    "create_descriptor",
    "create_resource",
    "csv_to_schema",
    "delete_descriptor",
    "delete_resource",
    "export_resource",
    "get_descriptor",
    "get_resource",
    "get_stats",
    "get_union",
    "import_resources",
    "list_descriptors",
    "list_global",
    "list_global_descriptors",
    "list_tenant",
    "list_unions",
    "patch_resource",
    "replace_descriptor",
    "replace_resource",
    "sample_data",
]
