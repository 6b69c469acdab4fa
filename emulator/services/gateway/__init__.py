"""What stands before every service: API keys and organizations that exist."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.gateway import facts
from emulator.services.gateway.service import Gateway

SERVICE: Service[interfaces.Domain] = Service("gateway", lambda platform: Gateway(), (facts,))
