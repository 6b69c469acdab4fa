"""The services of an emulator: an explicit list, in the order of their folders."""

from emulator.platform import Service
from emulator.services.batch_ingestion import SERVICE as BATCH_INGESTION
from emulator.services.catalog import SERVICE as CATALOG
from emulator.services.connectors import SERVICE as CONNECTORS
from emulator.services.data_access import SERVICE as DATA_ACCESS
from emulator.services.data_prep import SERVICE as DATA_PREP
from emulator.services.dataset_service import SERVICE as DATASET_SERVICE
from emulator.services.flow_service import SERVICE as FLOW_SERVICE
from emulator.services.gateway import SERVICE as GATEWAY
from emulator.services.ims import SERVICE as IMS
from emulator.services.interfaces import Domain
from emulator.services.sandbox_management import SERVICE as SANDBOX_MANAGEMENT
from emulator.services.schema_registry import SERVICE as SCHEMA_REGISTRY

SERVICES: tuple[Service[Domain], ...] = (
    GATEWAY,
    IMS,
    SANDBOX_MANAGEMENT,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    CATALOG,
    DATASET_SERVICE,
    DATA_PREP,
    CONNECTORS,
    BATCH_INGESTION,
    DATA_ACCESS,
)
