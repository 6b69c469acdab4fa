"""The Schema Registry: schemas and what they are made of, descriptors, unions, their exchange."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.schema_registry import facts, routes
from emulator.services.schema_registry.documents import DOCUMENTS
from emulator.services.schema_registry.service import SchemaRegistry

SERVICE: Service[interfaces.Domain] = Service(
    "schema_registry", lambda platform: SchemaRegistry(), (routes, facts), DOCUMENTS
)
