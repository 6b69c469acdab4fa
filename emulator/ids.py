"""Ids and chance: the only place that makes an identifier or seeds a generator."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from emulator.sandbox import Sandbox

if TYPE_CHECKING:
    from faker import Faker


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

    def faker_for(self, resource: str) -> Faker:
        """Return a Faker for invented data, seeded from this seed and the id of a resource."""
        from faker import Faker  # a tenth of a second, so only for those who want invented data

        faker = Faker()
        faker.seed_instance(f"{self.seed}\x00{resource}")
        return faker
