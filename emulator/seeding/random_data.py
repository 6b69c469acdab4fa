"""Random data, created by calling the operations that a client would call, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from emulator.json_types import JsonObject
from emulator.seeding import credentials
from emulator.seeding.client import InProcessClient
from emulator.seeding.columns import GROUPS, KEY, PROFILE, SUBJECTS, Column

if TYPE_CHECKING:
    from faker import Faker

    from emulator.fixtures.library import Fixtures
    from emulator.seeding.model import SeedSpec

DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
CLOUD_STORAGE_TO_AEP = "9753525b-82c7-4dce-8a9b-5ccfce2b9876"
PROFILE_GROUP = next(iter(GROUPS))
SCHEMA_VERSION = "application/vnd.adobe.xed-full+json;version=1"

_T = TypeVar("_T")


class Schema(NamedTuple):
    """A created schema, with the columns of files for it."""

    id: str
    title: str
    columns: tuple[Column, ...]


class Dataset(NamedTuple):
    """A created data set."""

    id: str
    name: str
    schema: Schema


class Connection(NamedTuple):
    """A created base connection, and the reference to its spec."""

    id: str
    spec: JsonObject


class Flow(NamedTuple):
    """A created flow, and the folder of its connection that it reads."""

    id: str
    connection: str
    folder: str
    columns: tuple[Column, ...]


class RandomData:
    """Creates schemas, data sets, connections and flows that refer to one another."""

    def __init__(
        self, client: InProcessClient, faker: Faker, fixtures: Fixtures, suffix: str
    ) -> None:
        """Every name ends in `suffix`, so that data added later has other names."""
        self._client = client
        self._faker = faker
        self._fixtures = fixtures
        self._suffix = suffix
        self._names: set[str] = set()
        self.schemas: list[Schema] = []
        self.datasets: list[Dataset] = []
        self.connections: list[Connection] = []
        self.flows: list[Flow] = []

    def create(self, spec: SeedSpec, start: int, every_days: int) -> None:
        """Create all that is specified; flows start from `start` on, in seconds since 1970.

        Raises:
            SeedError: A call is refused.
        """
        datasets = ceil(spec.flows / 2) if spec.datasets is None else spec.datasets
        if spec.flows:
            datasets = max(datasets, 1)
        schemas = spec.schemas if spec.schemas is not None else ceil(datasets / 4)
        connections = spec.connections
        if connections is None:
            connections = ceil(spec.flows / 5)
        for _ in range(max(schemas, 1) if datasets else schemas):
            self.schemas.append(self._schema())
        for _ in range(datasets):
            self.datasets.append(self._dataset(self._pick(self.schemas)))
        for _ in range(max(connections, 1) if spec.flows else connections):
            self.connections.append(self._connection())
        for number in range(spec.flows):
            # No two flows are due at the same moment.
            self.flows.append(self._flow(start + number * 60, every_days))

    def counts(self) -> dict[str, int]:
        """Return how many resources were created, by kind."""
        return {
            "schemas": len(self.schemas),
            "datasets": len(self.datasets),
            "connections": len(self.connections),
            "flows": len(self.flows),
        }

    def _pick(self, things: Sequence[_T]) -> _T:
        return things[self._faker.random_int(0, len(things) - 1)]

    def _name(self, text: str) -> str:
        """Return a name that nothing else of this data has."""
        name, number = text + self._suffix, 1
        while name in self._names:
            number += 1
            name = f"{text} {number}{self._suffix}"
        self._names.add(name)
        return name

    def _schema(self) -> Schema:
        title = self._name(f"{self._pick(SUBJECTS)} of {self._faker.company()}")
        others = [group for group in GROUPS if group != PROFILE_GROUP]
        chosen = [group for group in others if self._faker.boolean(60)]
        groups = (PROFILE_GROUP, *chosen)
        body = {
            "type": "object",
            "title": title,
            "description": self._faker.sentence(),
            "allOf": [{"$ref": reference} for reference in (PROFILE, *groups)],
            "meta:class": PROFILE,
        }
        id = self._client.create("schema_registry.create_schema", body)
        columns = (KEY, *(column for group in groups for column in GROUPS[group]))
        return Schema(id, title, columns)

    def _dataset(self, schema: Schema) -> Dataset:
        name = self._name(f"{schema.title.removesuffix(self._suffix)}, {self._faker.month_name()}")
        body = {
            "name": name,
            "description": self._faker.sentence(),
            "schemaRef": {"id": schema.id, "contentType": SCHEMA_VERSION},
        }
        return Dataset(self._client.create("catalog.create_dataset", body), name, schema)

    def _connection(self) -> Connection:
        flow_spec = self._fixtures.get("flow_specs", CLOUD_STORAGE_TO_AEP) or {}
        known = (self._fixtures.get("connection_specs", id) for id in _sources(flow_spec))
        spec = self._pick([spec for spec in known if spec and credentials.asks_for_texts(spec)])
        reference = {"id": spec["id"], "version": spec.get("version", "1.0")}
        body = {
            "name": self._name(f"{spec['name']} in {self._faker.city()}"),
            "description": self._faker.sentence(),
            "auth": credentials.invent_auth(spec, self._faker),
            "connectionSpec": reference,
        }
        return Connection(self._client.create("flow_service.create_connection", body), reference)

    def _flow(self, start: int, every_days: int) -> Flow:
        dataset, connection = self._pick(self.datasets), self._pick(self.connections)
        name = self._name(f"{dataset.name.removesuffix(self._suffix)} into the lake")
        folder = f"exports/{len(self.flows) + 1:04d}{self._suffix.strip()}"
        source = {
            "name": f"Files for {name}",
            "baseConnectionId": connection.id,
            "connectionSpec": connection.spec,
            "data": {"format": "delimited", "columnDelimiter": ","},
            "params": {"path": f"/{folder}", "type": "folder", "recursive": True},
        }
        target = {
            "name": f"Lake for {name}",
            "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
            "data": {"schema": {"id": dataset.schema.id, "version": SCHEMA_VERSION}},
            "params": {"dataSetId": dataset.id},
        }
        made = {
            "name": name,
            "description": self._faker.sentence(),
            "flowSpec": {"id": CLOUD_STORAGE_TO_AEP, "version": "1.0"},
            "sourceConnectionIds": [
                self._client.create("flow_service.create_source_connection", source)
            ],
            "targetConnectionIds": [
                self._client.create("flow_service.create_target_connection", target)
            ],
            "transformations": [self._mapping(dataset.schema)],
            "scheduleParams": {
                "startTime": str(start),
                "frequency": "day",
                "interval": str(every_days),
            },
        }
        return Flow(
            self._client.create("flow_service.create_flow", made),
            connection.id,
            folder,
            dataset.schema.columns,
        )

    def _mapping(self, schema: Schema) -> JsonObject:
        body = {
            "version": 0,
            "xdmSchema": schema.id,
            "xdmVersion": "1.0",
            "mappings": [
                {"sourceType": "ATTRIBUTE", "source": column.name, "destination": column.path}
                for column in schema.columns
            ],
        }
        id = self._client.create("data_prep.create_mapping_set", body)
        return {"name": "Mapping", "params": {"mappingId": id, "mappingVersion": 0}}


def _sources(flow_spec: JsonObject) -> list[str]:
    ids: list[str] = flow_spec.get("sourceConnectionSpecIds") or []
    return ids
