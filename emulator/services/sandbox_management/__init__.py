"""Sandbox API: the sandboxes of an organization."""

from emulator.platform import Service
from emulator.services.sandbox_management import routes
from emulator.services.sandbox_management.service import Sandboxes

SERVICE = Service(name="sandbox_management", views=routes, build=Sandboxes)
