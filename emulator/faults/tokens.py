"""Access tokens that expire before their time."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from emulator.faults.fault import Fault
from emulator.json_types import Json
from emulator.web.exchange import Exchange


@dataclass(slots=True)
class _Use:
    since: int
    calls: int = 0


class Tokens:
    """How long each token has been used, by fault."""

    def __init__(self) -> None:
        self._uses: dict[tuple[str, str], _Use] = {}

    def has_expired(self, fault: Fault, exchange: Exchange) -> bool:
        """Count a call and tell whether its token has expired by the fault's definition."""
        token = exchange.incoming.headers.get("authorization")
        if not token:
            return False
        digest = blake2b(token.encode(), digest_size=16).hexdigest()  # it may be kept in a database
        use = self._uses.setdefault((fault.id, digest), _Use(exchange.time))
        use.calls += 1
        calls, seconds = fault.get("calls"), fault.get("seconds")
        if calls is None and seconds is None:
            return True
        too_many = calls is not None and use.calls > calls
        too_long = seconds is not None and exchange.time >= use.since + seconds * 1000
        return too_many or too_long

    def forget(self, fault: str = "") -> None:
        """Forget what is known of a fault, or everything."""
        self._uses = {key: use for key, use in self._uses.items() if fault not in ("", key[0])}

    def state(self) -> list[Json]:
        """Return all that is known, as JSON."""
        return [[*key, use.since, use.calls] for key, use in self._uses.items()]

    def load(self, state: list[Json]) -> None:
        """Know what a state says, and nothing else."""
        self._uses = {(fault, token): _Use(since, calls) for fault, token, since, calls in state}
