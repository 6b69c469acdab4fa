"""Flow Service: connections, specs and flows; `/data/foundation/flowservice`."""

from emulator.platform import Service
from emulator.services.flow_service import views
from emulator.services.flow_service.service import FlowService

SERVICE = Service(name="flow_service", views=views, build=FlowService)
