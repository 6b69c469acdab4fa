"""Entity tags: which version of a resource a change starts from."""

from __future__ import annotations

from hashlib import blake2b


def make_etag(seed: str, entity: str, version: int, now: int) -> str:
    """Return an entity tag in the form that the tutorials show.

    The quotes belong to the value, and the last group holds the write time in Unix seconds as
    eight hexadecimal digits, as in every dated sample of the Flow Service; they begin anew in 2106.

    Args:
        seed: The emulator's seed.
        entity: Id of the entity.
        version: How often it has been written.
        now: Time of the write in milliseconds.
    """
    head = blake2b(f"{seed}\x00{entity}\x00{version}".encode(), digest_size=4).hexdigest()
    return f'"{head}-0000-0200-0000-{now // 1000 % 2**32:08x}0000"'
