"""Connectors API: the data landing zone, and keys for encrypted files."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.connectors import routes
from emulator.services.connectors.documents import DOCUMENTS
from emulator.services.connectors.service import Connectors

SERVICE: Service[interfaces.Connectors] = Service("connectors", Connectors, (routes,), DOCUMENTS)
