"""The careful client: its calls follow the documents, and errors are not ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

PLATFORM = "https://platform.adobe.io"
IMS = "https://ims-na1.adobelogin.com"
FLOW_SERVICE = "/data/foundation/flowservice"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
AZURE_BLOB = "4c10e202-c428-4796-9208-5f1f5732b1cf"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
FULL_SCHEMA = "application/vnd.adobe.xed-full+json;version=1.0"
FIELDS = {
    "id": "_id",
    "first_name": "person.name.firstName",
    "last_name": "person.name.lastName",
}


class PlatformError(Exception):
    """The platform refused a call; the message is its response."""


@dataclass
class Credentials:
    """The credentials of a project in the developer console."""

    organization: str = "0123456789ABCDEF01234567@AdobeOrg"
    client_id: str = "leads-client"
    secret: str = "a-secret"
    sandbox: str = "prod"


class LeadsClient:
    """Loads delimited files of leads from cloud storage into a data set."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        platform: str = PLATFORM,
        ims: str = IMS,
        session: requests.Session | None = None,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.platform = platform
        self.ims = ims
        self.session = session or requests.Session()
        self._token = ""

    def token(self) -> str:
        """Return an access token; it is requested once."""
        if not self._token:
            answer = self.session.post(
                f"{self.ims}/ims/token/v3",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.credentials.client_id,
                    "client_secret": self.credentials.secret,
                    "scope": "openid,AdobeID,read_organizations",
                },
                timeout=30,
            )
            self._token = _checked(answer)["access_token"]
        return self._token

    def headers(self) -> dict[str, str]:
        """Return the headers of every call to the platform."""
        return {
            "Authorization": f"Bearer {self.token()}",
            "x-api-key": self.credentials.client_id,
            "x-gw-ims-org-id": self.credentials.organization,
            "x-sandbox-name": self.credentials.sandbox,
        }

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a call and return the JSON of its response.

        Raises:
            PlatformError: The platform refused it.
        """
        sent = {**self.headers(), **headers}
        return _checked(
            self.session.request(method, self.platform + path, json=body, headers=sent, timeout=30)
        )

    def create_schema(self, title: str) -> str:
        groups = [PROFILE, f"{PROFILE}-person-details", f"{PROFILE}-personal-details"]
        body = {
            "type": "object",
            "title": title,
            "description": "People who asked to be called",
            "allOf": [{"$ref": group} for group in groups],
            "meta:class": PROFILE,
        }
        path = "/data/foundation/schemaregistry/tenant/schemas"
        return str(self.call("POST", path, body)["$id"])

    def create_dataset(self, name: str, schema: str) -> str:
        reference = {"id": schema, "contentType": "application/vnd.adobe.xed+json;version=1"}
        body = {"name": name, "schemaRef": reference}
        (made,) = self.call("POST", "/data/foundation/catalog/dataSets", body)
        return str(made).removeprefix("@/dataSets/")

    def create_connection(self, name: str, connection_string: str) -> str:
        body = {
            "name": name,
            "auth": {
                "specName": "ConnectionString",
                "params": {"connectionString": connection_string},
            },
            "connectionSpec": {"id": AZURE_BLOB, "version": "1.0"},
        }
        return str(self.call("POST", f"{FLOW_SERVICE}/connections", body)["id"])

    def create_source(self, name: str, connection: str, path: str) -> str:
        body = {
            "name": name,
            "baseConnectionId": connection,
            "data": {"format": "delimited", "properties": {"columnDelimiter": ","}},
            "params": {"path": path, "type": "folder", "recursive": True},
            "connectionSpec": {"id": AZURE_BLOB, "version": "1.0"},
        }
        return str(self.call("POST", f"{FLOW_SERVICE}/sourceConnections", body)["id"])

    def create_target(self, name: str, schema: str, dataset: str) -> str:
        body = {
            "name": name,
            "data": {"schema": {"id": schema, "version": FULL_SCHEMA}},
            "params": {"dataSetId": dataset},
            "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
        }
        return str(self.call("POST", f"{FLOW_SERVICE}/targetConnections", body)["id"])

    def create_mapping(self, schema: str) -> str:
        mappings = [
            {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}
            for source, destination in FIELDS.items()
        ]
        body = {
            "version": 0,
            "outputSchema": {"schemaRef": {"id": schema, "contentType": FULL_SCHEMA}},
            "mappings": mappings,
        }
        return str(self.call("POST", "/data/foundation/conversion/mappingSets", body)["id"])

    def create_flow(self, name: str, source: str, target: str, mapping: str) -> str:
        specs = self.call(
            "GET", f"{FLOW_SERVICE}/flowSpecs?property=name%3D%3D%22CloudStorageToAEP%22"
        )["items"]
        body = {
            "name": name,
            "flowSpec": {"id": specs[0]["id"], "version": specs[0]["version"]},
            "sourceConnectionIds": [source],
            "targetConnectionIds": [target],
            "transformations": [
                {"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": 0}}
            ],
            "scheduleParams": {"startTime": "1597784298", "frequency": "minute", "interval": 15},
        }
        return str(self.call("POST", f"{FLOW_SERVICE}/flows", body)["id"])

    def rename_flow(self, flow: str, name: str) -> None:
        """Rename a flow, unless it was changed since it was read."""
        path = f"{FLOW_SERVICE}/flows/{flow}"
        (found,) = self.call("GET", path)["items"]
        patch = [{"op": "replace", "path": "/name", "value": name}]
        self.call("PATCH", path, patch, **{"If-Match": found["etag"]})

    def set_up(self, name: str = "Leads") -> str:
        """Create a flow that loads leads, with all that it needs; return its id."""
        schema = self.create_schema(name)
        dataset = self.create_dataset(name, schema)
        connection = self.create_connection(f"{name} storage", "AccountKey=c2VjcmV0")
        source = self.create_source(f"{name} files", connection, "/leads/")
        target = self.create_target(f"{name} data set", schema, dataset)
        return self.create_flow(f"{name} flow", source, target, self.create_mapping(schema))


def _checked(answer: requests.Response) -> Any:
    if answer.status_code >= 400:
        raise PlatformError(f"{answer.status_code} {answer.request.url}: {answer.text}")
    return answer.json() if answer.content else None
