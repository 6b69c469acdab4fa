"""OpenAPI documents and JSON Schemas of the contract in force, over the control API."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from emulator.admin.replies import Routes, answer, error
from emulator.json_types import JsonObject
from emulator.web.engine import Engine


def routes(engine: Engine) -> Routes:
    """Return the paths of the exports with their methods and views."""
    exports = Exports(engine)
    return [
        ("/openapi", "GET", exports.services),
        ("/openapi/<service>.json", "GET", exports.openapi),
        ("/schemas", "GET", exports.operations),
        ("/schemas/<operation>.json", "GET", exports.schema),
    ]


class Exports:
    """The views of the exports: in the edition in force, or the one that `?edition=` names."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def services(self) -> Response:
        """List the services with the place of their OpenAPI documents."""
        return self._listed(
            {
                "services": [
                    {
                        "name": item.name,
                        "title": item.title,
                        "basePath": item.base_path,
                        "href": href,
                    }
                    for item in self._engine.contract.services.values()
                    for href in (f"/_emulator/openapi/{item.name}.json",)
                ]
            }
        )

    def operations(self) -> Response:
        """List the operations with the place of the JSON Schemas of their requests."""
        return self._listed(
            {
                "operations": [
                    {"id": id, "href": f"/_emulator/schemas/{id}.json"}
                    for id in self._engine.contract.operations
                ]
            }
        )

    def openapi(self, service: str) -> Response:
        """Return a service's OpenAPI document."""
        from emulator.export.openapi import openapi

        contract = self._engine.contract
        if service not in contract.services:
            known = ", ".join(contract.services)
            return error(404, "unknown service", f"there is no service {service}, but {known}")
        return self._made(lambda name: openapi(contract, contract.edition(name), service))

    def schema(self, operation: str) -> Response:
        """Return the JSON Schema of an operation's requests."""
        from emulator.export.requests import request_schema

        contract = self._engine.contract
        found = contract.operations.get(operation)
        if found is None:
            return error(404, "unknown operation", f"there is no operation {operation}")
        return self._made(lambda name: request_schema(contract.edition(name), found))

    def _made(self, make: Callable[[str], JsonObject]) -> Response:
        name = request.args.get("edition", self._engine.edition)
        if name not in self._engine.contract.entries:
            known = ", ".join(self._engine.contract.entries)
            return error(400, "unknown edition", f"expected one of {known}")
        return answer(make(name))

    def _listed(self, body: JsonObject) -> Response:
        return self._made(lambda name: {"edition": name, **body})
