"""All views of the Flow Service, in one place for the application to collect them."""

from emulator.services.flow_service.routes import (
    act,
    create,
    delete,
    get,
    list_entities,
    test_connection,
    update,
)
from emulator.services.flow_service.spec_routes import (
    create_spec,
    get_spec,
    get_spec_configs,
    list_specs,
    replace_spec,
    search_entities,
    search_flow_specs,
)

__all__ = [
    "act",
    "create",
    "create_spec",
    "delete",
    "get",
    "get_spec",
    "get_spec_configs",
    "list_entities",
    "list_specs",
    "replace_spec",
    "search_entities",
    "search_flow_specs",
    "test_connection",
    "update",
]
