"""The library aepp, pointed at the emulator as its users do, and what a flow needs made by it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bodies import base_connection, dataset, mapping_set, profile_schema, source_connection

if TYPE_CHECKING:
    from tests.journeys.conftest import Running

SECRET = "aepp-secret"


class Library:
    """The library's modules, each connected to the emulator."""

    def __init__(self, configuration: Any) -> None:
        from aepp import catalog, dataprep, datasets, flowservice, sandboxes, schema

        self.configuration = configuration
        self.schema = schema.Schema(config=configuration)
        self.catalog = catalog.Catalog(config=configuration)
        self.dataprep = dataprep.DataPrep(config=configuration)
        self.datasets = datasets.DataSets(config=configuration)
        self.flows = flowservice.FlowService(config=configuration)
        self.sandboxes = sandboxes.Sandboxes(config=configuration)


@pytest.fixture
def library(
    shared: Running, organization: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Library]:
    monkeypatch.chdir(tmp_path)  # it may write files where it runs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its sources warn when they are first compiled
        pytest.importorskip("aepp")
        from aepp import config, configs
    before = json.dumps([config.config_object, config.header, config.endpoints], default=str)
    configuration = configs.configure(
        org_id=organization,
        client_id="aepp-client",
        secret=SECRET,
        scopes="openid,AdobeID,read_organizations",
        sandbox="prod",
        environment="support",
        endpoint=shared.url,
        connectInstance=True,
        retry=0,
    )
    configuration.getConfigObject()["oauthTokenEndpointV2"] = f"{shared.url}/ims/token/v3"
    yield Library(configuration)
    for known, old in zip(
        (config.config_object, config.header, config.endpoints), json.loads(before), strict=True
    ):
        known.update(old)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def made(library: Library) -> dict[str, str]:
    """What a flow needs, made by the library."""
    flows = library.flows
    base = flows.createConnection(data=base_connection())["id"]
    source = flows.createSourceConnection(data=source_connection(base))["id"]
    schema = library.schema.createSchema(profile_schema())["$id"]
    (reference,) = library.catalog.createDataSet(data=dataset(schema))
    data = reference.removeprefix("@/dataSets/")
    target = flows.createTargetConnectionDataLake(name="Lake", datasetId=data, schemaId=schema)
    mapping = library.dataprep.createMappingSet(mappingSet=mapping_set(schema))["id"]
    return {
        "base": base,
        "source": source,
        "schema": schema,
        "dataset": data,
        "target": target["id"],
        "mapping": mapping,
    }
