"""Storages and databases beside the emulator's own: which there are, and how they are reached."""

from emulator.storage.endpoints import Endpoint, Endpoints, StorageFileError, read_endpoints

__all__ = ["Endpoint", "Endpoints", "StorageFileError", "read_endpoints"]
