"""Judges the exchanges of a relay, and keeps a journal of them without secrets."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator import budgets
from emulator.journal.entry import Entry
from emulator.journal.masked import masked
from emulator.json_types import MISSING, JsonObject, dumps, loads
from emulator.masking.masker import Masker
from emulator.traffic.judge import RecordingJudge
from emulator.traffic.judgement import Judgement, RoutedRequest
from emulator.traffic.recording import Fields, RecordedCall, headers_by_name
from emulator.traffic.room import Room
from emulator.traffic.verify import Counts
from emulator.web.failures import failure_text
from emulator.web.message import Request, base_url_of, joined_headers

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage
    from emulator.emulator import Emulator

_log = logging.getLogger("emulator")

CONTROL_CALLS = "coverage edition editions health journal mutes operations report rules".split()
"""The parts of the control API that a proxy has: it has no state that could be reset."""


class Watcher:
    """Judges exchanges in the order of their replies, in a thread of its own.

    It uses an emulator's contract, journal and control API; the emulated APIs are never called.

    Raises:
        ValueError: The emulator has no journal.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        if emulator.journal is None or emulator.coverage is None:
            raise ValueError("the emulator has no journal")
        self._journal, self._coverage = emulator.journal, emulator.coverage
        settings = emulator.settings
        self.judge = RecordingJudge(emulator.contract, emulator.platform, enforce=settings.enforce)
        self._waiting: queue.Queue[RecordedCall | None] = queue.Queue(budgets.MAX_UNJUDGED)
        self._room = Room()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self.counted = Counts()
        self._one_at_a_time = threading.Lock()
        self._thread.start()

    def add(self, recorded: RecordedCall) -> None:
        """Take an exchange, once there is room for it; any thread may call this."""
        self._room.wait_for(_size(recorded))
        self._waiting.put(recorded)

    def close(self) -> None:
        """Judge what is still waiting, and end."""
        self._waiting.put(None)
        self._thread.join()

    def settle(self) -> None:
        """Wait until everything seen so far has been judged."""
        self._waiting.join()

    def _run(self) -> None:
        while True:
            recorded = self._waiting.get()
            try:
                if recorded is None:
                    return
                self._take(recorded)
            except Exception:  # noqa: BLE001 - one odd exchange must not end the thread
                _log_failure(recorded)
            finally:
                if recorded is not None:
                    self._room.release(_size(recorded))
                self._waiting.task_done()

    def _take(self, recorded: RecordedCall) -> None:
        routed = self.counted.route(self.judge, recorded)
        if routed is None:
            return
        engine = self.emulator.engine
        judged = self.judge.judge(routed, self.emulator.contract.edition(engine.edition))
        entry = self.judge.entry(routed, judged)
        entry.time = self.emulator.platform.clock.now()
        self.counted.add(recorded, entry)
        shown = without_secrets(entry)
        self._journal.add_entry(shown)
        self.judge.learn(*_masked(routed, judged, shown))

    def coverage(self) -> Coverage:
        """Return what everything seen so far has covered."""
        return self._coverage.current()

    def control(
        self, method: str, target: str, fields: Fields, body: bytes, local_address: str
    ) -> tuple[int, Fields, bytes]:
        """Answer a request to the control API; see `relay.Control`."""
        name = target.split("?", maxsplit=1)[0].removeprefix("/_emulator/").partition("/")[0]
        if name not in CONTROL_CALLS:
            content = dumps(
                {"error": "not in a proxy", "detail": f"a proxy has no /_emulator/{name}"}
            )
            length = ("Content-Length", str(len(content)))
            return 404, [("Content-Type", "application/json"), length], content
        self.settle()
        with self._one_at_a_time:
            headers = joined_headers(fields)
            asked = Request(method, target, headers, body, base_url=base_url_of("http", headers))
            asked.local_address = local_address
            response = self.emulator.application.handle(asked)
        length = ("Content-Length", str(len(response.body)))
        return response.status, [*_without_length(response.headers), length], response.body


def _log_failure(recorded: RecordedCall | None) -> None:
    if recorded is not None:
        headers = headers_by_name(recorded.headers)
        said = failure_text(Request(recorded.method, recorded.url, headers, recorded.body or b""))
        _log.error("an exchange could not be judged: %s", said)


def _without_length(fields: Fields) -> Fields:
    return [(name, value) for name, value in fields if name.lower() != "content-length"]


def _size(recorded: RecordedCall) -> int:
    """Return how many bytes the bodies of an exchange have."""
    replied = None if recorded.reply is None else recorded.reply.body
    return len(recorded.body or b"") + len(replied or b"")


def without_secrets(entry: Entry) -> Entry:
    """Return an entry whose tokens, passwords and keys are masked, in the form they had.

    It has a request document, which says the same to the rules.
    """
    shown = masked(entry)
    document = entry.document
    return replace(shown, described=document and _masked_document(document, entry))


def _masked_document(document: JsonObject, entry: Entry) -> JsonObject:
    masker = Masker(entry.service)
    document = {
        **document,
        "headers": masker.headers(document["headers"]),
        "query": masker.json(document["query"]),
    }
    if "body" in document:
        document["body"] = masker.json(document["body"])
    cleaned: JsonObject = loads(masker.found.absent_from_body(dumps(document)))
    return cleaned


def _masked(
    routed: RoutedRequest, judged: Judgement, entry: Entry
) -> tuple[RoutedRequest, Judgement]:
    """Return what is to be learned from, with the masked messages in place of the sent ones."""
    recorded = routed.recorded
    reply = recorded.reply
    if reply is not None and reply.body is not None:
        reply = replace(reply, body=Masker(entry.service).body(reply.body, ""))
    masked_call = replace(recorded, reply=reply)
    return replace(routed, recorded=masked_call, _reply=MISSING), replace(
        judged, document=entry.document
    )
