"""Sandbox API: the sandboxes of an organization."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.sandbox_management import facts, routes
from emulator.services.sandbox_management.documents import DOCUMENTS
from emulator.services.sandbox_management.service import Sandboxes

SERVICE: Service[interfaces.Domain] = Service(
    "sandbox_management", Sandboxes, (facts, routes), DOCUMENTS
)
