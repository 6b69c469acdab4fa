"""Catalog Service: data sets, batches and data set files of a sandbox."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.catalog import facts, routes
from emulator.services.catalog.documents import DOCUMENTS
from emulator.services.catalog.service import Catalog

SERVICE: Service[interfaces.Catalog] = Service("catalog", Catalog, (facts, routes), DOCUMENTS)
