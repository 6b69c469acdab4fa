"""All views of the Flow Service, in one place for the application to collect them."""

from emulator.services.flow_service.explore_routes import (
    explore_connection,
    explore_connection_spec,
)
from emulator.services.flow_service.routes import (
    act,
    create,
    delete,
    get,
    list_entities,
    test_connection,
    update,
)
from emulator.services.flow_service.run_routes import (
    create_run,
    get_run,
    list_runs,
    replace_run,
    trigger_again,
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
    "create_run",
    "create_spec",
    "delete",
    "explore_connection",
    "explore_connection_spec",
    "get",
    "get_run",
    "get_spec",
    "get_spec_configs",
    "list_entities",
    "list_runs",
    "list_specs",
    "replace_run",
    "replace_spec",
    "search_entities",
    "search_flow_specs",
    "test_connection",
    "trigger_again",
    "update",
]
