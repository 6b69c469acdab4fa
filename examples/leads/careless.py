"""The careless client: the same calls with mistakes that hand-written stubs do not notice."""

from __future__ import annotations

from typing import Any

from leads.careful import AZURE_BLOB, FLOW_SERVICE, LeadsClient, PlatformError


class CarelessClient(LeadsClient):
    """Does what the careful client does, but does not follow the documents closely."""

    def list_flows(self) -> Any:
        """List flows without naming the organization."""
        headers = self.headers()
        del headers["x-gw-ims-org-id"]
        answer = self.session.get(
            f"{self.platform}{FLOW_SERVICE}/flows", headers=headers, timeout=30
        )
        return answer.json().get("items", [])

    def create_source(self, name: str, connection: str, path: str) -> str:
        """Ask for an unknown compression, and use none when that is refused."""
        body = {
            "name": name,
            "baseConnectionId": connection,
            "data": {"format": "delimited", "properties": {"compressionType": "rar"}},
            "params": {"path": path},
            "connectionSpec": {"id": AZURE_BLOB, "version": "1.0"},
        }
        try:
            return str(self.call("POST", f"{FLOW_SERVICE}/sourceConnections", body)["id"])
        except PlatformError:
            return super().create_source(name, connection, path)

    def rename_flow(self, flow: str, name: str) -> None:
        """Rename a flow without its etag, and ignore the response."""
        self.session.patch(
            f"{self.platform}{FLOW_SERVICE}/flows/{flow}",
            json=[{"op": "replace", "path": "/name", "value": name}],
            headers=self.headers(),
            timeout=30,
        )
