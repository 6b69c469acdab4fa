"""What stands before every service: API keys and organizations that exist."""

from emulator.platform import Service
from emulator.services.gateway import routes
from emulator.services.gateway.service import Gateway

SERVICE = Service(name="gateway", views=routes, build=Gateway)
