"""The file of the setting `storage`, member by member. It is pydantic, imported when there is one.

JSON is in camelCase, so are the members here.
"""

# ruff: noqa: N815

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from emulator.json_types import Json

FILE_SCHEMES = ("file", "s3", "az", "abfs", "gs", "sftp", "ftp", "http", "https", "memory")
"""What files lie in: fsspec's names. `az` and `abfs` are Azure Blob Storage, also ADLS Gen2."""

DATABASES = (
    *("sqlite", "postgresql", "mysql", "mariadb", "mssql", "oracle"),
    *("snowflake", "bigquery", "redshift", "databricks", "db2", "hana", "hive", "vertica"),
)
"""What tables lie in: SQLAlchemy's names, with the driver behind a plus."""

_HAS_HOST = ("sftp", "ftp", "http", "https")
_SCHEME = re.compile(r"([a-z0-9]+)(\+[a-z0-9_]+)?")

Name = Annotated[str, Field(min_length=1)]


class For(BaseModel):
    """Which connections an endpoint is for: one of the members says it."""

    model_config = ConfigDict(extra="forbid")

    connectionSpec: Name | None = Field(
        default=None, description="name or id of a connection spec, such as amazon-s3"
    )
    connection: Name | None = Field(default=None, description="name or id of a base connection")
    host: Name | None = Field(
        default=None, description="host that the auth params of a connection name, without a port"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("expected one of connectionSpec, connection, host")
        return self

    @property
    def named(self) -> tuple[str, str]:
        """The member that is there, and its value."""
        ((name, value),) = self.model_dump(exclude_unset=True).items()
        return name, value or ""


class EndpointForm(BaseModel):
    """One endpoint: for what, where it is, and what its driver needs beside credentials."""

    model_config = ConfigDict(extra="forbid")

    for_: For = Field(alias="for")
    url: Name = Field(description="where it is: s3://bucket/folder, postgresql+psycopg://host/db")
    options: dict[str, Json] = Field(
        default_factory=dict, description="arguments of the driver, such as endpoint_url"
    )

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        scheme = _SCHEME.fullmatch(url.partition("://")[0])
        is_file = scheme is not None and url.partition("://")[0] in FILE_SCHEMES
        if scheme is None or "://" not in url or not (is_file or scheme[1] in DATABASES):
            known = ", ".join((*FILE_SCHEMES, *DATABASES))
            raise ValueError(f"it is not a URL that begins with one of {known} and ://")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise ValueError(f"it is not a URL: {error}") from error
        if parts.scheme in _HAS_HOST and not host:
            raise ValueError(f"a URL of {parts.scheme} has a host")
        if is_file and (parts.query or parts.fragment):
            raise ValueError("a URL of files has neither query nor fragment; options say the rest")
        return url


class StorageForm(BaseModel):
    """All endpoints; what no entry is for is never connected to."""

    model_config = ConfigDict(extra="forbid")

    endpoints: Annotated[list[EndpointForm], Field(min_length=1)]

    @model_validator(mode="after")
    def _are_reached(self) -> Self:
        seen: set[tuple[str, str]] = set()
        for entry in self.endpoints:
            if entry.for_.named in seen:
                name, value = entry.for_.named
                raise ValueError(f"endpoints: {name} {value!r} has two entries; only one can count")
            seen.add(entry.for_.named)
        return self
