"""Catalog Service: the data sets of a sandbox."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.catalog import batch_routes, facts, more_routes, multi_routes, routes
from emulator.services.catalog.service import Catalog

SERVICE: Service[interfaces.Catalog] = Service(
    "catalog", Catalog, (batch_routes, facts, more_routes, multi_routes, routes)
)
