"""Flow Service: connections, specs and flows; `/data/foundation/flowservice`."""

from emulator.services.base import Service
from emulator.services.flow_service import routes
from emulator.services.flow_service.service import FlowService

SERVICE = Service(name="flow_service", views=routes, build=FlowService)
