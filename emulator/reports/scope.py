"""What a report is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.contract import Contract
from emulator.journal.entry import SHARED


class ReportScopeError(ValueError):
    """A report is to be about an operation or service that the contract does not have."""


@dataclass(frozen=True, slots=True)
class ReportScope:
    """The operations and services that a report is about.

    Args:
        operations: Only these are in scope, called or not, with all of their rules. None means all
            emulated operations, and the rules of those that were called.
        services: Only these services are reported.
        edition: The edition in force, for a report on no calls.
        enforce: The enforcement in force, for the same.
    """

    operations: frozenset[str] | None = None
    services: frozenset[str] | None = None
    edition: str = ""
    enforce: str = ""

    @classmethod
    def of(
        cls,
        contract: Contract,
        operations: Iterable[str] | None = None,
        services: Iterable[str] | None = None,
        edition: str = "",
        enforce: str = "",
    ) -> ReportScope:
        """Return a scope of operations and services that the contract has.

        Raises:
            ReportScopeError: It does not have all of them; the message names the unknown ones.
        """
        wanted = None if operations is None else frozenset(operations)
        known = {*contract.operations, *SHARED}
        if unknown := sorted((wanted or frozenset()) - known):
            raise ReportScopeError(f"unknown operation {', '.join(unknown[:5])}")
        chosen = None if services is None else frozenset(services)
        if unknown := sorted((chosen or frozenset()) - set(contract.services)):
            raise ReportScopeError(f"unknown service {', '.join(unknown[:5])}")
        return cls(wanted, chosen, edition, enforce)

    def includes(self, operation: str) -> bool:
        """Tell whether an operation, or a group that all operations share, is in scope."""
        return self.operations is None or operation in self.operations

    def reports(self, contract: Contract, operation: str) -> bool:
        """Tell whether findings at an operation are reported.

        Those that belong to no operation, such as an unknown path, are, unless services are chosen.
        """
        known = contract.operations.get(operation)
        if known is None:
            return self.services is None
        return self.includes(operation) and self.has_service(known.service)

    def has_service(self, service: str) -> bool:
        """Tell whether a service is reported."""
        return self.services is None or service in self.services
