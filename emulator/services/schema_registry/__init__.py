"""The Schema Registry: schemas, classes, field groups and data types of XDM."""

from emulator.services.base import Service
from emulator.services.schema_registry import routes
from emulator.services.schema_registry.service import SchemaRegistry

SERVICE = Service(name="schema_registry", views=routes, build=SchemaRegistry)
