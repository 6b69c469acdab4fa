"""Time, ids and chance: the only place that reads the clock or makes an identifier."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from emulator.sandbox import Sandbox

if TYPE_CHECKING:
    from faker import Faker


class Clock(Protocol):
    """Where every timestamp comes from."""

    def now(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is set or advanced."""

    def __init__(self, now: int = 1_600_000_000_000) -> None:
        self.start = now
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        """Move to `now`, in milliseconds since 1970-01-01 UTC."""
        with self._lock:
            self._now = now

    def reset(self) -> None:
        """Move back to where it started."""
        self.set(self.start)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        with self._lock:
            self._now += round(seconds * 1000)


@dataclass(frozen=True, slots=True)
class Ids:
    """Identifiers as a pure function of seed, sandbox, kind and counter."""

    seed: str

    def hex(self, sandbox: Sandbox, kind: str, counter: int, length: int = 32) -> str:
        """Return `length` (at most 128) lower-case hexadecimal digits."""
        text = "\x00".join((self.seed, *sandbox, kind, str(counter)))
        return blake2b(text.encode(), digest_size=(length + 1) // 2).hexdigest()[:length]

    def uuid(self, sandbox: Sandbox, kind: str, counter: int) -> str:
        """Return a version 4 UUID in its dashed form."""
        digits = self.hex(sandbox, kind, counter)
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def etag(self, entity: str, version: int, now: int) -> str:
        """Return an entity tag in the form that the tutorials show.

        The quotes belong to the value, and the last group holds the write time in Unix seconds as
        hexadecimal digits, as in every dated sample of the Flow Service.

        Args:
            entity: Id of the entity.
            version: How often it has been written.
            now: Time of the write in milliseconds.
        """
        head = blake2b(f"{self.seed}\x00{entity}\x00{version}".encode(), digest_size=4).hexdigest()
        return f'"{head}-0000-0200-0000-{now // 1000:08x}0000"'


@dataclass(frozen=True, slots=True)
class Runtime:
    """The sources of time, ids and chance of one emulator."""

    clock: Clock
    ids: Ids

    def faker_for(self, resource: str) -> Faker:
        """Return a Faker seeded from this emulator's seed and the id of a resource."""
        from faker import Faker  # a tenth of a second, so only for those who want invented data

        faker = Faker()
        faker.seed_instance(f"{self.ids.seed}\x00{resource}")
        return faker
