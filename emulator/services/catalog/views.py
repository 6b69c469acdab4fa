"""All views of the Catalog Service, in one place for the application to collect them."""

from emulator.services.catalog.more_routes import (
    delete_labels,
    get_credentials,
    get_labels,
    get_row_expiration,
    get_tags,
    write_labels,
)
from emulator.services.catalog.multi_routes import perform_requests
from emulator.services.catalog.routes import (
    create_dataset,
    delete_dataset,
    get_dataset,
    list_datasets,
    merge_dataset,
    patch_dataset,
    replace_dataset,
)

__all__ = [
    "create_dataset",
    "delete_dataset",
    "delete_labels",
    "get_credentials",
    "get_dataset",
    "get_labels",
    "get_row_expiration",
    "get_tags",
    "list_datasets",
    "merge_dataset",
    "patch_dataset",
    "perform_requests",
    "replace_dataset",
    "write_labels",
]
