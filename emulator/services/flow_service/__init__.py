"""Flow Service: connections, specs and flows; `/data/foundation/flowservice`."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.flow_service import facts, routes
from emulator.services.flow_service.documents import DOCUMENTS
from emulator.services.flow_service.service import FlowService

SERVICE: Service[interfaces.FlowService] = Service(
    "flow_service", FlowService, (facts, routes), DOCUMENTS
)
