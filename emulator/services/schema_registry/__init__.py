"""The Schema Registry: schemas and what they are made of, descriptors, unions, their exchange."""

from emulator.platform import Service
from emulator.services.schema_registry import views
from emulator.services.schema_registry.service import SchemaRegistry

SERVICE = Service(name="schema_registry", views=views, build=SchemaRegistry)
