"""Records what an emulator is asked and answers, as a recorder beside it would."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.emulator import Emulator
from emulator.json_types import dumps
from emulator.traffic.recording import RecordedCall, RecordedReply, Source
from emulator.web.exchange import Exchange

HOST = "https://platform.adobe.io"
LONG = b'"' + b"a" * 70_000 + b'"'
"""What stands for a body that an emulator with a small limit has not read."""


@dataclass
class Recorder:
    """The exchanges of an emulator in their order, and what the emulator itself found."""

    exchanges: list[Exchange] = field(default_factory=list)
    recorded: list[RecordedCall] = field(default_factory=list)

    @classmethod
    def of(cls, emulator: Emulator) -> Recorder:
        made = cls()
        emulator.engine.after.append(made.add)
        return made

    def add(self, exchange: Exchange) -> None:
        incoming, reply = exchange.incoming, exchange.reply
        body = reply.body
        if body is not None and not isinstance(body, bytes):
            body = dumps(body)
        headers = dict(reply.headers)
        if body:
            headers.setdefault("Content-Type", "application/json")
        self.exchanges.append(exchange)
        self.recorded.append(
            RecordedCall(
                source=Source("memory", f"entry {len(self.recorded)}"),
                method=incoming.method,
                url=HOST + incoming.target,
                headers=list(incoming.headers.items()),
                body=LONG if incoming.too_long else incoming.body,
                reply=RecordedReply(reply.status, list(headers.items()), body or b""),
            )
        )
