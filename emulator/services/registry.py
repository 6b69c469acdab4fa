"""The services of an emulator: an explicit list, in the order of their folders."""

from emulator.services.base import Service
from emulator.services.catalog import SERVICE as CATALOG
from emulator.services.data_prep import SERVICE as DATA_PREP
from emulator.services.flow_service import SERVICE as FLOW_SERVICE
from emulator.services.gateway import SERVICE as GATEWAY
from emulator.services.ims import SERVICE as IMS
from emulator.services.schema_registry import SERVICE as SCHEMA_REGISTRY

SERVICES: tuple[Service, ...] = (
    GATEWAY,
    IMS,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    CATALOG,
    DATA_PREP,
)
