"""The locks of PostgreSQL by which transactions of all processes wait for each other."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa


def lock(connection: sa.Connection, place: str) -> None:
    """Lock something until the transaction ends, among all processes."""
    connection.execute(_LOCK, {"number": _lock_number(place)})


def lock_world(connection: sa.Connection, world: str) -> None:
    """Let nobody lock any place of a world, by `lock_of`, until the transaction ends."""
    lock(connection, f"world {world}")


def lock_of(place: str) -> str:
    """Return what locks a place until the transaction ends, and nobody has its world alone."""
    world = _lock_number(f"world {place.partition(chr(10))[0]}")
    number = _lock_number(place)
    return f"SELECT pg_advisory_xact_lock_shared({world}), pg_advisory_xact_lock({number})"


def _lock_number(place: str) -> int:
    digest = hashlib.blake2b(place.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


_LOCK = sa.text("select pg_advisory_xact_lock(:number)")
